import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import type { Problem } from '#base/problem.ts'
import { manualMethod } from '#payment/manual/method.ts'
import { pollPayments } from '#payment/poll.ts'
import { testCashier } from '#payment/test-cashier.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

type View = Readonly<Record<string, unknown>>

const opened = async (context: TestContext) => {
  const desk = await openDesk(context)
  const order = (usd: string, more: object = {}): Promise<View> =>
    desk.run('payments create', { account: 'acme', usd, method: 'manual', currency: 'CNY', ...more })
  const balance = async (): Promise<unknown> => (await desk.run('credits balance', { account: 'acme' }))['balance_usd']
  const sound = async (): Promise<void> => assert.equal((await desk.run('ledger verify'))['ok'], true)
  return { desk, order, balance, sound }
}

const confirmed = (desk: Desk, order: View, more: object = {}): Promise<View> =>
  desk.run('payments confirm', {
    order: order['id'],
    amount: order['pay'],
    currency: 'CNY',
    reference: 'bank-1',
    ...more,
  })

test('a bank transfer: the price is said before, the credit comes once, the books hold yuan as yuan', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const quote = await desk.run('payments quote', { usd: '100', method: 'manual', currency: 'CNY' })
  assert.deepEqual([quote['pay'], quote['currency'], quote['per_usd']], ['100.00', 'CNY', '1.00'])
  const made = await order('100')
  assert.equal(made['state'], 'pending')
  assert.match(JSON.stringify(made['action']), /Bank of Test, 123/)
  assert.equal((await confirmed(desk, made))['state'], 'credited')
  await assert.rejects(confirmed(desk, made), { code: 'conflict' })
  assert.equal(await balance(), '100.00')
  const [lot] = (await desk.run('credits list', { account: 'acme' }))['data'] as View[]
  assert.equal(lot?.['paid_nano_usd'], '14084507042')
  const shown = await desk.run('payments show', { order: made['id'] })
  assert.deepEqual(
    (shown['events'] as View[]).map((event) => event['kind']),
    ['created', 'begun', 'confirmed', 'paid', 'credited'],
  )
  await sound()
})

test('above the limit another person must agree, and the same one cannot', async (context) => {
  const { desk, order, balance } = await opened(context)
  const made = await order('1000.01')
  assert.equal((await confirmed(desk, made))['state'], 'pending')
  assert.equal(await balance(), '0.00')
  await assert.rejects(confirmed(desk, made), { code: 'conflict' })
  await assert.rejects(desk.run('payments approve', { order: made['id'] }), { code: 'permission_denied' })
  const rejected = await desk.as('key:key_2', 'payments approve', { order: made['id'], reject: true })
  assert.equal(rejected['confirmed_by'], null)
  assert.equal((await confirmed(desk, made, { reference: 'bank-2' }))['confirmed_by'], 'local')
  assert.equal((await desk.as('key:key_2', 'payments approve', { order: made['id'] }))['state'], 'credited')
  assert.equal(await balance(), '1000.01')
  await assert.rejects(desk.as('key:key_2', 'payments approve', { order: made['id'] }), { code: 'conflict' })
  const trail = (await desk.run('trail list', { limit: 100 }))['data'] as View[]
  const rows = trail.filter((row) => String(row['operation']).startsWith('payments.'))
  assert.deepEqual(
    rows.map((row) => [row['operation'], row['actor']]),
    [
      ['payments.create', 'local'],
      ['payments.confirm', 'local'],
      ['payments.approve', 'key:key_2'],
      ['payments.confirm', 'local'],
      ['payments.approve', 'key:key_2'],
    ],
  )
})

test('a transfer pays one order, and another amount or currency is credited only when a person says so', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const [one, two] = [await order('10'), await order('20')]
  await confirmed(desk, one, { reference: 'same' })
  await assert.rejects(confirmed(desk, two, { reference: 'same' }), { code: 'conflict' })
  assert.equal((await confirmed(desk, two, { amount: '19.99', reference: 'less' }))['state'], 'mismatch')
  assert.equal(await balance(), '10.00')
  assert.equal((await desk.run('payments resolve', { order: two['id'], reason: 'a bank fee' }))['usd'], '19.99')
  assert.equal(await balance(), '29.99')
  const three = await order('30')
  assert.equal((await confirmed(desk, three, { currency: 'USD', reference: 'dollars' }))['state'], 'mismatch')
  await assert.rejects(desk.run('payments resolve', { order: three['id'], reason: 'x' }), { code: 'conflict' })
  const refund = await desk.run('payments refund', { order: three['id'], reason: 'another currency' })
  assert.deepEqual([refund['amount'], refund['usd'], refund['state']], ['30.00', '0.00', 'sent'])
  assert.equal((await desk.run('payments refund-done', { refund: refund['id'], reference: 'out-1' }))['state'], 'done')
  assert.equal((await desk.run('payments show', { order: three['id'] }))['state'], 'refunded')
  assert.equal(await balance(), '29.99')
  await sound()
})

