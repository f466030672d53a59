/** `fetch` over a transport, for libraries that ask for one: small documents, each read whole, through the egress guard. */

import { Buffer } from 'node:buffer'
import { boundedBytes } from '#base/bounded-bytes.ts'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { Transport } from './transport.ts'

const documentBytesMax = 256 * 1024
const timeoutMs = 10_000

/** What is fetched, in the forms that are taken. */
export type FetchOptions = {
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | Headers | undefined
  readonly body?: unknown
  readonly signal?: AbortSignal | null | undefined
}

const headersOf = (headers: FetchOptions['headers']): Record<string, string> =>
  headers instanceof Headers ? Object.fromEntries(headers) : { ...headers }

const bodyOf = (body: unknown): Uint8Array | null => {
  if (body === undefined || body === null) return null
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.from(String(body))
  if (body instanceof Uint8Array) return body
  throw new Problem('internal_error', { message: 'Only texts and bytes are sent this way.' })
}

/** No redirects; answers up to 256 KiB within 10 s. Rejects with Problem as the transport does. */
export const fetchOver =
  (transport: Transport, clock: Clock) =>
  async (url: string, options: FetchOptions = {}): Promise<Response> => {
    const limit = new AbortController()
    const cancel = clock.after(timeoutMs, () => limit.abort(new Error(`no answer within ${timeoutMs} ms`)))
    const bytes = bodyOf(options.body)
    try {
      const reply = await transport.send({
        method: options.method ?? 'GET',
        url,
        headers: headersOf(options.headers),
        body: bytes === null ? { kind: 'none' } : { kind: 'bytes', bytes },
        signal: limit.signal,
        connectTimeoutMs: timeoutMs,
        headersTimeoutMs: timeoutMs,
      })
      const headers = Object.entries(reply.headers).map(([name, value]): [string, string] => [name, String(value)])
      const body = await boundedBytes(reply.body, documentBytesMax)
      if (body === null)
        throw new Problem('upstream_error', { message: `The answer is longer than ${documentBytesMax} bytes.` })
      const isEmpty = [204, 205, 304].includes(reply.status)
      return new Response(isEmpty ? null : new Uint8Array(body), { status: reply.status, headers })
    } finally {
      cancel()
    }
  }
