import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '#base/log.ts'
import { testClock } from '#http/test-clock.ts'
import type { Part } from '#protocol/part.ts'
import { runningHold } from './running-hold.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A stream whose tokens are words; gives the amounts that were noted. */
const running = () => {
  const clock = testClock()
  const noted: (bigint | null)[] = []
  const hold = runningHold({
    call: 'call_1',
    account: 'acc_1',
    books: {
      extend: async ({ provenNanoUsd }) => {
        noted.push(provenNanoUsd)
        return { ok: true, amountNanoUsd: 1_000_000n, cappedBy: null, roomNanoUsd: 1_000_000n }
      },
    },
    clock,
    log: silentLog,
    countTokens: async (text) => text.split(' ').length - 1,
    costOf: async (tokens) => BigInt(tokens),
    heldNanoUsd: 1_000_000n,
    slices: null,
  })
  const say = (words: number): void => {
    const part: Part = { type: 'text-delta', choice: 0, block: 0, text: 'word '.repeat(words) }
    hold.see(part)
  }
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settle()
  }
  return { hold, noted, say, pass }
}

test('what a stream delivers is noted after two seconds', async () => {
  const { noted, say, pass } = running()
  say(100)
  await pass(1_999)
  assert.deepEqual(noted, [])
  await pass(1)
  assert.deepEqual(noted, [100n])
  await pass(60_000)
  assert.deepEqual(noted, [100n], 'and nothing more where nothing more came')
})

test('a few words wait for more, and for sixteen seconds at most', async () => {
  const { noted, say, pass } = running()
  say(2)
  await pass(14_000)
  assert.deepEqual(noted, [])
  await pass(2_000)
  assert.deepEqual(noted, [2n])
  say(1)
  await pass(4_000)
  say(60)
  await pass(2_000)
  assert.deepEqual(noted, [2n, 63n])
})

test('a stream that has ended notes nothing more', async () => {
  const { hold, noted, say, pass } = running()
  say(2)
  await pass(2_000)
  assert.equal(await hold.stop(), 1_000_000n)
  await pass(60_000)
  assert.deepEqual(noted, [])
})
