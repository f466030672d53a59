/** Settled calls rated anew: what comes back, and as what; what is charged besides, and what of it nobody can pay. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { account, holdOf, settleOf, startMs, voidOf } from '#store/ledger-sample.ts'
import type { Execute } from '#store/operations/index.ts'
import { openBooks } from './test-books.ts'

const dayMs = 86_400_000

/** Brings what a call cost in all to an amount. */
const rerateOf =
  (ask: Execute) =>
  async (targetNanoUsd: bigint, call = 'c', nowMs = startMs) => {
    const request = { call, targetNanoUsd, nowMs, reason: 'another price' }
    const [one] = await ask('rerate', { requests: [request], trail: null })
    return one
  }

test('calls rated anew: dearer, cheaper, of what was given and what was paid, and never of a call that was not settled', async (context) => {
  const { ask, give, money } = await openBooks(context)
  await give('gift', 30n, { kind: 'promo', priority: 1 })
  await give('paid', 100n, { priority: 2 })
  await ask('settle', settleOf('c', 50n))
  const rerate = rerateOf(ask)
  assert.deepEqual(await ask('chargedFor', ['c', 'never']), [50n, null])
  assert.deepEqual(await rerate(50n), { kind: 'unchanged', chargedNanoUsd: 50n })
  assert.deepEqual(await rerate(70n), { kind: 'adjusted', differenceNanoUsd: 20n, chargedNanoUsd: 70n })
  assert.deepEqual(await rerate(10n), { kind: 'adjusted', differenceNanoUsd: -60n, chargedNanoUsd: 10n })
  assert.deepEqual(await rerate(20n), { kind: 'adjusted', differenceNanoUsd: 10n, chargedNanoUsd: 20n })
  assert.deepEqual(await rerate(0n), { kind: 'adjusted', differenceNanoUsd: -20n, chargedNanoUsd: 0n })
  assert.deepEqual(await rerate(5n, 'never'), { kind: 'not_settled' })
  await ask('voidHold', voidOf('voided'))
  assert.deepEqual(await rerate(5n, 'voided'), { kind: 'not_settled' })
  assert.deepEqual(await ask('chargedFor', ['c', 'voided']), [0n, null])
  assert.deepEqual(await money(), [130n, 0n])
  assert.deepEqual((await ask('auditAccounts', { after: null, entriesAfter: 0n })).findings, [])
})

test('what a dearer rating finds no credit for is debt, told as excess; what comes back pays the debt first', async (context) => {
  const { ask, give, money, lots, sound } = await openBooks(context)
  const rerate = rerateOf(ask)
  await give('paid', 30n)
  await ask('settle', settleOf('c', 10n))
  await ask('hold', holdOf('under way', 8n))
  // 12 are free, 8 held: of 15 more, 3 are owed.
  await rerate(25n)
  assert.deepEqual(await money(), [5n, 8n])
  assert.deepEqual(await lots(), { paid: 8n })
  await sound()
  const refunds = `rerate-${account}-paid-2026-11-22`
  await rerate(23n)
  assert.deepEqual(await lots(), { paid: 8n, [refunds]: 0n })
  assert.deepEqual(await money(), [7n, 8n])
  await rerate(18n)
  assert.deepEqual(await lots(), { paid: 8n, [refunds]: 4n })
  assert.deepEqual(await money(), [12n, 8n])
  await sound()
  await rerate(17n, 'c', startMs + dayMs)
  assert.equal((await lots())[`rerate-${account}-paid-2026-11-23`], 1n, 'one lot for each day')
  await sound()
})

test('what was given comes back as a gift, after what was paid, and is spent before what is paid back', async (context) => {
  const { ask, give, lots, sound } = await openBooks(context)
  const rerate = rerateOf(ask)
  await give('gift', 30n, { kind: 'promo', priority: 40 })
  await give('bundle', 10n, { kind: 'bundle', priority: 45 })
  await give('paid', 100n)
  await ask('settle', settleOf('c', 60n))
  const [paid, promo] = ['paid', 'promo'].map((kind) => `rerate-${account}-${kind}-2026-11-22`) as [string, string]
  await rerate(45n)
  assert.deepEqual(await lots(), { gift: 0n, bundle: 0n, paid: 80n, [paid]: 15n })
  await rerate(33n)
  assert.deepEqual(await lots(), { gift: 0n, bundle: 0n, paid: 80n, [paid]: 20n, [promo]: 7n })
  await rerate(0n)
  assert.deepEqual(await lots(), { gift: 0n, bundle: 0n, paid: 80n, [paid]: 20n, [promo]: 40n })
  const views = await ask('lots', { account, after: null, open: true, limit: 10 })
  assert.deepEqual(
    views.map(({ lot, kind, priority, paidNanoUsd }) => [lot, kind, priority, paidNanoUsd]),
    [
      ['paid', 'paid', 50, 100n],
      [paid, 'paid', 50, 0n],
      [promo, 'promo', 40, 0n],
    ],
  )
  await sound()
  await ask('settle', settleOf('next', 45n))
  assert.deepEqual(await lots(), { gift: 0n, bundle: 0n, paid: 75n, [paid]: 20n, [promo]: 0n })
})

test('a call that cost nothing may cost something in the end, and of who is never refused nothing is excess', async (context) => {
  const { ask, money, sound } = await openBooks(context, 'unlimited')
  const rerate = rerateOf(ask)
  await ask('settle', settleOf('c', 0n))
  assert.deepEqual(await ask('chargedFor', ['c']), [0n])
  assert.deepEqual(await rerate(7n), { kind: 'adjusted', differenceNanoUsd: 7n, chargedNanoUsd: 7n })
  assert.deepEqual(await money(), [-7n, 0n])
  assert.deepEqual(await ask('auditHolds', { after: 0n, nowMs: startMs }).then(({ findings }) => findings), [])
  await sound()
})

test('each rating anew is a transaction of its own with the reason, and a thousand are enough', async (context) => {
  const { ask, give, money, sound } = await openBooks(context)
  await give('paid', 5_000n)
  await ask('settle', settleOf('c', 1n))
  await ask('settle', settleOf('c0', 1n))
  const requests = Array.from({ length: 1_001 }, (_none, at) => ({
    call: 'c',
    targetNanoUsd: BigInt(at + 2),
    nowMs: startMs,
    reason: `price ${at + 2}`,
  }))
  const rated = await ask('rerate', { requests, trail: null })
  assert.deepEqual(rated.at(999), { kind: 'adjusted', differenceNanoUsd: 1n, chargedNanoUsd: 1_001n })
  assert.deepEqual(rated.at(1_000), { kind: 'unchanged', chargedNanoUsd: 1_001n })
  assert.deepEqual(await money(), [3_998n, 0n])
  const [last] = await ask('bookPage', { account, limit: 1, before: null })
  assert.deepEqual([last?.id, last?.kind, last?.call, last?.reason], ['rerate/c/1000', 'adjust', 'c', 'price 1001'])
  assert.deepEqual(await ask('chargedFor', ['c', 'c0']), [1_001n, 1n])
  await sound()
})
