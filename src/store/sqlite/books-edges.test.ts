/** Edges of the books: single nanodollars, what is told twice at once, what is kept of nothing, and the order of what ends. */

import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { amountNanoMax } from '#base/money.ts'
import { leaseOwner } from '#ledger/lease.ts'
import { account, holdOf, settleOf, startMs } from '#store/ledger-sample.ts'
import { assertRefused, openBooks, trail } from './test-books.ts'

const owner = leaseOwner('node_1')
const budget = { name: 'key:key_1', period: 'day' as const, limitNanoUsd: 100n }

/** What the database is told from now on, but for prepared statements. */
const textsOf = (database: DatabaseSync): readonly string[] => {
  const texts: string[] = []
  const exec = database.exec.bind(database)
  database.exec = (text) => {
    texts.push(text)
    exec(text)
  }
  return texts
}

test('holds that nobody ends are swept in the order of their ends, however few at a time', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('late', 1n, { expiresMs: startMs + 60_000 }))
  await ask('hold', holdOf('early', 1n, { expiresMs: startMs + 10_000 }))
  const sweep = () => ask('sweep', { nowMs: startMs + 100_000, owner: null, limit: 1 })
  const states = async () => [(await ask('receipt', 'early'))?.state, (await ask('receipt', 'late'))?.state]
  assert.deepEqual(await sweep(), { settled: 0, voided: 1, lost: 0 })
  assert.deepEqual(await states(), ['voided', 'open'])
  assert.deepEqual(await sweep(), { settled: 0, voided: 1, lost: 0 })
  assert.deepEqual(await sweep(), { settled: 0, voided: 0, lost: 0 })
})

test('a lease returns a part once it keeps nothing more of lots for some models', async (context) => {
  const { ask, give, money, sound } = await openBooks(context)
  await give('kimi', 5n, { kind: 'promo', scope: ['kimi'], priority: 1 })
  await give('any', 50n)
  await ask('hold', holdOf('lease/a', 20n, { owner, key: null, models: [['kimi']] }))
  const part = { lease: 'lease/a', account, nowMs: startMs, amountNanoUsd: 10n }
  assert.equal(await ask('returnPart', part), 0n)
  await ask('draw', { hold: 'lease/a', account, parts: [settleOf('p1', 4n, { model: ['kimi'] })] })
  assert.equal(await ask('returnPart', part), 0n, 'a nanodollar of it is kept still')
  await ask('draw', { hold: 'lease/a', account, parts: [settleOf('p2', 1n, { model: ['kimi'] })] })
  assert.deepEqual(await money(), [50n, 15n])
  assert.equal(await ask('returnPart', part), 10n)
  assert.equal(await ask('returnPart', part), 5n, 'no more than it has')
  assert.deepEqual(await money(), [50n, 0n])
  await sound()
})

test('where more is spent than there was, nothing is there to be held: of credit, and of a budget', async (context) => {
  const { ask, give } = await openBooks(context)
  await ask('settle', settleOf('c1', 5n))
  const owing = await ask('hold', holdOf('c2', 1n))
  assert.ok(!owing.ok && owing.reason === 'credit')
  assert.deepEqual([owing.availableNanoUsd, owing.balanceNanoUsd], [0n, -5n])
  await give('lot_1', 1_000n)
  await ask('hold', holdOf('c3', 100n, { budgets: [budget] }))
  await ask('settle', settleOf('c3', 150n))
  const spent = await ask('hold', holdOf('c4', 1n, { budgets: [budget] }))
  assert.ok(!spent.ok && spent.reason === 'budget')
  assert.equal(spent.availableNanoUsd, 0n)
})

test('of what a hold does not keep nothing is written down, also when it grows and is drawn of', async (context) => {
  const { ask, give, database } = await openBooks(context)
  await give('lot_1', 100n)
  const kept = () => Object.values(database.prepare("select budgets, lots from hold where call = 'c'").get() ?? {})
  await ask('hold', holdOf('c', 10n, { models: [['kimi']] }))
  assert.deepEqual(kept(), [null, null])
  const more = { call: 'c', account, nowMs: startMs, expiresMs: null, begun: true, provenNanoUsd: null }
  await ask('extend', { ...more, addNanoUsd: 5n, addMinNanoUsd: 5n })
  assert.deepEqual(kept(), [null, null])
  await ask('draw', { hold: 'c', account, parts: [settleOf('p1', 3n)] })
  assert.deepEqual(kept(), [null, null])
})