test('refunds go back in the currency and at the rate of the order, never more than is unspent, and a failed one comes back', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const made = await order('100')
  await confirmed(desk, made)
  const id = made['id']
  const settle = { key: null, nowMs: desk.clock.nowMs(), priceHash: null, rule: 'test', upstreamCosts: [] }
  const account = String(made['account'])
  await desk.store.settle({ ...settle, call: 'call_1', account, chargeNanoUsd: nanoOf('30') })
  await assert.rejects(desk.run('payments refund', { order: id, reason: 'all' }), /only 70\.00 USD/)
  const first = await desk.run('payments refund', { order: id, amount: '50', reason: 'half' })
  assert.deepEqual([first['usd'], first['state'], await balance()], ['50.00', 'sent', '20.00'])
  await desk.run('payments refund-done', { refund: first['id'], failed: 'the account is gone' })
  assert.equal(await balance(), '70.00')
  assert.equal((await desk.run('payments show', { order: id }))['state'], 'credited')
  await sound()
  const second = await desk.run('payments refund', { order: id, amount: '20', reason: 'less' })
  await desk.run('payments refund-done', { refund: second['id'] })
  const shown = await desk.run('payments show', { order: id })
  assert.deepEqual([shown['state'], shown['refunded'], await balance()], ['partially_refunded', '20.00', '50.00'])
  await assert.rejects(desk.run('credits revoke', { lot: `lot_${String(id).slice(4)}`, reason: 'x' }), {
    code: 'conflict',
  })
  await sound()
})

test('the same key gives the same order, and refuses another', async (context) => {
  const { order } = await opened(context)
  const key = { idempotency_key: 'top-up-2026-11' }
  assert.equal((await order('10', key))['id'], (await order('10', key))['id'])
  await assert.rejects(order('11', key), { code: 'idempotency_key_reused' })
})

test('the same key gives the same refund, whatever became of it, and refuses another', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const made = await order('100')
  await confirmed(desk, made)
  const asked = { order: made['id'], amount: '40', reason: 'not needed', idempotency_key: 'refund-2026-0001' }
  const both = await Promise.all([desk.run('payments refund', asked), desk.run('payments refund', asked)])
  assert.equal(both[0]['id'], both[1]['id'])
  assert.equal(await balance(), '60.00')
  await desk.run('payments refund-done', { refund: both[0]['id'] })
  const again = await desk.run('payments refund', { ...asked, amount: undefined })
  assert.deepEqual([again['id'], again['state'], await balance()], [both[0]['id'], 'done', '60.00'])
  for (const change of [{ amount: '41' }, { reason: 'another' }])
    await assert.rejects(desk.run('payments refund', { ...asked, ...change }), { code: 'idempotency_key_reused' })
  const other = await desk.run('payments refund', { ...asked, idempotency_key: 'refund-2026-0002' })
  assert.deepEqual([other['id'] === again['id'], await balance()], [false, '20.00'])
  await sound()
})

test('a part that is asked for again without a key is taken for a repeat, until somebody says that it is another one', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const made = await order('100')
  await confirmed(desk, made)
  const asked = { order: made['id'], amount: '30', reason: 'not needed' }
  const refund = (changes: object = {}) => desk.run('payments refund', { ...asked, ...changes })
  const both = await Promise.allSettled([refund(), refund()])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal(await balance(), '70.00')
  await assert.rejects(refund(), {
    code: 'conflict',
    message: /Refund rfd_\w+ of order .* is of 30\.00 CNY .* is sent/,
  })
  const [first] = (await desk.run('payments show', { order: made['id'] }))['refunds'] as { id: string }[]
  await desk.run('payments refund-done', { refund: first?.id, failed: 'the account is gone' })
  await refund()
  assert.equal(await balance(), '70.00', 'what came back is no part that has gone')
  await refund({ idempotency_key: 'another-part' })
  await refund({ reason: 'and this neither' })
  assert.equal(await balance(), '10.00')
  await sound()
})

