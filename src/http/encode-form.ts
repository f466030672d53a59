/** A form written again for an upstream: fields may be replaced, file bytes pass through from memory or spool. */

import { Buffer } from 'node:buffer'
import type { Ids } from '#base/id.ts'
import type { Form, FormPart } from './inbound.ts'
import type { UpstreamBody } from './transport.ts'

export type EncodedForm = {
  /** With the boundary. */
  readonly contentType: string
  /** `stream`, of known length; can be opened once per attempt. */
  readonly body: Extract<UpstreamBody, { readonly kind: 'stream' }>
}

/** New values of fields by name: text replaces every field of that name or adds one, `null` removes them. */
export type FieldEdits = Readonly<Record<string, string | null>>

/** As browsers do: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data (read 2026-11-22). */
const escaped = (name: string): string => name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')

const oneLine = (text: string): string => text.replace(/[\r\n]/g, ' ')

type Piece = { readonly head: Buffer; readonly sizeBytes: number; readonly open: () => AsyncIterable<Buffer> }

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

const pieceOf = (part: FormPart, boundary: string): Piece => {
  const filename = part.kind === 'file' && part.filename !== null ? `; filename="${escaped(part.filename)}"` : ''
  const type = part.contentType === null ? '' : `Content-Type: ${oneLine(part.contentType)}\r\n`
  const disposition = `Content-Disposition: form-data; name="${escaped(part.name)}"${filename}\r\n`
  const head = Buffer.from(`--${boundary}\r\n${disposition}${type}\r\n`)
  if (part.kind === 'file') return { head, sizeBytes: part.sizeBytes, open: part.open }
  const value = Buffer.from(part.value)
  return { head, sizeBytes: value.length, open: () => once(value) }
}

const edited = (parts: readonly FormPart[], edits: FieldEdits): readonly FormPart[] => {
  const names = new Set(parts.map(({ name }) => name))
  const kept = parts.flatMap((part): FormPart[] => {
    const value = Object.hasOwn(edits, part.name) ? edits[part.name] : undefined
    if (value === undefined) return [part]
    if (value === null) return []
    return [{ kind: 'field', name: part.name, value, contentType: part.kind === 'field' ? part.contentType : null }]
  })
  const added = Object.entries(edits).flatMap(([name, value]): FormPart[] =>
    value === null || names.has(name) ? [] : [{ kind: 'field', name, value, contentType: null }],
  )
  return [...kept, ...added]
}

async function* reading(pieces: readonly Piece[], tail: Buffer): AsyncGenerator<Buffer> {
  for (const { head, open } of pieces) {
    yield head
    for await (const chunk of open()) if (chunk.length > 0) yield chunk
    yield lineEnd
  }
  yield tail
}

const lineEnd = Buffer.from('\r\n')

/** Encodes a form with a boundary of its own (128 bits of chance, so that no content holds it); order, file names and types stay. */
export const encodeForm = (form: Form, edits: FieldEdits, ids: Pick<Ids, 'bytes'>): EncodedForm => {
  const boundary = `drover-${Buffer.from(ids.bytes(16)).toString('hex')}`
  const pieces = edited(form.parts, edits).map((part) => pieceOf(part, boundary))
  const tail = Buffer.from(`--${boundary}--\r\n`)
  const lengthBytes = pieces.reduce(
    (sum, { head, sizeBytes }) => sum + head.length + sizeBytes + lineEnd.length,
    tail.length,
  )
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: { kind: 'stream', open: () => reading(pieces, tail), lengthBytes },
  }
}
