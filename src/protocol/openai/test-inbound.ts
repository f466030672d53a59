/** A request as http gives it, for tests of what is read from it. */

import { Buffer } from 'node:buffer'
import type { Form, FormPart, Inbound, InboundBody } from '#http/inbound.ts'

/** A form in memory. */
export const formOf = (parts: readonly FormPart[]): Form => ({ parts, sizeBytes: 0, dispose: async () => undefined })

/** One field of a form. */
export const fieldOf = (name: string, value: string): FormPart => ({ kind: 'field', name, value, contentType: null })

/** One file of a form, read in two pieces. */
export const fileOf = (name: string, text: string, filename: string | null = 'a.wav'): FormPart => {
  const bytes = Buffer.from(text)
  async function* open(): AsyncGenerator<Buffer> {
    yield bytes.subarray(0, 2)
    yield bytes.subarray(2)
  }
  return { kind: 'file', name, filename, contentType: 'audio/wav', sizeBytes: bytes.length, open }
}

/** A request with this body: JSON text, bytes, or a form. */
export const inboundOf = (body: string | Buffer | InboundBody, path = '/v1/chat/completions'): Inbound => ({
  id: 'call_01test',
  origin: '',
  method: 'POST',
  path,
  query: new URLSearchParams(),
  headers: {},
  remoteAddress: '127.0.0.1',
  fromLoopback: true,
  arrivedMs: 0,
  signal: new AbortController().signal,
  body:
    typeof body === 'string' || Buffer.isBuffer(body)
      ? { kind: 'bytes', bytes: Buffer.from(body), contentType: 'application/json' }
      : body,
})
