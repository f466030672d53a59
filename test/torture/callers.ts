/** Those who call a relay: honest ones, impatient ones, and ones who mean no good. None of them minds what becomes of the relay. */

import { Buffer } from 'node:buffer'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { call, openCall } from '../e2e/call.ts'
import { bytesOf } from '../fuzz/http/payload.ts'
import { mutated } from '../fuzz/http/payloads.ts'
import { send } from '../fuzz/http/recorder.ts'
import type { Arrival } from './arrivals.ts'

export type Target = {
  readonly url: string
  readonly port: number
  readonly key: string
  readonly chance: () => number
  /** Of the next call; absent: a word, and at most a hundred tokens in return. */
  readonly size?: Size
}

export type Size = { readonly inputTokens: number; readonly outputTokens: number }

const bytesPerToken = 4
const contentBytesMax = 1024 * 1024

const body = (isStream: boolean, size: Size | undefined) => ({
  model: 'sold',
  max_tokens: Math.max(1, size?.outputTokens ?? 100),
  stream: isStream,
  messages: [
    {
      role: 'user',
      content: 'paid'.padEnd(Math.min((size?.inputTokens ?? 1) * bytesPerToken, contentBytesMax), ' and so on'),
    },
  ],
})

/** A socket that says a little, and is gone after a while. */
const hold = ({ port }: Target, text: string, forMs: number): Promise<number> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('error', () => socket.destroy())
    socket.once('close', () => resolve(0))
    setTimeout(() => socket.destroy(), forMs).unref()
  })

/** Each gives the status that it saw; 0 = none, and none was waited for. */
export const callers: Readonly<Record<string, (target: Target) => Promise<number>>> = {
  whole: async ({ url, key, size }) => (await call(url, { key, body: body(false, size) })).status,
  stream: async ({ url, key, size }) => {
    const open = await openCall(url, { key, body: body(true, size) })
    await open.rest()
    return open.status
  },
  leaver: async ({ url, key, chance, size }) => {
    const open = await openCall(url, { key, body: body(true, size) })
    if (chance() < 0.5) await open.next()
    open.leave()
    return 0
  },
  slowReader: async ({ url, key, chance, size }) => {
    const open = await openCall(url, { key, body: body(true, size) })
    for (let piece = await open.next(); piece !== null; piece = await open.next()) await wait(chance() * 200)
    return open.status
  },
  slowloris: (target) =>
    hold(target, 'POST /v1/chat/completions HTTP/1.1\r\nHost: relay.test\r\nX-Slow: ', 500 + target.chance() * 2000),
  slowBody: (target) =>
    hold(
      target,
      `POST /v1/chat/completions HTTP/1.1\r\nHost: relay.test\r\nAuthorization: Bearer ${target.key}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"mod`,
      500 + target.chance() * 2000,
    ),
  malformed: async ({ port, chance }) => {
    await send({ port, bytes: bytesOf(mutated(chance)), idleMs: 200 })
    return 0
  },
  nonsense: async ({ url, key, chance, size }) => {
    const bytes = Buffer.from(JSON.stringify(body(false, size)))
    bytes.writeUInt8(Math.floor(chance() * 256), Math.floor(chance() * bytes.length))
    return (await call(url, { key, body: bytes })).status
  },
}

/** How many answers there were of each status; `cut`: the connection ended before its answer did. */
export type Tally = Record<string, number>

const names = [
  'whole',
  'whole',
  'stream',
  'stream',
  'leaver',
  'slowReader',
  'slowloris',
  'slowBody',
  'malformed',
  'nonsense',
]

/** One call of a kind that chance picks; gives what it was counted as. */
const one = async (target: Target, tally: Tally): Promise<string> => {
  const name = names[Math.floor(target.chance() * names.length)] ?? 'whole'
  const seen = await callers[name]?.(target).catch(() => null)
  const status = seen === null ? 'cut' : String(seen ?? 0)
  tally[status] = (tally[status] ?? 0) + 1
  return status
}

/** So many callers at once, each after its last call, until told to stop. */
export const load = async (
  target: Target,
  { atOnce, isOver }: { readonly atOnce: number; readonly isOver: () => boolean },
): Promise<Tally> => {
  const tally: Tally = {}
  const caller = async (): Promise<void> => {
    while (!isOver()) {
      const status = await one(target, tally)
      // A relay that is gone refuses at once.
      if (status === 'cut' || status === '0') await wait(20)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
  return tally
}

/**
 * Calls as they come, whatever became of those before, until told to stop; all are over when it resolves. Beyond
 * `atOnceMax` at once one is not made, and counted as `unmade`.
 */
export const arrive = async (
  target: Target,
  {
    arrivals,
    atOnceMax,
    isOver,
  }: { readonly arrivals: Iterable<Arrival>; readonly atOnceMax: number; readonly isOver: () => boolean },
): Promise<Tally> => {
  const tally: Tally = {}
  const under = new Set<Promise<unknown>>()
  let dueMs = performance.now()
  for (const { afterMs, ...size } of arrivals) {
    dueMs += afterMs
    const early = dueMs - performance.now()
    if (early > 0) await wait(early)
    if (isOver()) break
    if (under.size >= atOnceMax) tally['unmade'] = (tally['unmade'] ?? 0) + 1
    else {
      const made: Promise<unknown> = one({ ...target, size }, tally).finally(() => under.delete(made))
      under.add(made)
    }
  }
  await Promise.all(under)
  return tally
}
