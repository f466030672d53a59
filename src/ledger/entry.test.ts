import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from './entry.ts'
import {
  adjustEntries,
  breakageEntries,
  chargeEntries,
  costEntries,
  disputeFeeEntries,
  grantEntries,
  lossEntries,
  paidOf,
  payOutEntries,
  refundEntries,
  revokeEntries,
  withdrawEntries,
} from './entry.ts'
import type { Lot } from './lot.ts'
import type { Grant, Settlement } from './port.ts'

/** `from > to amount currency lot`, without what all have in common. */
const said = (entries: readonly Entry[]): readonly string[] =>
  entries.map(({ from, to, amountNano, currency, lot }) =>
    [from, '>', to, amountNano, ...(currency === 'USD' ? [] : [currency]), ...(lot === null ? [] : [lot])]
      .join(' ')
      .replaceAll('account:a:', '')
      .replaceAll('operator:', ''),
  )

const lot = (changes: Partial<Lot> = {}): Lot => ({
  id: 'lot_1',
  kind: 'paid',
  method: 'manual',
  grantedNanoUsd: 100n,
  paidNanoUsd: 100n,
  remainingNanoUsd: 100n,
  priority: 0,
  expiresMs: null,
  scope: null,
  reservedNanoUsd: 0n,
  ...changes,
})
const grant = (changes: Partial<Grant> = {}): Grant => ({
  lot: 'lot_1',
  account: 'a',
  kind: 'paid',
  amountNanoUsd: 100n,
  priority: 0,
  expiresMs: null,
  nowMs: 0,
  method: 'manual',
  reason: null,
  ...changes,
})
const settlement = (changes: Partial<Settlement> = {}): Settlement => ({
  currency: 'USD',
  payNano: 103n,
  payNanoUsd: 103n,
  feeNanoUsd: 3n,
  source: 'payer',
  ...changes,
})

test('a charge is taken of lots, and the rest is debt: on account, or a shortfall where it is paid before', () => {
  const spent = [
    { lot: lot(), amountNanoUsd: 60n },
    { lot: lot({ id: 'lot_2', kind: 'promo' }), amountNanoUsd: 0n },
  ]
  const charge = (billing: 'prepaid' | 'postpaid') =>
    said(chargeEntries({ account: 'a', billing, spent, uncoveredNanoUsd: 5n }))
  assert.deepEqual(charge('prepaid'), ['paid > revenue 60 lot_1', 'shortfall > revenue 5'])
  assert.deepEqual(charge('postpaid'), ['paid > revenue 60 lot_1', 'owed > revenue 5'])
})

test('what attempts cost is owed to providers, also where nobody can be charged', () => {
  const costs = [
    { provider: 'one', amountNanoUsd: 7n },
    { provider: 'two', amountNanoUsd: 0n },
  ]
  assert.deepEqual(said(costEntries(costs)), ['upstream-cost > payable:one 7'])
  assert.deepEqual(said(lossEntries(9n, costs)), ['loss > revenue 9', 'upstream-cost > payable:one 7'])
})

test('no entry takes a negative amount', () => {
  assert.throws(() => costEntries([{ provider: 'one', amountNanoUsd: -1n }]), /never takes a negative amount/)
  assert.throws(() => lossEntries(-1n, []), /negative/)
})

test('credit without an order comes from cash, from the cost of promotion, or from a correction; it pays debts first', () => {
  assert.deepEqual(said(grantEntries(grant(), 'postpaid', 30n)), [
    'cash:manual > paid 100 lot_1',
    'paid > owed 30 lot_1',
  ])
  assert.deepEqual(said(grantEntries(grant({ kind: 'promo' }), 'prepaid', 0n)), ['promo-cost > promo 100 lot_1'])
  assert.deepEqual(said(grantEntries(grant({ kind: 'bundle', paidNanoUsd: 80n }), 'prepaid', 0n)), [
    'cash:manual > bundle 80 lot_1',
    'promo-cost > bundle 20 lot_1',
  ])
  assert.deepEqual(said(grantEntries(grant({ method: 'adjustment' }), 'prepaid', 0n)), ['adjustments > paid 100 lot_1'])
})

test('what an order paid becomes credit: dollars, dollars with a fee, and what is paid above or below its worth', () => {
  const of = (changes: Partial<Settlement>) =>
    said(grantEntries(grant({ settlement: settlement(changes) }), 'prepaid', 0n))
  assert.deepEqual(of({}), ['cash:manual > paid 100 lot_1', 'cash:manual > payment-fees 3'])
  assert.deepEqual(of({ payNanoUsd: 93n }), [
    'cash:manual > paid 90 lot_1',
    'settlement-discount > paid 10 lot_1',
    'cash:manual > payment-fees 3',
  ])
  assert.deepEqual(of({ payNanoUsd: 110n, feeNanoUsd: 0n }), [
    'cash:manual > paid 100 lot_1',
    'cash:manual > settlement-discount 10',
  ])
  assert.deepEqual(of({ source: 'refund' }), ['refunds > paid 100 lot_1', 'refunds > payment-fees 3'])
})

test('yuan stand in yuan, and cross to dollars at one book; what comes back of a refund crosses no more', () => {
  const yuan = { currency: 'CNY', payNano: 700n, feeNanoUsd: 0n, payNanoUsd: 100n }
  const of = (changes: Partial<Settlement>) =>
    said(grantEntries(grant({ settlement: settlement({ ...yuan, ...changes }) }), 'prepaid', 0n))
  assert.deepEqual(of({}), ['cash:manual > exchange 700 CNY', 'exchange > paid 100 lot_1'])
  assert.deepEqual(of({ source: 'refund' }), ['refunds > paid 100 lot_1'])
})

