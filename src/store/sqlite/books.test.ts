/** Corners of the books: what is refused, what is not there, what is asked twice, and pages that go on. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaseOwner } from '#ledger/lease.ts'
import { account, grantOf, holdOf, settleOf, startMs, voidOf } from '#store/ledger-sample.ts'
import { assertRefused, openBooks, trail } from './test-books.ts'

const adjustment = (id: string, amountNanoUsd: bigint, of = account) => ({
  adjustment: { id, account: of, amountNanoUsd, nowMs: startMs, reason: 'by hand' },
  trail: trail(),
})

test('credit of nothing, of the past, for more than it is worth, or for nobody, is refused', async (context) => {
  const { give } = await openBooks(context)
  await assertRefused(give('l', 0n), 'invalid_request_error', /more than nothing/)
  await assertRefused(give('l', 1n, { expiresMs: startMs }), 'invalid_request_error', /lies in the past/)
  await assertRefused(give('l', 1n, { paidNanoUsd: 2n }), 'invalid_request_error', /not more than the credit/)
  await assertRefused(give('l', 1n, { account: 'acc_none' }), 'not_found', /There is no account acc_none/)
})

test('the first end of a lot counts, in whatever order they came', async (context) => {
  const ends = [null, startMs + 5_000, startMs + 1_000]
  for (const order of [ends, ends.toReversed()]) {
    const { ask, give, lots, sound } = await openBooks(context)
    for (const [at, expiresMs] of order.entries()) await give(`lot_${at}`, 10n, { expiresMs })
    const at = (delayMs: number) => ask('settle', settleOf(`c${delayMs}`, 1n, { nowMs: startMs + delayMs }))
    const left = async () => Object.values(await lots()).reduce((sum, amount) => sum + amount, 0n)
    await at(999)
    assert.equal(await left(), 29n)
    await at(1_000)
    assert.equal(await left(), 19n, 'of the first lot 9 have ended')
    await at(4_999)
    await at(5_000)
    assert.equal(await left(), 9n, 'and of the second 8')
    await sound()
  }
})

test('a balance says what of it was given, without what has ended and is not booked yet', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('paid', 100n, { expiresMs: startMs + 1_000 })
  await give('short', 10n, { kind: 'promo', expiresMs: startMs + 1_000 })
  await give('long', 5n, { kind: 'promo' })
  const of = async (nowMs: number) => {
    const found = await ask('balance', { account, nowMs })
    return [found?.balanceNanoUsd, found?.promoNanoUsd]
  }
  assert.deepEqual(await of(startMs + 999), [115n, 15n])
  assert.deepEqual(await of(startMs + 1_000), [5n, 5n])
})

test('a correction is of something, once, and of an account that there is', async (context) => {
  const { ask, give, money } = await openBooks(context)
  await give('lot_1', 100n)
  await assertRefused(ask('adjustCredit', adjustment('a', 0n)), 'invalid_request_error', /not of nothing/)
  await assertRefused(ask('adjustCredit', adjustment('a', -1n, 'acc_none')), 'not_found', /acc_none/)
  await ask('adjustCredit', adjustment('down', -30n))
  await ask('adjustCredit', adjustment('down', -30n))
  await ask('adjustCredit', adjustment('up', 5n))
  await ask('adjustCredit', adjustment('up', 5n))
  assert.deepEqual(await money(), [75n, 0n])
  await ask('adjustCredit', adjustment('debt', -100n))
  assert.deepEqual(await money(), [-25n, 0n])
})

test('holds, extensions and charges that say nonsense are refused, and a call of nobody', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 100n)
  for (const changes of [{ amountMinNanoUsd: 11n }, { amountMinNanoUsd: -1n }])
    await assertRefused(ask('hold', holdOf('c', 10n, changes)), 'invalid_request_error', /least amount/)
  const more = { call: 'c', account, nowMs: startMs, expiresMs: null, begun: true, provenNanoUsd: null }
  await assertRefused(
    ask('extend', { ...more, addNanoUsd: 1n, addMinNanoUsd: 2n }),
    'invalid_request_error',
    /least amount/,
  )
  await assertRefused(ask('settle', settleOf('c', -1n)), 'invalid_request_error', /never negative/)
  const draw = { hold: 'h', account, parts: [settleOf('c', -1n)] }
  await assertRefused(ask('draw', draw), 'invalid_request_error', /never negative/)
  await assertRefused(ask('settle', settleOf('c', 1n, { account: 'acc_none' })), 'not_found', /acc_none/)
})

test('a call that came to nothing is voided or lost, with a hold and without; told again it says the same', async (context) => {
  const { ask, give, money } = await openBooks(context)
  await give('lot_1', 100n)
  await ask('hold', holdOf('held', 10n))
  const lost = await ask('voidHold', { ...voidOf('held'), lost: true })
  assert.deepEqual([lost.state, lost.repeated], ['lost', false])
  const again = await ask('voidHold', voidOf('held'))
  assert.deepEqual([again.state, again.repeated, again.chargedNanoUsd], ['lost', true, 0n])
  const unheld = await ask('voidHold', { ...voidOf('unheld'), lost: true })
  assert.deepEqual([unheld.state, unheld.repeated], ['lost', false])
  const unheldAgain = await ask('voidHold', voidOf('unheld'))
  assert.deepEqual([unheldAgain.state, unheldAgain.repeated], ['lost', true])
  assert.deepEqual(await money(), [100n, 0n])
  assert.equal(await ask('receipt', 'never'), null)
})

test('an account’s limit stays above what it owes; one that is not there has no limit, no state and no end', async (context) => {
  const { ask, give } = await openBooks(context, 'postpaid')
  const change = (changes: object) => ask('changeAccount', { change: { account, ...changes }, trail: trail() })
  await assertRefused(change({ account: 'acc_none', creditLimitNanoUsd: 1n }), 'not_found', /acc_none/)
  await change({ creditLimitNanoUsd: 50n })
  await ask('settle', settleOf('c', 40n))
  await assertRefused(change({ creditLimitNanoUsd: 39n }), 'conflict', /its limit cannot be less than/)
  await change({ creditLimitNanoUsd: 40n, plan: null })
  const end = (of: string) => ask('closeAccount', { account: of, nowMs: startMs, trail: trail() })
  await assertRefused(end('acc_none'), 'not_found', /acc_none/)
  await assertRefused(
    ask('setAccountState', { account: 'acc_none', state: 'suspended', trail: trail() }),
    'not_found',
    /acc_none/,
  )
  await give('lot_1', 100n)
  await ask('hold', holdOf('under way', 10n))
  assert.deepEqual(await end(account), { refundableNanoUsd: 60n, heldNanoUsd: 10n })
  await assertRefused(ask('setAccountState', { account, state: 'open', trail: trail() }), 'conflict', /for good/)
  await assertRefused(give('lot_2', 1n), 'conflict', /is closed/)
})

test('where more is owed than is left, nothing is to be paid back', async (context) => {
  const { ask } = await openBooks(context, 'postpaid')
  await ask('settle', settleOf('c', 40n))
  const closed = await ask('closeAccount', { account, nowMs: startMs, trail: trail() })
  assert.deepEqual(closed, { refundableNanoUsd: 0n, heldNanoUsd: 0n })
})

test('the highest step that was paid for is taken, of an account that still has the plan it began with', async (context) => {
  const { ask } = await openBooks(context)
  await ask('changeAccount', { change: { account, plan: 'free' }, trail: trail() })
  const give = (lot: string, amount: bigint, from: string) => {
    const step = (plan: string, atPaidNanoUsd: bigint) => ({ plan, atPaidNanoUsd, trail: trail() })
    const steps = [step('first', 1n), step('pro', 10n), step('max', 60n), step('top', 1_000n)]
    return ask('grantCredit', { grant: grantOf(lot, amount), trail: trail(), upgrade: { from, steps } })
  }
  assert.equal(await give('lot_1', 60n, 'free'), 'max')
  assert.equal(await give('lot_2', 2_000n, 'free'), null, 'it has another plan by now')
  assert.equal(await give('lot_2', 2_000n, 'free'), null, 'the same lot again')
  const none = { from: 'max', steps: [] }
  assert.equal(await ask('grantCredit', { grant: grantOf('lot_3', 1n), trail: trail(), upgrade: none }), null)
})

test('leases are returned in parts, ended once, and abandoned with what calls of the node held', async (context) => {
  const { ask, give, money } = await openBooks(context)
  await give('lot_1', 1_000n)
  const lease = { lease: 'lease/a', account, nowMs: startMs }
  await ask('endLease', lease)
  assert.equal(await ask('returnPart', { ...lease, amountNanoUsd: 5n }), 0n)
  const owner = leaseOwner('node_1')
  await ask('hold', holdOf('lease/a', 100n, { owner, key: null }))
  assert.equal(await ask('returnPart', { ...lease, amountNanoUsd: 30n }), 30n)
  assert.equal(await ask('returnPart', { ...lease, amountNanoUsd: 500n }), 70n)
  assert.deepEqual(await money(), [1_000n, 0n])
  await ask('endLease', lease)
  await ask('hold', holdOf('lease/b', 100n, { owner, key: null }))
  await ask('hold', holdOf('mine', 10n, { owner: 'node_1.7' }))
  await ask('hold', holdOf('other', 20n, { owner: 'node_2.1' }))
  await ask('abandonNode', { node: 'node_1', nowMs: startMs, trail: null })
  assert.deepEqual(await money(), [1_000n, 20n])
  await ask('abandonNode', { node: 'node_2', nowMs: startMs, trail: trail() })
  assert.deepEqual(await money(), [1_000n, 0n])
  const late = { hold: 'lease/b', account, parts: [settleOf('late', 7n)], lateIsLoss: true }
  const [loss] = await ask('draw', late)
  assert.deepEqual([loss?.state, loss?.chargedNanoUsd], ['lost', 0n])
  assert.deepEqual(await money(), [1_000n, 0n])
  const held = holdOf('lease/c', 100n, { owner, key: null, models: [['kimi']] })
  await give('lot_k', 50n, { kind: 'promo', scope: ['kimi'] })
  await ask('hold', held)
  assert.equal(await ask('returnPart', { lease: 'lease/c', account, nowMs: startMs, amountNanoUsd: 5n }), 0n)
})

test('what is drawn part by part is taken of the lots in their order, each part once', async (context) => {
  const { ask, give, money } = await openBooks(context)
  await give('lot_1', 30n, { priority: 1 })
  await give('lot_2', 100n, { priority: 2, expiresMs: startMs + 1_000 })
  await ask('hold', holdOf('lease/a', 90n, { key: null }))
  const parts = [
    settleOf('p1', 30n),
    settleOf('p2', 20n),
    settleOf('p3', 5n, { nowMs: startMs + 2_000 }),
    settleOf('p1', 30n),
  ]
  const drawn = await ask('draw', { hold: 'lease/a', account, parts, underWayNanoUsd: 1n })
  assert.deepEqual(
    drawn.map(({ chargedNanoUsd, repeated }) => [chargedNanoUsd, repeated]),
    [
      [30n, false],
      [20n, false],
      [5n, false],
      [30n, true],
    ],
  )
  const [, held] = await money()
  assert.equal(held, 1n, 'of what is lent, what calls need of it')
})

test('pages of the books go on where they ended, and there is none of nothing', async (context) => {
  const { ask, give } = await openBooks(context)
  const page = { account, limit: 2, before: null }
  assert.deepEqual(await ask('bookPage', page), [])
  for (const lot of ['lot_1', 'lot_2', 'lot_3']) await give(lot, 10n)
  const newest = await ask('bookPage', page)
  assert.deepEqual(
    newest.map(({ id }) => id),
    ['grant/lot_3', 'grant/lot_2'],
  )
  const rest = await ask('bookPage', { ...page, before: 'grant/lot_2' })
  assert.deepEqual(
    rest.map(({ id }) => id),
    ['grant/lot_1'],
  )
  assert.deepEqual(await ask('bookPage', { ...page, before: 'grant/none' }), [])
  const lots = async (changes: object) =>
    (await ask('lots', { account: null, after: null, open: false, limit: 10, ...changes })).map(({ lot }) => lot)
  assert.deepEqual(await lots({ after: 'lot_1' }), ['lot_2', 'lot_3'])
  assert.deepEqual(await lots({ account: 'acc_none' }), [])
  const facts = await ask('snapshotAccounts', { after: 'acc_default', limit: 10 })
  assert.deepEqual(facts, [{ id: account, billing: 'prepaid', state: 'open', plan: null }])
  assert.equal((await ask('snapshotAccounts', { after: null, limit: 10 })).length, 2)
  assert.deepEqual(await ask('snapshotAccounts', { after: account, limit: 10 }), [])
})

test('a part of a hold leaves what it did not need of each lot that pays for some models, and of those of others nothing', async (context) => {
  const { ask, give, lots, money, sound } = await openBooks(context)
  await give('general', 100n)
  for (const lot of ['first', 'second']) await give(lot, 10n, { kind: 'promo', scope: ['kimi'], priority: 1 })
  const draw = (call: string, amount: bigint) =>
    ask('draw', { hold: 'kept', account, parts: [settleOf(call, amount, { model: ['kimi'] })] })
  await ask('hold', holdOf('kept', 15n, { models: [['kimi']] }))
  await draw('p1', 4n)
  assert.deepEqual(await lots(), { general: 100n, first: 6n, second: 10n })
  await sound()
  await draw('p2', 8n)
  assert.deepEqual(await lots(), { general: 100n, first: 0n, second: 8n })
  assert.deepEqual(await money(), [108n, 3n])
  await sound()
  await ask('hold', holdOf('other', 30n, { models: [['glm']] }))
  const parts = [settleOf('p3', 4n, { model: ['glm'] }), settleOf('p4', 6n, { model: ['kimi'] })]
  await ask('draw', { hold: 'other', account, parts })
  // Of the second lot 3 are kept back for the other hold; the general one pays the last of it.
  assert.deepEqual(await lots(), { general: 95n, first: 0n, second: 3n })
  await sound()
})

test('parts of a hold of who is never refused have no excess', async (context) => {
  const { ask, money, sound } = await openBooks(context, 'unlimited')
  await ask('hold', holdOf('whole', 10n))
  const drawn = await ask('draw', { hold: 'whole', account, parts: [settleOf('p1', 4n), settleOf('p2', 50n)] })
  assert.deepEqual(
    drawn.map(({ chargedNanoUsd, excessNanoUsd }) => [chargedNanoUsd, excessNanoUsd]),
    [
      [4n, 0n],
      [50n, 0n],
    ],
  )
  assert.deepEqual(await money(), [-54n, 0n])
  await sound()
})

test('a call ends also where the row of its budget is gone, and nobody has no balance', async (context) => {
  const { ask, give, money, database } = await openBooks(context)
  await give('lot_1', 100n)
  const budget = { name: 'key:key_1', limitNanoUsd: 50n, period: 'day' } as const
  await ask('hold', holdOf('c', 30n, { budgets: [budget] }))
  assert.equal((await ask('budgetState', { budget, nowMs: startMs })).heldNanoUsd, 30n)
  database.exec('delete from budget_spend')
  await ask('settle', settleOf('c', 20n))
  assert.deepEqual(await money(), [80n, 0n])
  assert.equal((await ask('budgetState', { budget, nowMs: startMs })).spentNanoUsd, 0n)
  assert.equal(await ask('balance', { account: 'acc_none', nowMs: startMs }), null)
})

test('the proof reads on where entries are behind, and tells what payments and codes do not say', async (context) => {
  const { ask, give } = await openBooks(context)
  await give('lot_1', 10n)
  const far = -1_000_000_000n
  const behind = await ask('auditEntries', far)
  assert.ok(behind.behind && behind.upTo < 0n && behind.transactions === 0)
  const holds = await ask('auditHolds', { after: far, nowMs: startMs })
  assert.deepEqual([holds.behind, holds.calls], [true, 0])
  for (const name of ['auditAccounts', 'auditLots'] as const) {
    const waiting = await ask(name, { after: 'x', entriesAfter: far })
    assert.deepEqual([waiting.claims, waiting.findings, waiting.next], [[], [], 'x'])
    const after = await ask(name, { after: 'zzz', entriesAfter: 0n })
    assert.deepEqual([after.claims, after.findings, after.next], [[], [], null])
  }
  await give('lot_code', 10n, { kind: 'promo', method: 'code' })
  const { findings } = await ask('auditLots', { after: null, entriesAfter: 0n })
  assert.deepEqual(
    findings.map(({ kind, object }) => [kind, object]),
    [['code', 'lot_code']],
  )
})

test('the proof reads accounts and lots by pages of a thousand, each once', async (context) => {
  const { ask, database, give } = await openBooks(context)
  await give('lot_0', 1n)
  const numbers = 'with recursive number(n) as (select 1 union all select n + 1 from number where n < 1000)'
  for (const [table, name] of [
    ['account_money', 'account'],
    ['lot', 'id'],
  ] as const) {
    const columns = database
      .prepare(`select name from pragma_table_info('${table}')`)
      .all()
      .map((row) => String(row['name']))
    const others = columns.filter((column) => column !== name && column !== 'sequence').join(', ')
    const named = table === 'lot' ? 'lot_0' : account
    database.exec('pragma foreign_keys = off')
    database.exec(
      `${numbers} insert into ${table} (${name}, ${others}) select '${named}' || printf('%04d', n), ${others} from number, ${table} where ${name} = '${named}'`,
    )
  }
  for (const [page, count] of [
    ['auditAccounts', 1002],
    ['auditLots', 1001],
  ] as const) {
    const first = await ask(page, { after: null, entriesAfter: 0n })
    assert.equal(first.claims.length, 1000)
    assert.ok(first.next !== null)
    const second = await ask(page, { after: first.next, entriesAfter: 0n })
    assert.deepEqual([second.claims.length, second.next], [count - 1000, null])
  }
})
