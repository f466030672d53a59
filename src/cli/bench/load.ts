/** Calls that are made as fast as answers come, by so many callers at a time, for a while. */

import type { IncomingMessage } from 'node:http'
import { Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { Histogram } from '#base/histogram.ts'
import { addTime } from '#base/histogram.ts'
import { pinnedAgent } from '#cli/ask-server.ts'

/** Of one call, so that a server that hangs does not hang the measurement. */
const callMsMax = 30_000
/** Of an answer no more is read: sandbox answers are short. */
const answerBytesMax = 1_048_576

export type LoadOrder = {
  readonly url: string
  readonly key: string
  readonly model: string
  readonly stream: boolean
  readonly callers: number
  readonly forMs: number
  readonly signal: AbortSignal
  /** SHA-256 of the certificate that the server must show; absent or `null` = what this machine trusts. */
  readonly certificate?: string | null
  /** Milliseconds that only rise. */
  readonly nowMs: () => number
}

type ReadonlyHistogram = ReadonlyMap<number, number>

export type LoadResult = {
  readonly calls: number
  /** By status, or by the code of the fault where no answer came. */
  readonly failures: ReadonlyMap<string, number>
  readonly tookMs: number
  /** Of calls that were answered. */
  readonly roundTrips: ReadonlyHistogram
  /** Drover's own time in them, as it says itself. */
  readonly added: ReadonlyHistogram
  /** Who answered the first call; `null` = it did not say. */
  readonly provider: string | null
}

type Ways = { readonly send: typeof plainRequest; readonly agent: PlainAgent }

const waysTo = (url: URL, { callers, certificate = null, signal }: LoadOrder): Ways => {
  const settings = { keepAlive: true, maxSockets: callers }
  if (url.protocol !== 'https:') return { send: plainRequest, agent: new PlainAgent(settings) }
  const agent = certificate === null ? new SecureAgent(settings) : pinnedAgent({ url, signal, certificate }, settings)
  return { send: secureRequest as typeof plainRequest, agent }
}

const readAll = async (reply: IncomingMessage): Promise<void> => {
  let sizeBytes = 0
  for await (const piece of reply) {
    sizeBytes += (piece as Uint8Array).length
    if (sizeBytes > answerBytesMax) throw new Error('the answer is too long')
  }
}

const textOf = (value: string | readonly string[] | undefined): string | null =>
  value === undefined ? null : typeof value === 'string' ? value : (value[0] ?? null)

/** Runs the load to its end, or until the signal. Never rejects for what the server does. */
export const runLoad = async (order: LoadOrder): Promise<LoadResult> => {
  const { key, model, stream, callers, forMs, signal, nowMs } = order
  const url = new URL(`${order.url.replace(/\/+$/, '')}/v1/chat/completions`)
  const { send, agent } = waysTo(url, order)
  const body = Buffer.from(
    JSON.stringify({
      model,
      stream,
      messages: [{ role: 'user', content: 'The quick brown fox jumps over the lazy dog.' }],
    }),
  )
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': String(body.length),
  }
  const roundTrips: Histogram = new Map()
  const added: Histogram = new Map()
  const failures = new Map<string, number>()
  let calls = 0
  let provider: string | null = null
  const beganMs = nowMs()

  const one = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const asked = send(url, { method: 'POST', headers, agent, timeout: callMsMax }, resolve)
      asked.once('timeout', () => asked.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
      asked.once('error', reject)
      asked.end(body)
    })
  const caller = async (): Promise<void> => {
    while (!signal.aborted && nowMs() - beganMs < forMs) {
      const startMs = nowMs()
      let failure: string | null = null
      try {
        const reply = await one()
        provider ??= textOf(reply.headers['x-drover-provider'])
        const ownMs = Number(textOf(reply.headers['x-drover-overhead-ms']) ?? Number.NaN)
        await readAll(reply)
        if (reply.statusCode !== 200) failure = String(reply.statusCode)
        else {
          addTime(roundTrips, nowMs() - startMs)
          if (!Number.isNaN(ownMs)) addTime(added, ownMs)
        }
      } catch (thrown) {
        failure = (thrown as NodeJS.ErrnoException).code ?? 'failed'
      }
      if (failure === null) calls += 1
      else failures.set(failure, (failures.get(failure) ?? 0) + 1)
    }
  }
  try {
    await Promise.all(Array.from({ length: callers }, caller))
  } finally {
    agent.destroy()
  }
  return { calls, failures, tookMs: nowMs() - beganMs, roundTrips, added, provider }
}