test('what a grant was paid with is at most the credit, and nothing of what was corrected or given', () => {
  assert.equal(paidOf(grant()), 100n)
  assert.equal(paidOf(grant({ kind: 'promo' })), 0n)
  assert.equal(paidOf(grant({ kind: 'bundle', paidNanoUsd: 80n })), 80n)
  assert.equal(paidOf(grant({ method: 'adjustment', paidNanoUsd: 80n })), 0n)
  assert.equal(paidOf(grant({ settlement: settlement({ payNanoUsd: 203n }) })), 100n)
  assert.equal(paidOf(grant({ settlement: settlement({ payNanoUsd: 53n }) })), 50n)
})

test('a payment that goes back takes what it bought, to where it came from, and what is spent becomes debt', () => {
  const taken = [
    { lot: lot({ paidNanoUsd: 90n }), amountNanoUsd: 100n },
    { lot: lot({ id: 'lot_2', kind: 'promo', paidNanoUsd: 0n }), amountNanoUsd: 10n },
    { lot: lot({ id: 'lot_3', method: 'adjustment', paidNanoUsd: 0n }), amountNanoUsd: 4n },
  ]
  const of = (
    owedNanoUsd: bigint,
    owedPaidNanoUsd: bigint,
    bonus: Partial<Parameters<typeof withdrawEntries>[0]> = {},
  ) =>
    said(
      withdrawEntries({
        ...{ account: 'a', billing: 'prepaid', taken, owedNanoUsd, owedPaidNanoUsd },
        ...{ instead: [], owedBonusNanoUsd: 0n, ...bonus },
      }),
    )
  const lots = [
    'paid > refunds 90 lot_1',
    'paid > settlement-discount 10 lot_1',
    'promo > promo-cost 10 lot_2',
    'paid > adjustments 4 lot_3',
  ]
  assert.deepEqual(of(0n, 0n), lots)
  assert.deepEqual(of(20n, 15n), [...lots, 'shortfall > refunds 15', 'shortfall > settlement-discount 5'])
  const instead = [{ lot: lot({ paidNanoUsd: 90n }), amountNanoUsd: 7n }]
  assert.deepEqual(of(0n, 0n, { instead, owedBonusNanoUsd: 3n }), [
    ...lots,
    'paid > promo-cost 7 lot_1',
    'shortfall > promo-cost 3',
  ])
})

test('what is paid out leaves by the way it came, in the payer’s currency; more or less than lots had is a discount', () => {
  const of = (currency: string, amountNano: bigint, cashNanoUsd: bigint) =>
    said(payOutEntries({ method: 'card', currency, amountNano, cashNanoUsd }))
  assert.deepEqual(of('USD', 100n, 100n), ['refunds > cash:card 100'])
  assert.deepEqual(of('USD', 90n, 100n), ['refunds > cash:card 90', 'refunds > settlement-discount 10'])
  assert.deepEqual(of('USD', 110n, 100n), ['refunds > cash:card 100', 'settlement-discount > cash:card 10'])
  assert.deepEqual(of('CNY', 700n, 100n), ['refunds > exchange 100', 'exchange > cash:card 700 CNY'])
  const back = { method: 'card', currency: 'CNY', amountNano: 700n, cashNanoUsd: 100n, back: true }
  assert.deepEqual(said(payOutEntries(back)), ['exchange > refunds 100', 'cash:card > exchange 700 CNY'])
})

test('a fee for a dispute is a loss, and comes back where it is given back; of nothing there is no entry', () => {
  const of = (amountNano: bigint) => said(disputeFeeEntries({ method: 'card', currency: 'EUR', amountNano }))
  assert.deepEqual(of(15n), ['dispute-fees > cash:card 15 EUR'])
  assert.deepEqual(of(-15n), ['cash:card > dispute-fees 15 EUR'])
  assert.deepEqual(of(0n), [])
})

test('what is taken back of a lot goes where it came from, by its parts', () => {
  assert.deepEqual(said(revokeEntries('a', lot({ paidNanoUsd: 60n }), 100n)), [
    'paid > cash:manual 60 lot_1',
    'paid > settlement-discount 40 lot_1',
  ])
  assert.deepEqual(said(revokeEntries('a', lot({ kind: 'promo', paidNanoUsd: 0n }), 7n)), [
    'promo > promo-cost 7 lot_1',
  ])
  assert.deepEqual(said(revokeEntries('a', lot({ method: 'adjustment', paidNanoUsd: 0n }), 7n)), [
    'paid > adjustments 7 lot_1',
  ])
})

test('corrections, refunds and what ends', () => {
  const taken = [{ lot: lot(), amountNanoUsd: 40n }]
  assert.deepEqual(said(adjustEntries({ account: 'a', billing: 'postpaid', spent: taken, uncoveredNanoUsd: 2n })), [
    'paid > adjustments 40 lot_1',
    'owed > adjustments 2',
  ])
  const refund = { account: 'a', billing: 'prepaid', kind: 'promo', lot: 'lot_9', amountNanoUsd: 8n } as const
  assert.deepEqual(said(refundEntries({ ...refund, repaidNanoUsd: 3n })), [
    'revenue > promo 8 lot_9',
    'promo > shortfall 3 lot_9',
  ])
  assert.deepEqual(said(breakageEntries('a', taken)), ['paid > breakage 40 lot_1'])
})
