/** Books in memory for tests: the operations as batches run them, without a thread between. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { handClock } from '#base/hand-clock.ts'
import { systemIds } from '#base/id.ts'
import { makeMailbox } from '#base/mailbox.ts'
import { faceOf } from '#store/face.ts'
import { account, begin, grantOf, startMs } from '#store/ledger-sample.ts'
import type { Execute } from '#store/operations/index.ts'
import { makeOperations } from '#store/operations/index.ts'
import { sampleTrail } from '#store/sample-rows.ts'
import { runBatch } from './batch.ts'
import { openDatabase } from './open-database.ts'

const ids = systemIds(systemClock())
export const trail = () => sampleTrail(ids.next('trl'))

/** Books in memory, with the account of the samples. */
export const openBooks = async (context: TestContext, billing: 'prepaid' | 'postpaid' | 'unlimited' = 'prepaid') => {
  const clock = handClock(startMs)
  const opened = await openDatabase({ file: ':memory:', durability: 'process', nowMs: startMs, busyTimeoutMs: 0 })
  const ground = { ...opened, operations: makeOperations() }
  let before: Promise<unknown> = Promise.resolve()
  const mailbox = makeMailbox({
    clock,
    whom: 'The store',
    queueLengthMax: 1_000,
    answerTimeoutMs: 60_000,
    post: (asked) => {
      before = before.then(async () => mailbox.answer((await runBatch(ground, asked)).answers))
    },
  })
  const ask = mailbox.ask as Execute
  const close = async (): Promise<void> => ground.database.close()
  context.after(close)
  const store = { ...faceOf(ask, clock), health: () => ({ ok: true as const }), close }
  await begin(store, billing)
  const give = (lot: string, amount: bigint, changes: object = {}) =>
    ask('grantCredit', { grant: grantOf(lot, amount, changes), trail: trail(), upgrade: null })
  const money = async () => {
    const found = await ask('balance', { account, nowMs: startMs })
    return [found?.balanceNanoUsd, found?.heldNanoUsd]
  }
  /** Looks at all of the books. */
  const sound = async () => assert.deepEqual((await store.verifyBooks(startMs)).problems, [])
  /** What is left of each lot. */
  const lots = async () => {
    const found = await ask('lots', { account, after: null, open: false, limit: 100 })
    return Object.fromEntries(found.map(({ lot, remainingNanoUsd }) => [lot, remainingNanoUsd]))
  }
  return { ask, give, money, sound, lots, database: ground.database }
}

/** A request that the books refuse, with this code and in these words. */
export const assertRefused = (asked: Promise<unknown>, code: string, words: RegExp): Promise<void> =>
  assert.rejects(asked, (fault: { code?: string; message: string }) => {
    assert.equal(fault.code, code)
    assert.match(fault.message, words)
    return true
  })