test('a part that is told twice at once is drawn once', async (context) => {
  const { ask, give, money } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('whole', 20n))
  const drawn = await ask('draw', { hold: 'whole', account, parts: [settleOf('p1', 7n), settleOf('p1', 9n)] })
  assert.deepEqual(
    drawn.map(({ chargedNanoUsd, repeated }) => [chargedNanoUsd, repeated]),
    [
      [7n, false],
      [7n, true],
    ],
  )
  assert.deepEqual(await money(), [93n, 13n])
})

test('a lot ends between two parts of one hold where its end is between them', async (context) => {
  const { ask, give, lots, sound } = await openBooks(context)
  await give('short', 10n, { priority: 1, expiresMs: startMs + 1_000 })
  await give('long', 10n, { priority: 2 })
  await ask('hold', holdOf('whole', 4n))
  const at = (call: string, delayMs: number) => settleOf(call, 2n, { nowMs: startMs + delayMs })
  await ask('draw', { hold: 'whole', account, parts: [at('p1', 0), at('p2', 999), at('p3', 1_000)] })
  assert.deepEqual(await lots(), { short: 0n, long: 8n })
  await sound()
})

test('the largest amount can be given, and not a nanodollar more', async (context) => {
  const { give, money } = await openBooks(context)
  await assertRefused(give('l', amountNanoMax + 1n), 'invalid_request_error', /more than can be given at once/)
  await give('l', amountNanoMax)
  assert.deepEqual(await money(), [amountNanoMax, 0n])
})

test('a correction of a single nanodollar is one, either way, and stands in the trail once', async (context) => {
  const { ask, money, lots, database, sound } = await openBooks(context)
  const entries = () => Number(database.prepare('select count(*) as count from trail').get()?.['count'])
  const adjust = async (id: string, amountNanoUsd: bigint) => {
    const adjustment = { id, account, amountNanoUsd, nowMs: startMs, reason: 'by hand' }
    const before = entries()
    await ask('adjustCredit', { adjustment, trail: trail() })
    return entries() - before
  }
  assert.equal(await adjust('up', 1n), 1)
  assert.equal(await adjust('up', 1n), 0)
  assert.deepEqual(await lots(), { up: 1n })
  assert.equal(await adjust('down', -2n), 1)
  assert.equal(await adjust('down', -2n), 0)
  assert.deepEqual(await lots(), { up: 0n })
  assert.deepEqual(await money(), [-1n, 0n])
  await sound()
})

test('a single nanodollar of a lot for some models is spent, ends, and is closed as more of it would be', async (context) => {
  const { ask, give, lots, money, sound } = await openBooks(context)
  await give('spent', 1n, { kind: 'promo', scope: ['kimi'], priority: 1 })
  await ask('settle', settleOf('c1', 1n, { model: ['kimi'] }))
  await sound()
  await give('ended', 1n, { expiresMs: startMs + 1_000 })
  assert.equal(await ask('expireLots', { nowMs: startMs + 999, limit: 10 }), 0)
  assert.equal(await ask('expireLots', { nowMs: startMs + 1_000, limit: 10 }), 1)
  await sound()
  await give('given', 1n, { kind: 'promo' })
  await give('paid', 1n)
  const closed = await ask('closeAccount', { account, nowMs: startMs + 2_000, trail: trail() })
  assert.deepEqual(closed, { refundableNanoUsd: 1n, heldNanoUsd: 0n })
  assert.deepEqual(await lots(), { spent: 0n, ended: 0n, given: 0n, paid: 1n })
  assert.deepEqual(await money(), [1n, 0n])
  await sound()
})

test('a dearer rating that finds no credit for its last nanodollar says so', async (context) => {
  const { ask, give, money, database, sound } = await openBooks(context)
  await give('lot_1', 10n)
  await ask('hold', holdOf('c', 5n))
  await ask('settle', settleOf('c', 5n))
  await ask('rerate', { requests: [{ call: 'c', targetNanoUsd: 11n, nowMs: startMs, reason: 'dearer' }], trail: null })
  assert.deepEqual(await money(), [-1n, 0n])
  assert.equal(database.prepare("select excess_nano_usd as excess from hold where call = 'c'").get()?.['excess'], 1n)
  await sound()
})

test('a hold is stale from a minute past its end on', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 10n)
  await ask('hold', holdOf('c', 1n, { expiresMs: startMs }))
  const stale = async (nowMs: number) => (await ask('auditHolds', { after: 0n, nowMs })).findings.length
  assert.equal(await stale(startMs + 60_000), 0)
  assert.equal(await stale(startMs + 60_001), 1)
})

