import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nanoOf } from '#base/money.ts'
import type { Seen } from './order-machine.ts'
import { creditFor, stateAfterRefund, stepOf } from './order-machine.ts'
import type { OrderState } from './port.ts'
import { orderStates } from './port.ts'
import { minorOf, settlementAt, termsOf } from './price.ts'

const order = (state: OrderState, transaction: string | null = null) => ({
  state,
  transaction,
  currency: 'CNY',
  payNano: nanoOf('100'),
  expiresMs: 1000,
})
const paid = (changes: Partial<Extract<Seen, { kind: 'paid' }>> = {}): Seen => ({
  kind: 'paid',
  transaction: 'tx',
  amountNano: nanoOf('100'),
  currency: 'CNY',
  paidMs: 5,
  fault: null,
  ...changes,
})
const kindAt = (state: OrderState, seen: Seen, transaction: string | null = null): string =>
  stepOf(order(state, transaction), seen, { late: 'credit', nowMs: 10 }).kind

test('only money that is just what was asked is credited, and only where none was', () => {
  assert.equal(kindAt('created', paid()), 'credit')
  assert.equal(kindAt('pending', paid()), 'credit')
  for (const wrong of [{ amountNano: nanoOf('100.01') }, { amountNano: 1n }, { currency: 'USD' }, { fault: 'app' }])
    assert.equal(kindAt('pending', paid(wrong)), 'mismatch', JSON.stringify(Object.keys(wrong)))
  for (const state of orderStates.filter(
    (one) => !['created', 'pending', 'closed', 'expired_unpaid', 'paid', 'paid_late'].includes(one),
  ))
    assert.equal(kindAt(state, paid(), 'tx'), 'none', state)
})

test('money that comes late is credited or goes back, as the shop has it', () => {
  for (const state of ['closed', 'expired_unpaid'] as const) {
    assert.deepEqual(stepOf(order(state), paid(), { late: 'credit', nowMs: 10 }), { kind: 'credit', late: true })
    assert.deepEqual(stepOf(order(state), paid(), { late: 'refund', nowMs: 10 }), { kind: 'refund_late' })
    assert.equal(kindAt(state, paid({ amountNano: 1n })), 'mismatch')
  }
})

test('an account that could not take credit is tried again with the same payment only', () => {
  assert.equal(kindAt('paid', paid(), 'tx'), 'credit')
  assert.equal(kindAt('paid_late', paid(), 'tx'), 'credit')
  assert.equal(kindAt('paid', paid(), 'other'), 'second_payment')
})

test('a second payment of one order is never credited by itself', () => {
  for (const state of orderStates.filter((one) => !['created', 'pending', 'closed', 'expired_unpaid'].includes(one)))
    assert.equal(kindAt(state, paid({ transaction: 'second' }), 'first'), 'second_payment', state)
})

test('an order that cannot be paid any more has ended: expired where its time was over, closed before', () => {
  const ended = (nowMs: number) => stepOf(order('pending'), { kind: 'closed' }, { late: 'credit', nowMs })
  assert.deepEqual(ended(999), { kind: 'end', state: 'closed' })
  assert.deepEqual(ended(1000), { kind: 'end', state: 'expired_unpaid' })
  assert.equal(kindAt('credited', { kind: 'closed' }), 'none')
  assert.equal(kindAt('pending', { kind: 'unpaid' }), 'none')
})

test('whatever is seen in whatever order, an order is credited at most once', () => {
  const seen = fc.constantFrom<Seen>(
    { kind: 'unpaid' },
    { kind: 'closed' },
    paid(),
    paid({ transaction: 'other' }),
    paid({ amountNano: 1n }),
  )
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 12 }), (stream) => {
      let [state, transaction, credits]: [OrderState, string | null, number] = ['pending', null, 0]
      for (const one of stream) {
        const step = stepOf(order(state, transaction), one, { late: 'credit', nowMs: 10 })
        if (step.kind === 'credit') credits += 1
        if (step.kind === 'credit') state = 'credited'
        if (step.kind === 'mismatch') state = 'mismatch'
        if (step.kind === 'end') state = step.state
        if ((step.kind === 'credit' || step.kind === 'mismatch') && one.kind === 'paid') transaction = one.transaction
      }
      assert.ok(credits <= 1)
    }),
  )
})

