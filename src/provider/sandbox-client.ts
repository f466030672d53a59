/** A client of the sandbox, for its tests: bytes in, bytes out. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { UpstreamReply, UpstreamRequest } from '#http/transport.ts'
import { protocols } from '#protocol/index.ts'
import { sandboxTransport } from './sandbox.ts'
import type { CountTokens } from './sandbox-job.ts'

/** A clock that stands still, and whose timers a test fires. */
export const handClock = (): Clock & { readonly waits: number[]; readonly fire: () => void } => {
  const callbacks = new Set<() => void>()
  const waits: number[] = []
  return {
    waits,
    fire: () => {
      for (const callback of callbacks) callback()
      callbacks.clear()
    },
    nowMs: () => 1_795_000_000_000,
    monotonicMs: () => 0,
    after: (delayMs, callback) => {
      waits.push(delayMs)
      callbacks.add(callback)
      return () => callbacks.delete(callback)
    },
  }
}

/** One token for every four characters or part of them: never falls as a text grows. */
export const quarterTokens: CountTokens = (text) => Math.ceil(text.length / 4)

/** Sends one request. */
export type Send = (path: string, body: unknown, rest?: Partial<UpstreamRequest>) => Promise<UpstreamReply>

/** A way to a sandbox of its own. */
export const sandboxClient = (
  clock: Clock = handClock(),
  countTokens: CountTokens = quarterTokens,
  windowTokensOf?: (model: string) => number | null,
): Send => {
  const transport = sandboxTransport({ clock, countTokens, protocols, ...(windowTokensOf && { windowTokensOf }) })
  return (path, body, rest = {}) =>
    transport.send({
      method: 'POST',
      url: `https://sandbox.invalid/v1/${path}`,
      headers: { 'content-type': 'application/json' },
      body: { kind: 'bytes', bytes: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) },
      signal: new AbortController().signal,
      connectTimeoutMs: 1_000,
      headersTimeoutMs: 60_000,
      ...rest,
    })
}

/** The body of a reply, whole. */
export const readWhole = async (reply: UpstreamReply): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of reply.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The body of a reply as JSON. */
export const readJson = async (reply: UpstreamReply): Promise<JsonObject> =>
  JSON.parse((await readWhole(reply)).toString()) as JsonObject

/** The `data:` of every event, in order. */
export const readEvents = async (reply: UpstreamReply): Promise<readonly string[]> =>
  (await readWhole(reply))
    .toString()
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^(event: .*\n)?data: /, ''))
