/** A form written for an upstream: parts in their order, file bytes streamed from memory or spool. */

import { Buffer } from 'node:buffer'
import type { FormPart } from './inbound.ts'
import type { UpstreamBody } from './transport.ts'

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

const lineEnd = Buffer.from('\r\n')

async function* reading(pieces: readonly Piece[], tail: Buffer): AsyncGenerator<Buffer> {
  for (const { head, open } of pieces) {
    yield head
    for await (const chunk of open()) if (chunk.length > 0) yield chunk
    yield lineEnd
  }
  yield tail
}

/**
 * The parts as a body of known length that can be opened once per attempt. `boundary` must be one that the caller who
 * sent the parts could not know.
 */
export const encodeForm = (
  parts: readonly FormPart[],
  boundary: string,
): Extract<UpstreamBody, { readonly kind: 'stream' }> => {
  const pieces = parts.map((part) => pieceOf(part, boundary))
  const tail = Buffer.from(`--${boundary}--\r\n`)
  const lengthBytes = pieces.reduce(
    (sum, { head, sizeBytes }) => sum + head.length + sizeBytes + lineEnd.length,
    tail.length,
  )
  return { kind: 'stream', open: () => reading(pieces, tail), lengthBytes }
}
