/** What every backend does for orders of credit. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { nanoOf } from '#base/money.ts'
import type { PaymentRefund } from '#payment/port.ts'
import type { Store } from './face.ts'
import { sampleCrediting, sampleEvent, sampleOrder } from './sample-order.ts'
import { sampleAccount, sampleFirst, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const begin = async (store: Store): Promise<void> => {
  await store.begin(sampleFirst())
  await store.createAccount(sampleAccount('one'), sampleTrail('trl_a'))
  await store.createAccount(sampleAccount('two'), sampleTrail('trl_b'))
}

const sampleRefund = (changes: Partial<PaymentRefund> = {}): PaymentRefund => ({
  id: 'rfd_1',
  order: 'ord_1',
  state: 'pending',
  source: 'operator',
  amountNano: nanoOf('40'),
  creditNanoUsd: 0n,
  bonusNanoUsd: 0n,
  cashNanoUsd: 0n,
  processorId: null,
  reason: 'asked',
  actor: 'local',
  createdMs: 20,
  endedMs: null,
  nextPollMs: 30,
  polls: 0,
  note: null,
  ...changes,
})

const balanceOf = async (store: Store, account: string): Promise<bigint | undefined> =>
  (await store.balance(account, 100))?.balanceNanoUsd

const sound = async (store: Store): Promise<void> => assert.deepEqual((await store.verifyBooks(100)).problems, [])

const open = async (store: Store, id: string, changes: Parameters<typeof sampleOrder>[1] = {}) => {
  const order = sampleOrder(id, changes)
  return store.createOrder(order, sampleEvent(order, 'created'), sampleTrail(`trl_${id}`))
}

/** Registers the tests that every backend passes as keeper of orders. */
export const paymentContract = ({ name, open: openBackend }: OpenBackend): void => {
  test(`${name}: an order is kept as it is, once for a key of its account`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    const first = await open(store, 'ord_1', { idempotencyKey: 'once', action: '{"kind":"none"}', bonusLastsMs: 7 })
    assert.deepEqual(await store.order('ord_1'), first)
    assert.equal((await open(store, 'ord_2', { idempotencyKey: 'once' })).id, 'ord_1')
    assert.equal((await open(store, 'ord_3', { idempotencyKey: 'once', account: 'acc_two' })).id, 'ord_3')
    assert.equal(await store.order('ord_2'), null)
    const page = { limit: 10, after: null, account: 'acc_one', method: null, state: null }
    assert.deepEqual(
      (await store.orders(page)).map(({ id }) => id),
      ['ord_1'],
    )
    const newest = { ...page, limit: 1, account: null, newestFirst: true }
    const idsOf = async (after: string | null) => (await store.orders({ ...newest, after })).map(({ id }) => id)
    assert.deepEqual([await idsOf(null), await idsOf('ord_3'), await idsOf('ord_1')], [['ord_3'], ['ord_1'], []])
  })

  test(`${name}: of 100 moves that were decided on one version exactly one happens, with its credit`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    const order = await open(store, 'ord_1')
    const moves = await Promise.all(Array.from({ length: 100 }, () => store.moveOrder(sampleCrediting(order))))
    assert.equal(moves.filter(({ ok }) => ok).length, 1)
    assert.equal(await balanceOf(store, 'acc_one'), nanoOf('100'))
    assert.equal((await store.order('ord_1'))?.state, 'credited')
    assert.deepEqual(
      (await store.paymentEvents('ord_1')).map(({ kind }) => kind),
      ['created', 'credited'],
    )
    await sound(store)
  })

  test(`${name}: a processor's payment pays one order, and a move that the books refuse leaves nothing behind`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    const [one, two] = [await open(store, 'ord_1'), await open(store, 'ord_2')]
    await store.moveOrder(sampleCrediting(one))
    const stolen = sampleCrediting(two)
    await assert.rejects(store.moveOrder({ ...stolen, facts: { ...stolen.facts, transaction: 'tx of ord_1' } }), {
      code: 'conflict',
    })
    await store.setAccountState('acc_one', 'closed', sampleTrail('trl_c'))
    await assert.rejects(store.moveOrder(stolen), { code: 'conflict' })
    assert.deepEqual([(await store.order('ord_2'))?.state, (await store.order('ord_2'))?.version], ['pending', 0])
    assert.deepEqual(
      (await store.paymentEvents('ord_2')).map(({ kind }) => kind),
      ['created'],
    )
    await sound(store)
  })

  test(`${name}: a refund takes its credit in the move that asks for it, and what is spent cannot go back`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    const order = await open(store, 'ord_1')
    await store.moveOrder(sampleCrediting(order))
    const settle = { account: 'acc_one', key: null, nowMs: 12, priceHash: null, rule: 'test', upstreamCosts: [] }
    await store.settle({ ...settle, call: 'call_1', chargeNanoUsd: nanoOf('70') })
    const withdrawal = {
      id: 'rfd_1',
      account: 'acc_one',
      lot: 'lot_1',
      creditNanoUsd: nanoOf('40'),
      bonusLot: null,
      bonusNanoUsd: 0n,
      bonusTakenNanoUsd: 0n,
      mayOwe: false,
      reason: 'asked',
    }
    const move = { order: 'ord_1', version: 1, state: 'refund_pending', nowMs: 20, facts: {}, events: [] } as const
    await assert.rejects(store.moveOrder({ ...move, refund: sampleRefund(), withdrawal }), { code: 'conflict' })
    assert.deepEqual(await store.refundsOf('ord_1'), [])
    const moved = await store.moveOrder({
      ...move,
      refund: sampleRefund({ amountNano: nanoOf('30') }),
      withdrawal: { ...withdrawal, creditNanoUsd: nanoOf('30') },
    })
    assert.equal(moved.ok && moved.refund?.creditNanoUsd, nanoOf('30'))
    // 30 of 100 dollars that were bought for 14.084507042.
    assert.equal(moved.ok && moved.refund?.cashNanoUsd, nanoOf('4.225352112'))
    assert.equal(await balanceOf(store, 'acc_one'), 0n)
    assert.deepEqual(
      (await store.dueRefunds(30, 10)).map(({ id }) => id),
      ['rfd_1'],
    )
    const refund = await store.refund('rfd_1')
    assert.ok(refund !== null)
    await store.moveOrder({
      ...move,
      version: 2,
      state: 'partially_refunded',
      facts: { refundedNano: nanoOf('30') },
      refund: { ...refund, state: 'done', endedMs: 40, nextPollMs: null },
      payOut: {
        id: 'rfd_1',
        account: 'acc_one',
        method: 'wechat',
        currency: 'CNY',
        amountNano: nanoOf('30'),
        cashNanoUsd: refund.cashNanoUsd,
      },
    })
    assert.deepEqual(await store.dueRefunds(90, 10), [])
    await sound(store)
  })

  test(`${name}: what a processor takes for a dispute and gives back is booked in its own currency`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    await store.moveOrder(sampleCrediting(await open(store, 'ord_1')))
    const fee = { account: 'acc_one', method: 'wechat', currency: 'EUR', reason: 'dispute dp_1' }
    const move = { order: 'ord_1', state: 'disputed', nowMs: 20, facts: {}, events: [] } as const
    await store.moveOrder({
      ...move,
      version: 1,
      disputeFees: [
        { ...fee, id: 'txn_1', amountNano: nanoOf('15') },
        { ...fee, id: 'txn_2', amountNano: 0n },
      ],
    })
    await store.moveOrder({ ...move, version: 2, disputeFees: [{ ...fee, id: 'txn_3', amountNano: -nanoOf('5') }] })
    const page = await store.bookPage({ account: 'acc_one', limit: 2, before: null })
    assert.deepEqual(
      page.map(({ id, entries }) => [id, ...entries.map(({ from, to, amountNano }) => [from, to, amountNano])]),
      [
        ['dispute-fee/txn_3', ['operator:cash:wechat', 'operator:dispute-fees', nanoOf('5')]],
        ['dispute-fee/txn_1', ['operator:dispute-fees', 'operator:cash:wechat', nanoOf('15')]],
      ],
    )
    assert.equal(await balanceOf(store, 'acc_one'), nanoOf('100'))
    await sound(store)
  })

  test(`${name}: what a bank takes back and is spent becomes debt`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    await store.moveOrder(sampleCrediting(await open(store, 'ord_1')))
    const settle = { account: 'acc_one', key: null, nowMs: 12, priceHash: null, rule: 'test', upstreamCosts: [] }
    await store.settle({ ...settle, call: 'call_1', chargeNanoUsd: nanoOf('70') })
    await store.moveOrder({
      order: 'ord_1',
      version: 1,
      state: 'disputed',
      nowMs: 20,
      facts: { disputedNano: nanoOf('100') },
      events: [],
      refund: sampleRefund({ amountNano: nanoOf('100'), state: 'done', source: 'dispute', nextPollMs: null }),
      withdrawal: {
        id: 'rfd_1',
        account: 'acc_one',
        lot: 'lot_1',
        creditNanoUsd: nanoOf('100'),
        bonusLot: null,
        bonusNanoUsd: 0n,
        bonusTakenNanoUsd: 0n,
        mayOwe: true,
        reason: 'dispute',
      },
      payOut: {
        id: 'rfd_1',
        account: 'acc_one',
        method: 'wechat',
        currency: 'CNY',
        amountNano: nanoOf('100'),
        cashNanoUsd: 0n,
      },
    })
    assert.equal(await balanceOf(store, 'acc_one'), -nanoOf('70'))
    await sound(store)
  })

  test(`${name}: in the place of a bonus that is spent bought credit goes back, and not of one that has ended`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    const order = await open(store, 'ord_1')
    const crediting = sampleCrediting(order)
    const bonus = { lot: 'lot_1b', account: 'acc_one', kind: 'promo' as const, amountNanoUsd: nanoOf('10') }
    const given = { ...bonus, priority: 40, expiresMs: 15, nowMs: 10, method: 'bonus', reason: null }
    await store.moveOrder({
      ...crediting,
      deposit: { grants: [...(crediting.deposit?.grants ?? []), given], upgrade: null },
    })
    const settle = { account: 'acc_one', key: null, nowMs: 12, priceHash: null, rule: 'test', upstreamCosts: [] }
    await store.settle({ ...settle, call: 'call_1', chargeNanoUsd: nanoOf('4') })
    const moved = await store.moveOrder({
      order: 'ord_1',
      version: 1,
      state: 'refund_pending',
      nowMs: 20,
      facts: {},
      events: [],
      refund: sampleRefund({ amountNano: nanoOf('50') }),
      withdrawal: {
        id: 'rfd_1',
        account: 'acc_one',
        lot: 'lot_1',
        creditNanoUsd: nanoOf('50'),
        bonusLot: 'lot_1b',
        bonusNanoUsd: nanoOf('5'),
        bonusTakenNanoUsd: 0n,
        mayOwe: false,
        reason: 'asked',
      },
    })
    assert.equal(moved.ok ? moved.refund?.bonusNanoUsd : null, nanoOf('4'))
    assert.equal(await balanceOf(store, 'acc_one'), nanoOf('46'))
    await sound(store)
  })

  test(`${name}: what is due comes in order, and a day has its payments and refunds`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    for (const [id, nextPollMs] of [
      ['ord_1', 50],
      ['ord_2', 20],
      ['ord_3', 80],
      ['ord_4', null],
    ] as const)
      await open(store, id, { nextPollMs })
    assert.deepEqual(
      (await store.dueOrders(60, 10)).map(({ id }) => id),
      ['ord_2', 'ord_1'],
    )
    assert.deepEqual(
      (await store.dueOrders(60, 1)).map(({ id }) => id),
      ['ord_2'],
    )
    await store.moveOrder(sampleCrediting(sampleOrder('ord_1'), 55))
    const day = { method: 'wechat', fromMs: 50, untilMs: 60, limit: 10 }
    assert.deepEqual(
      (await store.ordersOfDay(day)).orders.map(({ id }) => id),
      ['ord_1'],
    )
    assert.deepEqual((await store.ordersOfDay({ ...day, method: 'alipay' })).orders, [])
    assert.equal((await store.orderBy('wechat', 'transaction', 'tx of ord_1'))?.id, 'ord_1')
    await store.keepReconciliation({ method: 'wechat', day: '2026-11-22', madeMs: 1, differences: 2, result: '{}' })
    await store.keepReconciliation({ method: 'wechat', day: '2026-11-22', madeMs: 3, differences: 0, result: '[]' })
    assert.equal((await store.reconciliation('wechat', '2026-11-22'))?.differences, 0)
  })

  test(`${name}: orders whose payer asks for the money back are found until somebody answers`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    for (const [id, kinds] of [
      ['ord_1', ['refund_requested']],
      ['ord_2', []],
      ['ord_3', ['refund_requested', 'refund_refused']],
      ['ord_4', ['refund_requested', 'refund_refused', 'refund_requested', 'notice']],
    ] as const) {
      const order = await open(store, id)
      const events = kinds.map((kind, place) => ({ ...sampleEvent(order, kind), id: `${id}/${place}` }))
      await store.moveOrder({ order: id, version: order.version, state: order.state, nowMs: 20, facts: {}, events })
    }
    const page = { limit: 10, after: null, account: null, method: null, state: null, refundRequested: true }
    const found = await store.orders(page)
    assert.deepEqual(
      found.map(({ id }) => id),
      ['ord_1', 'ord_4'],
    )
    assert.deepEqual(await store.orders({ ...page, account: 'acc_two' }), [])
  })

  test(`${name}: an order leaves its card once, and none in the place of one that was left by a later payment`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    const leave = async (id: string, paidMs: number) => {
      const order = (await store.order(id)) ?? (await open(store, id))
      const card = { customer: `cus of ${id}`, card: 'pm_1', ending: '4242' }
      const event = sampleEvent({ ...order, state: 'credited' }, 'card_kept')
      return store.keepCard({ order: { ...order, paidMs }, card, nowMs: 30, event })
    }
    for (const [id, paidMs] of [
      ['ord_1', 10],
      ['ord_2', 20],
      ['ord_3', 20],
    ] as const)
      await store.moveOrder(sampleCrediting(await open(store, id), paidMs))
    assert.equal(await leave('ord_2', 20), true)
    assert.equal(await leave('ord_1', 10), false, 'it was paid with before')
    assert.equal(await leave('ord_2', 20), false, 'it is kept already')
    const first = (await store.autoTopUp('acc_one')) ?? assert.fail()
    assert.deepEqual([first.customer, first.enabled, first.creditNanoUsd], ['cus of ord_2', false, nanoOf('100')])
    const said = { ...first, enabled: true, failures: 2, nextTryMs: 5 }
    await store.setAutoTopUp({ ...said, belowNanoUsd: 7n }, null)
    assert.equal(await leave('ord_3', 20), true, 'of one instant the later order counts')
    const now = { ...said, belowNanoUsd: 7n, customer: 'cus of ord_3', failures: 0, nextTryMs: 30 }
    assert.deepEqual(await store.autoTopUp('acc_one'), now)
  })

  test(`${name}: cards that are kept are due when the credit is below their threshold and no refusal rests them`, async (context) => {
    const store = await openBackend(context, handClock(0))
    await begin(store)
    const row = {
      account: 'acc_one',
      method: 'stripe',
      customer: 'cus_1',
      card: 'pm_1',
      ending: '4242',
      belowNanoUsd: nanoOf('10'),
      creditNanoUsd: nanoOf('50'),
      monthMaxNanoUsd: nanoOf('200'),
      enabled: true,
      failures: 0,
      nextTryMs: 30,
      note: null,
    }
    await store.setAutoTopUp(row, sampleTrail('trl_t'))
    assert.deepEqual(await store.autoTopUp('acc_one'), row)
    assert.deepEqual(await store.dueTopUps(29, 10), [])
    assert.deepEqual(
      (await store.dueTopUps(30, 10)).map(({ account }) => account),
      ['acc_one'],
    )
    await open(store, 'ord_1', { way: 'auto', createdMs: 40 })
    await open(store, 'ord_2', { way: 'auto', createdMs: 41, state: 'closed' })
    assert.equal(await store.toppedUpSince('acc_one', 40), nanoOf('100'))
    await store.moveOrder(sampleCrediting(sampleOrder('ord_1')))
    assert.deepEqual(await store.dueTopUps(30, 10), [])
    const refused = { enabled: true, failures: 1, nextTryMs: 90, note: 'refused' }
    assert.equal(await store.noteTopUp(row, refused), true)
    assert.deepEqual(await store.autoTopUp('acc_one'), { ...row, ...refused })
    assert.equal(await store.noteTopUp(row, { ...refused, failures: 2 }), false, 'the same try, noted by another')
    await store.setAutoTopUp({ ...row, ...refused, enabled: false }, null)
    assert.equal(await store.noteTopUp({ ...row, ...refused }, refused), false, 'switched off meanwhile')
    assert.equal((await store.autoTopUp('acc_one'))?.enabled, false)
  })
}