test('after refunds an order says whether part of it or all has gone', () => {
  const at = (refunded: string, pending: string, state: OrderState = 'refund_pending') =>
    stateAfterRefund(
      { payNano: nanoOf('102'), feeNano: nanoOf('2'), paidNano: nanoOf('102'), creditedMs: 1, disputedNano: 0n, state },
      { refundedNano: nanoOf(refunded), pendingNano: nanoOf(pending) },
    )
  assert.equal(at('0', '0'), 'credited')
  assert.equal(at('50', '0'), 'partially_refunded')
  assert.equal(at('50', '1'), 'refund_pending')
  assert.equal(at('100', '0'), 'refunded')
  assert.equal(at('50', '0', 'disputed'), 'disputed')
})

test('parts of an order that go back never take less credit than their share, and together at most a nano each too much', () => {
  const amount = fc.bigInt({ min: 1n, max: 100_000n })
  fc.assert(
    fc.property(
      fc.array(amount, { minLength: 1, maxLength: 6 }),
      fc.bigInt({ min: 1n, max: 10n ** 15n }),
      (parts, wholeNanoUsd) => {
        const priceNano = parts.reduce((sum, one) => sum + one, 0n)
        const taken = parts.map((amountNano) =>
          creditFor({ payNano: priceNano, feeNano: 0n }, { wholeNanoUsd, amountNano }),
        )
        const sum = taken.reduce((total, one) => total + one, 0n)
        assert.ok(sum >= wholeNanoUsd && sum <= wholeNanoUsd + BigInt(parts.length))
      },
    ),
  )
})

const fx = [{ currency: 'CNY', perUsdNano: nanoOf('7.10'), fromMs: 0, source: 't', read: '2026-11-22' }]
const question = {
  creditNanoUsd: nanoOf('100'),
  currency: 'CNY',
  fee: { basisPoints: 0n, fixedNano: 0n },
  bonuses: [],
  settlement: [
    { currency: 'CNY', rateNano: nanoOf('1'), fromMs: 0 },
    { currency: 'CNY', rateNano: nanoOf('0.99'), fromMs: 500 },
  ],
  fxRates: fx,
  nowMs: 10,
}

test('yuan are sold at the settlement rate of the day, and valued at the market', () => {
  const terms = termsOf(question)
  assert.deepEqual([terms.payNano, terms.payNanoUsd], [nanoOf('100'), nanoOf('14.084507042')])
  assert.equal(termsOf({ ...question, nowMs: 500 }).payNano, nanoOf('99'))
  assert.throws(() => termsOf({ ...question, fxRates: [] }), { code: 'conflict' })
  assert.throws(() => termsOf({ ...question, settlement: [] }), { code: 'conflict' })
  const dear = [{ currency: 'CNY', rateNano: nanoOf('7'), fromMs: 0 }]
  assert.throws(() => termsOf({ ...question, creditNanoUsd: nanoOf('200000000'), settlement: dear }), {
    code: 'invalid_request_error',
    message: /cost more than one order can: 999999999\.999999999 CNY/,
  })
  assert.equal(settlementAt([], 'USD', 0), nanoOf('1'))
})

test('fees are rounded up to the cent, and the best bonus that is reached counts', () => {
  const terms = termsOf({
    ...question,
    currency: 'USD',
    fee: { basisPoints: 290n, fixedNano: nanoOf('0.30') },
    creditNanoUsd: nanoOf('33.33'),
    bonuses: [
      { fromNanoUsd: nanoOf('10'), basisPoints: 500n, lastsMs: 9 },
      { fromNanoUsd: nanoOf('30'), basisPoints: 1000n, lastsMs: null },
      { fromNanoUsd: nanoOf('50'), basisPoints: 2000n, lastsMs: null },
    ],
  })
  assert.deepEqual([terms.feeNano, terms.payNano], [nanoOf('1.27'), nanoOf('34.60')])
  assert.deepEqual([terms.bonusNanoUsd, terms.bonusLastsMs], [nanoOf('3.333'), null])
  assert.equal(minorOf(terms.payNano), 3460n)
  assert.throws(() => minorOf(1n), RangeError)
})