test('what a failed refund gave back can go back again, all of it', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const made = await order('100')
  await confirmed(desk, made)
  for (const why of ['the account is gone', 'and this one too']) {
    const all = await desk.run('payments refund', { order: made['id'], reason: 'not needed' })
    assert.equal(await balance(), '0.00')
    await desk.run('payments refund-done', { refund: all['id'], failed: why })
    assert.equal(await balance(), '100.00')
  }
  const part = await desk.run('payments refund', { order: made['id'], amount: '60', reason: 'not needed' })
  await desk.run('payments refund-done', { refund: part['id'] })
  const rest = await desk.run('payments refund', { order: made['id'], reason: 'not needed' })
  await desk.run('payments refund-done', { refund: rest['id'] })
  assert.equal((await desk.run('payments show', { order: made['id'] }))['state'], 'refunded')
  assert.equal(await balance(), '0.00')
  await sound()
})

test('a closed account gets back what a failed refund had given it', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const made = await order('100')
  await confirmed(desk, made)
  const part = await desk.run('payments refund', { order: made['id'], amount: '40', reason: 'not needed' })
  await desk.run('payments refund-done', { refund: part['id'], failed: 'the account is gone' })
  await desk.run('accounts close', { account: 'acme' })
  const back = await desk.run('payments refund-unspent', { account: 'acme' })
  assert.deepEqual(
    (back['data'] as View[]).map((refund) => [refund['order'], refund['amount']]),
    [[made['id'], '100.00']],
  )
  assert.equal(await balance(), '0.00')
  await sound()
})

test('an order that nobody pays ends at its time; money that comes later is credited, or goes back where the shop says so', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const made = await order('10')
  const methods = [manualMethod({ instructions: 'x', currencies: ['CNY'] })]
  const { cashier } = testCashier({ store: desk.store, clock: desk.clock, methods })
  desk.clock.advance(31 * 60_000)
  await pollPayments(cashier)
  assert.equal((await desk.run('payments show', { order: made['id'] }))['state'], 'expired_unpaid')
  assert.equal((await confirmed(desk, made))['state'], 'credited')
  assert.equal(await balance(), '10.00')
  await sound()
})

test('an account that is closed keeps its money where a person sees it', async (context) => {
  const { desk, order } = await opened(context)
  const made = await order('10')
  await desk.run('accounts close', { account: 'acme' })
  const paid = await confirmed(desk, made)
  assert.deepEqual([paid['state'], paid['credited_at']], ['paid', null])
  assert.match(String(paid['note']), /is closed/)
  const refund = await desk.run('payments refund', { order: made['id'], reason: 'closed' })
  await desk.run('payments refund-done', { refund: refund['id'] })
  assert.equal((await desk.run('payments show', { order: made['id'] }))['state'], 'refunded')
})

test('what is out of bounds or not on is refused by name', async (context) => {
  const { desk, order } = await opened(context)
  await assert.rejects(order('0.50'), /from 1\.00 to 10000\.00/)
  await assert.rejects(order('10001'), { code: 'invalid_request_error' })
  await assert.rejects(order('10', { method: 'stripe' }), /not on/)
  const made = await order('10')
  await assert.rejects(confirmed(desk, made, { amount: '1000000000.00' }), { code: 'invalid_request_error' })
  const key = { account: 'acme', name: 'k', budget: '1000000000', budget_period: 'day' }
  await assert.rejects(desk.run('keys create', key), /at most 9 digits before/)
  await assert.rejects(order('10', { way: 'cash' }), { code: 'invalid_request_error' })
  assert.equal((await desk.run('payments check', { method: 'manual' }))['ok'], true)
  await assert.rejects(desk.run('payments show', { order: 'ord_none' }), { code: 'not_found' })
})

test('what a closed account has bought and not spent goes back, order by order', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const one = await order('10')
  // Of the same millisecond, either could come first.
  desk.clock.advance(1)
  const two = await order('20')
  await confirmed(desk, one, { reference: 'r1' })
  desk.clock.advance(1)
  await confirmed(desk, two, { reference: 'r2' })
  await desk.run('credits grant', { account: 'acme', usd: '5.00', kind: 'promo' })
  const settle = { key: null, nowMs: desk.clock.nowMs(), priceHash: null, rule: 'test', upstreamCosts: [] }
  await desk.store.settle({
    ...settle,
    call: 'call_1',
    account: String(one['account']),
    chargeNanoUsd: nanoOf('12.345'),
  })
  await desk.run('accounts close', { account: 'acme' })
  const back = await desk.run('payments refund-unspent', { account: 'acme' })
  assert.deepEqual(
    (back['data'] as View[]).map((refund) => [refund['order'], refund['amount'], refund['usd']]),
    [
      [one['id'], '2.65', '2.65'],
      [two['id'], '20.00', '20.00'],
    ],
  )
  assert.equal(await balance(), '0.005')
  assert.deepEqual((await desk.run('payments refund-unspent', { account: 'acme' }))['data'], [])
  await sound()
})

