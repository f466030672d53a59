/** One request to a processor and its whole answer, bounded in time and size. Nothing of either is logged. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Transport } from '#http/transport.ts'

export type Ask = {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** Absent: 1 MiB; bills are longer. */
  readonly answerBytesMax?: number
}

export type Told = {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
}

export type AskGround = { readonly transport: Transport; readonly clock: Clock }

const connectTimeoutMs = 10_000
const headersTimeoutMs = 20_000
const totalTimeoutMs = 60_000
const answerBytesDefault = 1024 * 1024

const oneText = (value: string | readonly string[]): string => (typeof value === 'string' ? value : value.join(', '))

/** @throws Problem `upstream_error`, `upstream_timeout` where the processor does not answer whole. */
export const ask = async ({ transport, clock }: AskGround, request: Ask): Promise<Told> => {
  const leaving = new AbortController()
  const late = new Problem('upstream_timeout', { ...saying('no_answer_in_time', { host: request.url.host }) })
  const cancel = clock.after(totalTimeoutMs, () => leaving.abort(late))
  const bytesMax = request.answerBytesMax ?? answerBytesDefault
  try {
    const reply = await transport.send({
      method: request.method,
      url: request.url.href,
      headers: request.headers,
      body: request.body === null ? { kind: 'none' } : { kind: 'bytes', bytes: Buffer.from(request.body) },
      signal: leaving.signal,
      connectTimeoutMs,
      headersTimeoutMs,
    })
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for await (const chunk of reply.body) {
      sizeBytes += chunk.length
      if (sizeBytes > bytesMax) {
        reply.abort()
        throw new Problem('upstream_error', { message: `${request.url.host} answered more than ${bytesMax} bytes.` })
      }
      chunks.push(chunk)
    }
    const headers = Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name, oneText(value)]))
    return { status: reply.status, headers, bytes: Buffer.concat(chunks) }
  } finally {
    cancel()
  }
}

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The text itself may hold what must not be told.
    return null
  }
}

/** The object that an answer holds. @throws Problem `upstream_error`. */
export const objectIn = (bytes: Uint8Array, who: string): Readonly<Record<string, unknown>> => {
  const value = parsed(bytes)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new Problem('upstream_error', { message: `${who} sent something that is no JSON object.` })
}

/** Fields of untrusted objects, as text and as objects. */
export const textAt = (value: unknown, name: string): string | null => {
  if (typeof value !== 'object' || value === null) return null
  const found: unknown = (value as Readonly<Record<string, unknown>>)[name]
  return typeof found === 'string' ? found : null
}
export const objectAt = (value: unknown, name: string): Readonly<Record<string, unknown>> | null => {
  if (typeof value !== 'object' || value === null) return null
  const found: unknown = (value as Readonly<Record<string, unknown>>)[name]
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? { ...found } : null
}
/** A whole number; `null` for anything else. */
export const wholeAt = (value: unknown, name: string): number | null => {
  if (typeof value !== 'object' || value === null) return null
  const found: unknown = (value as Readonly<Record<string, unknown>>)[name]
  return typeof found === 'number' && Number.isSafeInteger(found) ? found : null
}
