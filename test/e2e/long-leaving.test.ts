/** Who leaves stops the provider at once, in every protocol in front and behind; but for providers that bill an answer anyway, once it has begun. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { vendorOf } from '#provider/index.ts'
import type { Seen } from '../fake/upstream.ts'
import type { Voice } from '../fake/voice.ts'
import { openaiChatVoice, voices } from '../fake/voice.ts'
import { openCall } from './call.ts'
import type { Caller } from './caller.ts'
import { callersOf } from './caller.ts'
import type { Case, FaultBench } from './fault-bench.ts'
import { startFaultBench } from './fault-bench.ts'
import { eventually, quickest, within } from './harness.ts'

const seed = 20_261_129
const leftWithinMs = 100
const route = 'strategy: fallback, retries: 0'

type Pair = { readonly voice: Voice; readonly caller: Caller }

const pairs: readonly Pair[] = voices.flatMap((voice) => callersOf(voice.protocol).map((caller) => ({ voice, caller })))
const nameOf = (kind: string, { voice, caller }: Pair): string => `${kind}-${voice.protocol}-${caller.protocol}`
const cases: readonly Case[] = pairs.flatMap((pair): readonly Case[] => [
  { name: nameOf('silent', pair), fault: 'silent-before-headers', route, voice: pair.voice },
  { name: nameOf('stall', pair), fault: 'stall', route, voice: pair.voice },
])

/** Milliseconds from leaving until the provider sees it. */
const tookMs = async (leave: () => void, seen: Seen): Promise<number> => {
  const started = performance.now()
  leave()
  await within(seen.left, 5_000, () => 'the provider still works for nobody')
  return performance.now() - started
}

describe('a caller who leaves', () => {
  let bench: FaultBench
  before(async () => {
    bench = await startFaultBench(cases, openaiChatVoice, seed)
  })
  after(() => bench.close())
  const arrived = (model: string, place: number): Promise<Seen> =>
    eventually('the request at the provider', () => bench.seenAt(model, 'faulty')[place])

  for (const pair of pairs) {
    const { voice, caller } = pair
    const title = `${caller.protocol} in front, ${voice.protocol} behind`

    test(`${title}, before the first byte: the provider is stopped within ${leftWithinMs} ms`, async () => {
      const model = nameOf('silent', pair)
      const bestMs = await quickest(async () => {
        const place = bench.seenAt(model, 'faulty').length
        const leaving = new AbortController()
        const asking = { key: bench.key, ...caller.ask(model, false), signal: leaving.signal }
        const pending = openCall(bench.relay.url, asking).catch(() => undefined)
        const seen = await arrived(model, place)
        const ms = await tookMs(() => leaving.abort(), seen)
        await pending
        return ms
      }, leftWithinMs)
      assert.ok(bestMs <= leftWithinMs, `${bestMs} ms`)
      assert.equal(bench.seenAt(model, 'sound').length, 0, 'nobody else is asked')
    })

    test(`${title}, in the middle of a stream`, async () => {
      const model = nameOf('stall', pair)
      const leave = async (): Promise<{ readonly seen: Seen; readonly leave: () => void }> => {
        const place = bench.seenAt(model, 'faulty').length
        const open = await openCall(bench.relay.url, { key: bench.key, ...caller.ask(model, true) })
        await open.until('One ')
        return { seen: await arrived(model, place), leave: open.leave }
      }
      if (vendorOf(voice.vendor)?.leavePolicy === 'drain') {
        const open = await leave()
        const ms = await tookMs(open.leave, open.seen)
        // It stalls: its own deadline of silence ends it, not the caller.
        assert.ok(ms > leftWithinMs, `it bills the answer anyway, and was dropped after ${ms} ms`)
        return
      }
      const bestMs = await quickest(async () => {
        const open = await leave()
        return tookMs(open.leave, open.seen)
      }, leftWithinMs)
      assert.ok(bestMs <= leftWithinMs, `${bestMs} ms`)
    })
  }
})
