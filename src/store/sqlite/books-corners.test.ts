/** Corners of the books that changes of their source went by: last nanodollars, what is asked first, what belongs to somebody else. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaseOwner } from '#ledger/lease.ts'
import { account, holdOf, settleOf, startMs, voidOf } from '#store/ledger-sample.ts'
import { assertRefused, openBooks, trail } from './test-books.ts'

const owner = leaseOwner('node_1')
const limitNanoUsd = 100n
const budgetOf = (name: string, period: 'day' | 'month' = 'day') => ({ name, period, limitNanoUsd })

test('of books without a call the proof has read nothing, so that it begins with the first one', async (context) => {
  const { ask, give } = await openBooks(context)
  const none = await ask('auditHolds', { after: 0n, nowMs: startMs })
  assert.deepEqual([none.calls, none.upTo, none.behind], [0, 0n, false])
  const empty = await ask('auditEntries', 0n)
  assert.deepEqual([empty.transactions, empty.upTo, empty.behind], [0, 0n, false])
  await give('lot_1', 10n)
  await ask('hold', holdOf('first', 1n))
  const one = await ask('auditHolds', { after: none.upTo, nowMs: startMs })
  assert.deepEqual([one.calls, one.openHolds, one.upTo], [1, 1, 1n])
})

test('a single nanodollar that a lot for some models, or a budget, should keep back is missed', async (context) => {
  const { ask, give, database } = await openBooks(context)
  await give('lot_k', 10n, { kind: 'promo', scope: ['kimi'] })
  await ask('hold', holdOf('c', 1n, { models: [['kimi']], budgets: [budgetOf('key:key_1')] }))
  const findings = async () => {
    const { findings: found } = await ask('auditAccounts', { after: null, entriesAfter: 0n })
    return found.map(({ kind, message }) => `${kind}: ${message}`).sort()
  }
  assert.deepEqual(await findings(), [])
  database.exec("update lot set reserved_nano_usd = 0 where id = 'lot_k'; update budget_spend set held_nano_usd = 0")
  const all = await findings()
  assert.ok(all.includes('scope: keeps back 0, the open holds say 1 nano-USD'), all.join('\n'))
  assert.ok(all.includes('budget: holds 0, its open holds say 1 nano-USD'), all.join('\n'))
  database.exec("delete from hold where call = 'c'")
  database.exec("update lot set reserved_nano_usd = 1 where id = 'lot_k'; update budget_spend set held_nano_usd = 1")
  const other = await findings()
  assert.ok(other.includes('scope: keeps back 1, the open holds say 0 nano-USD'), other.join('\n'))
  assert.ok(other.includes('budget: holds 1, its open holds say 0 nano-USD'), other.join('\n'))
})

test('open lots are those with anything left', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('spent', 5n, { priority: 1 })
  await give('left', 5n, { priority: 2 })
  await ask('settle', settleOf('c', 9n))
  const open = await ask('lots', { account, after: null, open: true, limit: 10 })
  assert.deepEqual(
    open.map(({ lot, remainingNanoUsd }) => [lot, remainingNanoUsd]),
    [['left', 1n]],
  )
})

test('calls of one batch spend the last nanodollar of a lot, and ask of a budget that nobody has used', async (context) => {
  const { ask, give, lots, money, sound } = await openBooks(context)
  await give('first', 5n, { priority: 1 })
  await give('second', 5n, { priority: 2 })
  const budget = budgetOf('key:key_1')
  const [, , state] = await Promise.all([
    ask('settle', settleOf('c1', 4n)),
    ask('settle', settleOf('c2', 2n)),
    ask('budgetState', { budget, nowMs: startMs }),
    ask('hold', holdOf('c3', 1n, { budgets: [budget] })),
  ])
  assert.deepEqual([state.spentNanoUsd, state.heldNanoUsd], [0n, 0n])
  assert.deepEqual(await lots(), { first: 0n, second: 4n })
  assert.deepEqual(await money(), [4n, 1n])
  await sound()
})

test('calls of one batch know what those before them came to owe', async (context) => {
  const { ask, money, sound } = await openBooks(context, 'postpaid')
  await ask('changeAccount', { change: { account, creditLimitNanoUsd: 50n }, trail: trail() })
  const [, , refused, held] = await Promise.all([
    ask('settle', settleOf('c1', 10n)),
    ask('settle', settleOf('c2', 30n)),
    ask('hold', holdOf('c3', 11n)),
    ask('hold', holdOf('c4', 10n)),
  ])
  assert.ok(
    !refused.ok && refused.reason === 'credit',
    JSON.stringify(refused, (_name, value) => String(value)),
  )
  assert.equal(held.ok, true)
  assert.deepEqual(await money(), [-40n, 10n])
  await sound()
})

test('parts that are drawn at once know what those before them left: of the credit, and of each lot', async (context) => {
  const { ask, give, lots, money, sound } = await openBooks(context)
  await give('first', 10n, { priority: 1 })
  await give('second', 10n, { priority: 2 })
  await ask('hold', holdOf('whole', 20n))
  const parts = [settleOf('p1', 9n), settleOf('p2', 1n), settleOf('p3', 10n), settleOf('p4', 3n), settleOf('p5', 2n)]
  const drawn = await ask('draw', { hold: 'whole', account, parts })
  assert.deepEqual(
    drawn.map(({ chargedNanoUsd, excessNanoUsd }) => [chargedNanoUsd, excessNanoUsd]),
    [
      [9n, 0n],
      [1n, 0n],
      [10n, 0n],
      [3n, 3n],
      [2n, 2n],
    ],
  )
  assert.deepEqual(await lots(), { first: 0n, second: 0n })
  assert.deepEqual(await money(), [-5n, 0n])
  await sound()
})

test('what is lent of one budget is not taken from what is held of another, nor of another period', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 1_000n)
  const [lent, other, later] = [budgetOf('key:key_1'), budgetOf('key:key_2'), budgetOf('key:key_1', 'month')]
  await ask('hold', holdOf('lease/a', 50n, { owner, key: null, budgets: [lent], underWayNanoUsd: 20n }))
  await ask('hold', holdOf('c1', 30n, { budgets: [other] }))
  await ask('hold', holdOf('c2', 7n, { budgets: [later] }))
  const held = async (budget: typeof lent) => (await ask('budgetState', { budget, nowMs: startMs })).heldNanoUsd
  assert.deepEqual(await Promise.all([lent, other, later].map(held)), [20n, 30n, 7n])
})

test('a lease that was returned is forgotten: its row is gone, and another may have its name', async (context) => {
  const { ask, give, money } = await openBooks(context)
  await give('lot_1', 100n)
  const lease = { lease: 'lease/a', account, nowMs: startMs }
  await ask('hold', holdOf('lease/a', 40n, { owner, key: null }))
  await ask('endLease', lease)
  assert.equal(await ask('receipt', 'lease/a'), null)
  const again = await ask('hold', holdOf('lease/a', 30n, { owner, key: null }))
  assert.equal(again.ok, true)
  assert.deepEqual(await money(), [100n, 30n])
})

test('a loss is of an account that there is, costs it nothing, and says so again', async (context) => {
  const { ask, give, money, sound } = await openBooks(context)
  await give('lot_1', 100n)
  const lost = (call: string, of = account) => ({
    hold: 'lease/gone',
    account: of,
    parts: [settleOf(call, 7n, { account: of })],
    lateIsLoss: true,
  })
  await assertRefused(ask('draw', lost('nobody', 'acc_none')), 'not_found', /There is no account acc_none/)
  const nothing = { state: 'lost', chargedNanoUsd: 0n, excessNanoUsd: 0n }
  assert.deepEqual(await ask('draw', lost('late')), [{ ...nothing, repeated: false }])
  assert.deepEqual(await ask('draw', lost('late')), [{ ...nothing, repeated: true }])
  const [posted] = await ask('bookPage', { account, limit: 1, before: null })
  assert.deepEqual([posted?.id, posted?.kind, posted?.call], ['loss/late', 'adjust', 'late'])
  const receipt = await ask('receipt', 'late')
  assert.deepEqual([receipt?.heldNanoUsd, receipt?.chargedNanoUsd], [0n, 0n])
  assert.deepEqual(await money(), [100n, 0n])
  await sound()
})

test('more of a hold than nothing begins no call; one that has begun is not begun anew', async (context) => {
  const { ask, give, money, database } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('c', 10n))
  const more = { call: 'c', account, nowMs: startMs, expiresMs: null, provenNanoUsd: null, addMinNanoUsd: 0n }
  const begun = () => database.prepare("select begun from hold where call = 'c'").get()?.['begun']
  await ask('extend', { ...more, addNanoUsd: 5n, begun: false })
  assert.equal(begun(), 0n)
  await ask('extend', { ...more, addNanoUsd: 0n, begun: true })
  assert.deepEqual(await money(), [100n, 15n])
  await ask('extend', { ...more, addNanoUsd: 1n, begun: false })
  assert.deepEqual(await money(), [100n, 16n], 'a single nanodollar more is held as well')
  await ask('extend', { ...more, addNanoUsd: 5n, begun: false })
  assert.equal(begun(), 1n)
})

test('nothing more of a hold is capped by nothing, also where the account owes', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 10n)
  await ask('hold', holdOf('c', 10n))
  await ask('settle', settleOf('other', 5n))
  const more = { call: 'c', account, nowMs: startMs, expiresMs: null, begun: true, provenNanoUsd: null }
  const held = await ask('extend', { ...more, addNanoUsd: 0n, addMinNanoUsd: 0n })
  assert.deepEqual(held, { ok: true, amountNanoUsd: 10n, cappedBy: null, roomNanoUsd: 10n })
})

test('a rating anew that somebody asked for stands in the trail, one by itself does not', async (context) => {
  const { ask, give, database } = await openBooks(context)
  const entries = () => database.prepare('select count(*) as count from trail').get()?.['count'] as bigint
  await give('lot_1', 100n)
  await ask('settle', settleOf('c', 10n))
  const before = entries()
  const request = (targetNanoUsd: bigint) => ({ call: 'c', targetNanoUsd, nowMs: startMs, reason: 'another price' })
  await ask('rerate', { requests: [request(8n)], trail: null })
  assert.equal(entries(), before)
  await ask('rerate', { requests: [request(6n)], trail: trail() })
  assert.equal(entries(), before + 1n)
})

test('what is proven of a call never falls, whoever tells of it late', async (context) => {
  const { ask, give, money, database } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('c', 50n))
  const more = { call: 'c', account, nowMs: startMs, expiresMs: null, begun: true, addNanoUsd: 0n, addMinNanoUsd: 0n }
  const proven = () => database.prepare("select proven_nano_usd as proven from hold where call = 'c'").get()?.['proven']
  for (const [provenNanoUsd, stands] of [
    [null, null],
    [20n, 20n],
    [30n, 30n],
    [10n, 30n],
    [null, 30n],
  ] as const) {
    await ask('extend', { ...more, provenNanoUsd })
    assert.equal(proven(), stands)
  }
  await ask('sweep', { nowMs: startMs + 3_600_000, owner: null, limit: 10 })
  assert.deepEqual(await money(), [70n, 0n])
})

test('a hold of all that there is is capped by nothing', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 100n)
  const held = await ask('hold', holdOf('c', 100n))
  assert.deepEqual(held, { ok: true, amountNanoUsd: 100n, cappedBy: null, roomNanoUsd: 100n })
})

test('a single nanodollar that was lent and is not used is not held of its budget', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 100n)
  const budget = budgetOf('key:key_1')
  await ask('hold', holdOf('lease/a', 1n, { owner, key: null, budgets: [budget], underWayNanoUsd: 0n }))
  assert.equal((await ask('budgetState', { budget, nowMs: startMs })).heldNanoUsd, 0n)
})

test('parts that are drawn of a hold on a lot for some models know what those before them left of that lot', async (context) => {
  const { ask, give, lots, money, sound } = await openBooks(context)
  await give('kimi', 10n, { kind: 'promo', scope: ['kimi'], priority: 1 })
  await give('any', 30n, { priority: 2 })
  const models = [['kimi']]
  await ask('hold', holdOf('whole', 25n, { models }))
  const parts = [settleOf('p1', 7n), settleOf('p2', 7n), settleOf('p3', 7n)]
  await ask('draw', { hold: 'whole', account, parts })
  assert.deepEqual(await lots(), { kimi: 0n, any: 19n })
  assert.deepEqual(await money(), [19n, 4n])
  await sound()
})

test('what is asked at once is done together; each by itself, and once more, only where one fails', async (context) => {
  const { ask, give, database } = await openBooks(context)
  await give('first', 5n, { priority: 1 })
  await give('second', 50n, { priority: 2 })
  const texts: string[] = []
  const exec = database.exec.bind(database)
  database.exec = (text) => {
    texts.push(text)
    exec(text)
  }
  await Promise.all([
    ask('hold', holdOf('a', 10n, { budgets: [budgetOf('key:key_1')] })),
    ask('hold', holdOf('c', 1n, { budgets: [budgetOf('key:key_1')] })),
    ask('settle', settleOf('b', 7n)),
    ask('settle', settleOf('a', 9n)),
    ask('hold', holdOf('lease/a', 20n, { owner, key: null })),
  ])
  assert.deepEqual(texts, ['BEGIN IMMEDIATE', 'COMMIT'])
  const nobody = { account: 'acc_none' }
  const failing = ask('draw', { ...nobody, hold: 'lease/gone', parts: [settleOf('d', 1n, nobody)], lateIsLoss: true })
  await Promise.all([assertRefused(failing, 'not_found', /acc_none/), ask('settle', settleOf('c', 1n))])
  assert.ok(texts.includes('SAVEPOINT operation'), texts.join('\n'))
})

test('of an account that holds more than it has, nothing of a lot is free to be taken back', async (context) => {
  const { ask, give, lots, money, sound } = await openBooks(context, 'unlimited')
  await give('lot_1', 10n)
  await ask('hold', holdOf('c', 40n))
  const revocation = { lot: 'lot_1', nowMs: startMs, reason: 'a mistake' }
  const revoked = await ask('revokeLot', { revocation, trail: trail() })
  assert.deepEqual([revoked.revokedNanoUsd, revoked.keptNanoUsd], [0n, 10n])
  assert.deepEqual(await lots(), { lot_1: 10n })
  assert.deepEqual(await money(), [10n, 40n])
  await sound()
})

test('a single nanodollar that was paid for is no longer paid for when its lot is taken back', async (context) => {
  const { ask, give, sound } = await openBooks(context)
  await give('lot_1', 10n, { paidNanoUsd: 1n })
  const revocation = { lot: 'lot_1', nowMs: startMs, reason: 'a mistake' }
  assert.equal((await ask('revokeLot', { revocation, trail: trail() })).revokedNanoUsd, 10n)
  await sound()
})

test('calls of one batch have all of a budget that nobody has used, and not a nanodollar more', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 1_000n)
  const budgets = [budgetOf('key:key_1')]
  const held = await Promise.all([
    ask('hold', holdOf('a', 60n, { budgets })),
    ask('hold', holdOf('b', 40n, { budgets })),
    ask('hold', holdOf('c', 1n, { budgets })),
  ])
  assert.deepEqual(
    held.map((one) => (one.ok ? [one.amountNanoUsd, one.cappedBy] : one.reason)),
    [[60n, null], [40n, null], 'budget'],
  )
})

test('a hold gets the least that it asks for where that is all there is', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 50n)
  const held = await ask('hold', holdOf('c', 100n, { amountMinNanoUsd: 50n }))
  assert.deepEqual(held, { ok: true, amountNanoUsd: 50n, cappedBy: 'credit', roomNanoUsd: 50n })
  const none = await ask('hold', holdOf('d', 100n, { amountMinNanoUsd: 1n }))
  assert.equal(none.ok, false)
})

test('a hold that is voided gives back all that it kept, of lots for some models and of budgets, and says so once', async (context) => {
  const { ask, give, money, sound } = await openBooks(context)
  await give('kimi', 10n, { kind: 'promo', scope: ['kimi'], priority: 1 })
  const budget = budgetOf('key:key_1')
  const models = [['kimi']]
  await ask('hold', holdOf('c', 7n, { models, budgets: [budget] }))
  const nothing = { state: 'voided', chargedNanoUsd: 0n, excessNanoUsd: 0n }
  assert.deepEqual(await ask('voidHold', voidOf('c')), { ...nothing, repeated: false })
  assert.deepEqual(await ask('voidHold', voidOf('c')), { ...nothing, repeated: true })
  const { spentNanoUsd, heldNanoUsd } = await ask('budgetState', { budget, nowMs: startMs })
  assert.deepEqual([spentNanoUsd, heldNanoUsd], [0n, 0n])
  assert.deepEqual((await ask('auditAccounts', { after: null, entriesAfter: 0n })).findings, [])
  const again = await ask('hold', holdOf('d', 10n, { models, budgets: [budget] }))
  assert.deepEqual(again, { ok: true, amountNanoUsd: 10n, cappedBy: null, roomNanoUsd: 10n })
  assert.deepEqual(await money(), [10n, 10n])
  await sound()
})

test('a call that was settled without a hold is told as new, and as a repetition when it is told again', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 10n)
  const settled = { state: 'settled', chargedNanoUsd: 3n, excessNanoUsd: 3n }
  assert.deepEqual(await ask('settle', settleOf('c', 3n)), { ...settled, repeated: false })
  assert.deepEqual(await ask('settle', settleOf('c', 3n)), { ...settled, repeated: true })
})

test('a credit limit need not cover what credit covers, nor what a lot for some models keeps back', async (context) => {
  const { ask, give } = await openBooks(context, 'postpaid')
  const limit = (creditLimitNanoUsd: bigint) =>
    ask('changeAccount', { change: { account, creditLimitNanoUsd }, trail: trail() })
  await limit(100n)
  await give('any', 5n)
  await give('kimi', 10n, { kind: 'promo', scope: ['kimi'] })
  await ask('hold', holdOf('c', 40n, { models: [['kimi']] }))
  // 40 held: 10 by the lot, 5 by credit, 25 by the limit.
  await assertRefused(limit(24n), 'conflict', /its limit cannot be less than 0\.000000025 USD/)
  await limit(25n)
})