test('where there are terms of sale, nothing is ordered before those in force are accepted; who did is known', async (context) => {
  const { desk, order } = await opened(context)
  const { cashier } = desk.ports.payments
  let version = '2026-11'
  const shop = cashier.shop()
  Object.assign(cashier, { shop: () => ({ ...shop, terms: { version, url: 'https://relay.example/terms' } }) })
  await assert.rejects(order('10'), (thrown: Problem) => {
    assert.deepEqual([thrown.code, thrown.detail.facts?.['terms_version']], ['conflict', version])
    return true
  })
  await assert.rejects(order('10', { accept_terms: '2025-01' }), /not '2025-01'/)
  await order('10', { accept_terms: version })
  await order('11')
  const shown = await desk.run('payments terms', { account: 'acme' })
  assert.deepEqual([shown['version'], shown['accepted'], shown['accepted_by']], [version, true, 'local'])
  version = '2026-12'
  assert.equal((await desk.run('payments terms', { account: 'acme' }))['accepted'], false)
  await assert.rejects(order('12'), { code: 'conflict' })
  await desk.as('key:key_x', 'payments accept-terms', { account: 'acme', version })
  await order('12')
  const trail = (await desk.store.trail({ limit: 1000, after: null })).filter(
    ({ operation }) => operation === 'payments.accept-terms',
  )
  assert.deepEqual(
    trail.map(({ actor, after }) => [actor, after]),
    [
      ['local', '{"version":"2026-11"}'],
      ['key:key_x', '{"version":"2026-12"}'],
    ],
  )
})

test('a payer asks for money back: it waits for a person, who refuses or refunds; nothing moves before', async (context) => {
  const { desk, order, balance, sound } = await opened(context)
  const made = await order('100')
  const ask = (reason = 'bought twice') => desk.run('payments request-refund', { order: made['id'], reason })
  const waiting = async (): Promise<unknown[]> =>
    ((await desk.run('payments list', { refund_requested: true }))['data'] as View[]).map(({ id }) => id)
  const asked = async () => (await desk.run('payments show', { order: made['id'] }))['refund_request'] as View | null
  await assert.rejects(ask(), { code: 'conflict' }, 'nothing was paid yet')
  await confirmed(desk, made)
  await assert.rejects(desk.run('payments refuse-refund', { order: made['id'], reason: 'no' }), { code: 'conflict' })
  assert.deepEqual(await waiting(), [])
  await ask()
  assert.equal((await asked())?.['reason'], 'bought twice')
  assert.deepEqual([await waiting(), await balance()], [[made['id']], '100.00'])
  await assert.rejects(ask(), /asked for already/)
  await desk.run('payments refuse-refund', { order: made['id'], reason: 'it is in use' })
  assert.deepEqual([await waiting(), await asked()], [[], null])
  await ask('it is not')
  await desk.run('payments refund', { order: made['id'], amount: '40', reason: 'agreed' })
  assert.deepEqual([await waiting(), await asked(), await balance()], [[], null, '60.00'])
  const shown = await desk.run('payments show', { order: made['id'] })
  assert.deepEqual((shown['events'] as View[]).map(({ kind }) => kind).slice(5, 9), [
    'refund_requested',
    'refund_refused',
    'refund_requested',
    'refund_asked',
  ])
  assert.equal(shown['account_name'], 'acme')
  await sound()
})

test('a closed account orders nothing and gets no key, and says so in the list; what was paid is not closed any more', async (context) => {
  const { desk, order } = await opened(context)
  const [first, second] = [await order('10'), await order('20')]
  await confirmed(desk, first)
  await assert.rejects(desk.run('payments close', { order: first['id'] }), {
    code: 'conflict',
    message: /is credited: it was paid/,
  })
  const closed = async () => (await desk.run('payments close', { order: second['id'] }))['state']
  assert.deepEqual([await closed(), await closed()], ['closed', 'closed'])
  const state = async () =>
    ((await desk.run('accounts list'))['data'] as View[]).find(({ name }) => name === 'acme')?.['state']
  assert.equal(await state(), 'open')
  await desk.run('accounts suspend', { account: 'acme' })
  assert.equal(await state(), 'suspended')
  await desk.run('accounts close', { account: 'acme' })
  assert.equal(await state(), 'closed')
  await assert.rejects(order('10'), { code: 'conflict', message: /is closed: it takes no credit/ })
  await assert.rejects(desk.run('keys create', { account: 'acme', name: 'late' }), {
    code: 'conflict',
    message: /is closed, for good/,
  })
})
