/** What a stream delivers faster than its text is counted: so much waits, and the rest is estimated. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import type { Frame } from '#protocol/protocol.ts'
import { runningHold } from './running-hold.ts'

const delta = (text: string) => ({ type: 'text-delta', choice: 0, block: 0, text }) as const
const piece = 'word '.repeat(2_000)

/** A stream whose text is counted only when `count` is opened, five characters a token; a token costs one nanodollar. */
const open = (heldNanoUsd: bigint, wholeNanoUsd: bigint) => {
  const clock = handClock(0)
  const gate = Promise.withResolvers<void>()
  const asked: number[] = []
  const proven: (bigint | null)[] = []
  const hold = runningHold({
    call: 'call_1',
    account: 'acc_1',
    books: {
      extend: async ({ provenNanoUsd }) => {
        proven.push(provenNanoUsd)
        return { ok: false, reason: 'ended' }
      },
    },
    clock,
    log: silentLog,
    countTokens: async (text) => {
      asked.push(text.length)
      await gate.promise
      return text.length / 5
    },
    costOf: async (tokens) => BigInt(Math.round(tokens)),
    heldNanoUsd,
    slices: { outputTokensFor: Number, sliceNanoUsd: 1n, sliceTokens: 1, wholeNanoUsd },
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { clock, gate, asked, proven, hold, settle }
}

test('text that comes faster than it is counted waits up to a bound; a crash charges what was counted of it, and no more', async () => {
  const { clock, gate, asked, proven, hold, settle } = open(10_000_000n, 10_000_000n)
  for (let round = 0; round < 20; round += 1) {
    for (let part = 0; part < 10; part += 1) hold.see(delta(piece))
    clock.advance(2_000)
    await settle()
  }
  gate.resolve()
  await settle()
  await hold.stop()
  const counted = asked.reduce((sum, length) => sum + length, 0)
  // Of two million characters.
  assert.ok(counted > 0 && counted <= 65_536, `${counted} characters waited`)
  assert.deepEqual([...new Set(proven)], [BigInt(counted / 5)])
})

test('what was passed over counts against the money that is held, so that none of it is given away', async () => {
  const { clock, gate, hold, settle } = open(200_000n, 400_000n)
  const frames = [{ parts: [delta(piece)], raw: Buffer.alloc(0), role: 'content' }] as unknown as readonly Frame[]
  let covered = 0
  gate.resolve()
  for (let part = 0; part < 1_000; part += 1) {
    const fits = (await hold.ration?.(frames)) ?? 0
    if (fits === 0) break
    covered += 1
    hold.see(delta(piece))
  }
  clock.advance(2_000)
  await settle()
  await hold.stop()
  // 2,000 tokens each, of which 200,000 are held; estimated they are 3,334.
  assert.ok(covered >= 59 && covered <= 100, `${covered} pieces were covered`)
})
