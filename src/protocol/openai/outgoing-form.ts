/** A multipart form written again for an upstream: same parts in the same order, files streamed from where they lie. */

import { Buffer } from 'node:buffer'
import type { Form, FormPart } from '#http/inbound.ts'
import type { UpstreamBody } from '#http/transport.ts'
import type { Edits } from '#protocol/call.ts'

/** No file can hold this line: the caller does not know the call's id before its body is sent. */
export const boundaryOf = (callId: string): string => `drover-${callId}`

/** Names in a header: quotes and line ends are percent-coded, as browsers do (https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data, read 2026-11-22). */
const escaped = (name: string): string => name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const oneLine = (value: string): string => value.replace(/[\r\n]+/g, ' ')

const headOf = (part: FormPart, name: string, boundary: string): string => {
  const lines = [`--${boundary}`]
  if (part.kind === 'field') {
    lines.push(`content-disposition: form-data; name="${escaped(name)}"`)
    if (part.contentType !== null) lines.push(`content-type: ${oneLine(part.contentType)}`)
  } else {
    const filename = part.filename === null ? '' : `; filename="${escaped(part.filename)}"`
    lines.push(`content-disposition: form-data; name="${escaped(name)}"${filename}`)
    lines.push(`content-type: ${oneLine(part.contentType)}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

const fieldPart = (name: string, value: string): FormPart => ({ kind: 'field', name, value, contentType: null })

/** JSON text as a form says it: a string without quotes, all else as it is. */
const fieldText = (json: string): string => {
  const value: unknown = JSON.parse(json)
  return typeof value === 'string' ? value : json
}

/** The parts after the edits: fields are set in place, at their first occurrence, or added before the first file. */
const edited = (form: Form, edits: Edits): readonly FormPart[] => {
  const set = new Map(Object.entries(edits.set).map(([name, json]) => [name, fieldText(json)]))
  const cut = new Set(edits.cut)
  const written = new Set<string>()
  const parts: FormPart[] = []
  for (const part of form.parts) {
    if (cut.has(part.name)) continue
    const name = edits.rename[part.name] ?? part.name
    const value = set.get(name)
    if (value === undefined) parts.push({ ...part, name })
    else if (!written.has(name)) parts.push(fieldPart(name, value))
    written.add(name)
  }
  const added = [...set].filter(([name]) => !written.has(name)).map(([name, value]) => fieldPart(name, value))
  return [...added, ...parts]
}

type Piece = { readonly head: Buffer; readonly part: FormPart }

const lineEnd = Buffer.from('\r\n')

async function* stream(pieces: readonly Piece[], tail: Buffer): AsyncGenerator<Buffer> {
  for (const { head, part } of pieces) {
    yield head
    if (part.kind === 'field') yield Buffer.from(part.value)
    else yield* part.open()
    yield lineEnd
  }
  yield tail
}

const sizeOf = (part: FormPart): number => (part.kind === 'field' ? Buffer.byteLength(part.value) : part.sizeBytes)

/** The form as a body of known length that can be read once per attempt. */
export const writeForm = (form: Form, options: { readonly edits: Edits; readonly boundary: string }): UpstreamBody => {
  const { edits, boundary } = options
  const pieces = edited(form, edits).map((part) => ({ head: Buffer.from(headOf(part, part.name, boundary)), part }))
  const tail = Buffer.from(`--${boundary}--\r\n`)
  const lengthBytes = pieces.reduce(
    (sum, { head, part }) => sum + head.length + sizeOf(part) + lineEnd.length,
    tail.length,
  )
  return { kind: 'stream', open: () => stream(pieces, tail), lengthBytes }
}