test('the books are read back from the newest transaction, or from one that is named; behind an unknown one there is none', async (context) => {
  const { ask, give } = await openBooks(context)
  for (const lot of ['a', 'b', 'c']) await give(lot, 1n)
  const ids = async (before: string | null, limit = 10) =>
    (await ask('bookPage', { account, limit, before })).map(({ id }) => id)
  assert.deepEqual(await ids(null, 2), ['grant/c', 'grant/b'])
  assert.deepEqual(await ids('grant/b'), ['grant/a'])
  assert.deepEqual(await ids('grant/none'), [])
})

test('calls of one batch know what those before them took of the credit', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 100n)
  const [, refused, held] = await Promise.all([
    ask('settle', settleOf('c1', 60n)),
    ask('hold', holdOf('c2', 41n)),
    ask('hold', holdOf('c3', 40n)),
  ])
  assert.ok(!refused.ok && refused.reason === 'credit')
  assert.equal(held.ok, true)
})

test('credit pays what is owed first, but for credit for some models', async (context) => {
  const { ask, give, lots, money, sound } = await openBooks(context)
  await ask('settle', settleOf('c', 6n))
  await give('kimi', 5n, { kind: 'promo', scope: ['kimi'] })
  assert.deepEqual(await lots(), { kimi: 5n })
  await give('any', 10n)
  assert.deepEqual(await lots(), { kimi: 5n, any: 4n })
  assert.deepEqual(await money(), [9n, 0n])
  await sound()
})

test('what holds keep of general credit is not taken back, whatever there is for some models', async (context) => {
  const { ask, give, lots, sound } = await openBooks(context)
  await give('kimi', 10n, { kind: 'promo', scope: ['kimi'] })
  await give('any', 10n)
  await ask('hold', holdOf('c', 4n))
  const revocation = { lot: 'any', nowMs: startMs, reason: 'a mistake' }
  const revoked = await ask('revokeLot', { revocation, trail: trail() })
  assert.deepEqual([revoked.revokedNanoUsd, revoked.keptNanoUsd], [6n, 4n])
  assert.deepEqual(await lots(), { kimi: 10n, any: 4n })
  await ask('hold', holdOf('d', 3n, { models: [['kimi']] }))
  const scoped = await ask('revokeLot', { revocation: { ...revocation, lot: 'kimi' }, trail: trail() })
  assert.deepEqual([scoped.revokedNanoUsd, scoped.keptNanoUsd], [7n, 3n])
  await sound()
})

test('what is changed of an account, of its credit and of its lots stands in the trail, where it changed anything', async (context) => {
  const { ask, give, database } = await openBooks(context, 'postpaid')
  const entries = () => Number(database.prepare('select count(*) as count from trail').get()?.['count'])
  const adds = async (act: () => Promise<unknown>): Promise<number> => {
    const before = entries()
    await act()
    return entries() - before
  }
  assert.equal(await adds(() => give('lot_1', 1n)), 1)
  assert.equal(await adds(() => give('lot_1', 1n)), 0)
  const revoke = () =>
    ask('revokeLot', { revocation: { lot: 'lot_1', nowMs: startMs, reason: 'a mistake' }, trail: trail() })
  assert.equal(await adds(revoke), 1, 'a single nanodollar is one')
  assert.equal(await adds(revoke), 0)
  assert.equal(await adds(() => ask('changeAccount', { change: { account, plan: 'pro' }, trail: trail() })), 1)
  assert.equal(await adds(() => ask('setAccountState', { account, state: 'suspended', trail: trail() })), 1)
  assert.equal(await adds(() => ask('abandonNode', { node: 'node_1', nowMs: startMs, trail: trail() })), 1)
  assert.equal(await adds(() => ask('abandonNode', { node: 'node_1', nowMs: startMs, trail: null })), 0)
  assert.equal(await adds(() => ask('closeAccount', { account, nowMs: startMs, trail: trail() })), 1)
})

test('a lease that was abandoned is not given back once more when it is returned', async (context) => {
  const { ask, give, money, sound } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('lease/a', 40n, { owner, key: null }))
  await ask('hold', holdOf('c', 10n))
  await ask('abandonNode', { node: 'node_1', nowMs: startMs, trail: null })
  assert.deepEqual(await money(), [100n, 10n])
  await ask('endLease', { lease: 'lease/a', account, nowMs: startMs })
  assert.deepEqual(await money(), [100n, 10n])
  await sound()
})

test('what calls need of a lease stands as it was told, also when the lease grows without a word of it', async (context) => {
  const { ask, give, money } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('lease/a', 20n, { owner, key: null, underWayNanoUsd: 5n }))
  assert.deepEqual(await money(), [100n, 5n])
  const more = { call: 'lease/a', account, nowMs: startMs, expiresMs: null, begun: true, provenNanoUsd: null }
  await ask('extend', { ...more, addNanoUsd: 10n, addMinNanoUsd: 10n })
  assert.deepEqual(await money(), [100n, 5n])
  await ask('extend', { ...more, addNanoUsd: 0n, addMinNanoUsd: 0n, underWayNanoUsd: 30n })
  assert.deepEqual(await money(), [100n, 30n])
})

test('parts know what those before them left of a single nanodollar for some models', async (context) => {
  const { ask, give, lots, sound } = await openBooks(context)
  await give('kimi', 1n, { kind: 'promo', scope: ['kimi'], priority: 1 })
  await give('any', 30n, { priority: 2 })
  await ask('hold', holdOf('whole', 20n, { models: [['kimi']] }))
  const model = { model: ['kimi'] }
  await ask('draw', { hold: 'whole', account, parts: [settleOf('p1', 2n, model), settleOf('p2', 5n, model)] })
  assert.deepEqual(await lots(), { kimi: 0n, any: 24n })
  await sound()
})

test('calls on lots for some models, and on budgets, are done together with others', async (context) => {
  const { ask, give, lots, database, sound } = await openBooks(context)
  await give('kimi', 10n, { kind: 'promo', scope: ['kimi'], priority: 1 })
  await give('any', 30n, { priority: 2 })
  const models = [['kimi']]
  await ask('hold', holdOf('a', 6n, { models, budgets: [budget] }))
  const texts = textsOf(database)
  await Promise.all([
    ask('settle', settleOf('a', 5n, { model: ['kimi'] })),
    ask('settle', settleOf('b', 7n)),
    ask('hold', holdOf('c', 3n, { models })),
  ])
  assert.deepEqual(texts, ['BEGIN IMMEDIATE', 'COMMIT'])
  assert.deepEqual(await lots(), { kimi: 5n, any: 23n })
  assert.equal((await ask('budgetState', { budget, nowMs: startMs })).spentNanoUsd, 5n)
  await sound()
})

test('of a page of the proof that is not the first, only what is on it is looked at; a settlement that is not as it was charged is told in full', async (context) => {
  const { ask, give, database } = await openBooks(context)
  await give('lot_1', 10n)
  await ask('hold', holdOf('c', 5n, { budgets: [budget] }))
  await ask('settle', settleOf('c', 5n))
  await ask('hold', holdOf('d', 1n, { budgets: [budget] }))
  database.exec("update lot set method = 'code'; update budget_spend set held_nano_usd = 9")
  const { upTo } = await ask('auditEntries', 0n)
  for (const [name, after] of [
    ['auditLots', 'lot_0'],
    ['auditAccounts', 'acc_0'],
  ] as const) {
    assert.equal((await ask(name, { after: null, entriesAfter: upTo })).findings.length, 1, name)
    assert.equal((await ask(name, { after, entriesAfter: upTo })).findings.length, 0, name)
  }
  const told = async () =>
    (await ask('auditEntries', 0n)).findings.map(({ object, message }) => `${object}: ${message}`)
  assert.deepEqual(await told(), [])
  const posts = 'c: transaction settle/c posts 5 nano-USD of revenue, and the call is'
  database.exec("update hold set charged_nano_usd = 4 where call = 'c'")
  assert.deepEqual(await told(), [`${posts} settled with 4`])
  database.exec("delete from hold where call = 'c'")
  assert.deepEqual(await told(), [`${posts} unknown with nothing`])
})

test('what a lease returns of a budget is not spent of it', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('lease/a', 40n, { owner, key: null, budgets: [budget], underWayNanoUsd: 40n }))
  await ask('returnPart', { lease: 'lease/a', account, nowMs: startMs, amountNanoUsd: 10n })
  const { spentNanoUsd, heldNanoUsd } = await ask('budgetState', { budget, nowMs: startMs })
  assert.deepEqual([spentNanoUsd, heldNanoUsd], [0n, 30n])
})

test('a call whose budget has lost its row ends together with others', async (context) => {
  const { ask, give, money, database } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('a', 30n, { budgets: [budget] }))
  database.exec('delete from budget_spend')
  const texts = textsOf(database)
  await Promise.all([ask('settle', settleOf('a', 20n)), ask('settle', settleOf('b', 5n))])
  assert.deepEqual(texts, ['BEGIN IMMEDIATE', 'COMMIT'])
  assert.deepEqual(await money(), [75n, 0n])
})
