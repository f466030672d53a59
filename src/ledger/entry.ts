/**
 * Double entry as transfers: an entry takes an amount from one book and gives it to another, so that every transaction
 * sums to zero per currency by its form. What is left to check is that amounts are above zero and books differ.
 */

import assert from 'node:assert/strict'
import {
  adjustmentBook,
  adjustmentMethod,
  breakageBook,
  cashBook,
  customerBook,
  disputeFeeBook,
  exchangeBook,
  lossBook,
  owedBook,
  payableBook,
  paymentFeeBook,
  promoCostBook,
  refundsBook,
  revenueBook,
  settlementDiscountBook,
  upstreamCostBook,
} from './book.ts'
import type { Lot, SpentLot } from './lot.ts'
import { paidPart } from './lot.ts'
import type { Billing, Grant, LotKind, Settlement, UpstreamCost } from './port.ts'

export type Entry = {
  readonly from: string
  readonly to: string
  readonly amountNano: bigint
  readonly currency: string
  /** The lot that a customer's book is entered for. */
  readonly lot: string | null
}

const inUsd = (entry: Omit<Entry, 'currency'>): Entry => ({ ...entry, currency: 'USD' })

/** Entries of nothing are left out. */
const kept = (entries: readonly Entry[]): readonly Entry[] => {
  for (const { from, to, amountNano } of entries) {
    assert(amountNano >= 0n, 'an entry never takes a negative amount')
    assert(from !== to, 'an entry goes from one book to another')
  }
  return entries.filter(({ amountNano }) => amountNano > 0n)
}

/** What the attempts of a call cost the operator. */
export const costEntries = (costs: readonly UpstreamCost[]): readonly Entry[] =>
  kept(
    costs.map(({ provider, amountNanoUsd }) =>
      inUsd({ from: upstreamCostBook, to: payableBook(provider), amountNano: amountNanoUsd, lot: null }),
    ),
  )

/** A call that was served and can be charged to nobody, with what its attempts cost. */
export const lossEntries = (amountNanoUsd: bigint, costs: readonly UpstreamCost[]): readonly Entry[] =>
  kept([inUsd({ from: lossBook, to: revenueBook, amountNano: amountNanoUsd, lot: null }), ...costEntries(costs)])

type Taking = {
  readonly account: string
  readonly billing: Billing
  /** What each lot gives. */
  readonly spent: readonly SpentLot[]
  /** What no lot covers. */
  readonly uncoveredNanoUsd: bigint
}

/** From the lots of an account, the rest on its own book of debts. */
const takingEntries = (to: string, { account, billing, spent, uncoveredNanoUsd }: Taking): readonly Entry[] =>
  kept([
    ...spent.map(({ lot, amountNanoUsd }) =>
      inUsd({ from: customerBook(account, lot.kind), to, amountNano: amountNanoUsd, lot: lot.id }),
    ),
    inUsd({ from: owedBook(account, billing), to, amountNano: uncoveredNanoUsd, lot: null }),
  ])

/** A charge: from the lots that it was spent of, the rest as debt. */
export const chargeEntries = (charge: Taking): readonly Entry[] => takingEntries(revenueBook, charge)

/** A correction that takes away: from lots, and the rest as debt. */
export const adjustEntries = (adjustment: Taking): readonly Entry[] => takingEntries(adjustmentBook, adjustment)

/** The dollars that a payment brought for credit, at the market's rate, without the fee. */
const cashOf = ({ payNanoUsd, feeNanoUsd }: Settlement): bigint => payNanoUsd - feeNanoUsd

/** What was paid becomes credit: cash at the market's rate, and what the credit is worth besides as settlement discount. */
const settlementEntries = (grant: Grant, settlement: Settlement): readonly Entry[] => {
  const { account, kind, amountNanoUsd, method, lot } = grant
  const { currency, payNano, feeNanoUsd, source } = settlement
  const book = customerBook(account, kind)
  const paidNanoUsd = paidOf(grant)
  const isForeign = source === 'payer' && currency !== 'USD'
  const from = source === 'refund' ? refundsBook : isForeign ? exchangeBook : cashBook(method)
  const surplusNanoUsd = cashOf(settlement) - paidNanoUsd
  return [
    ...(isForeign ? [{ from: cashBook(method), to: exchangeBook, amountNano: payNano, currency, lot: null }] : []),
    inUsd({ from, to: book, amountNano: paidNanoUsd, lot }),
    inUsd({ from: settlementDiscountBook, to: book, amountNano: amountNanoUsd - paidNanoUsd, lot }),
    inUsd({ from, to: settlementDiscountBook, amountNano: surplusNanoUsd, lot: null }),
    inUsd({ from, to: paymentFeeBook, amountNano: feeNanoUsd, lot: null }),
  ]
}

/** New credit, which first pays what the account owes. */
export const grantEntries = (grant: Grant, billing: Billing, repaidNanoUsd: bigint): readonly Entry[] => {
  const { account, kind, amountNanoUsd, method, lot, settlement } = grant
  const book = customerBook(account, kind)
  const repaid = inUsd({ from: book, to: owedBook(account, billing), amountNano: repaidNanoUsd, lot })
  if (settlement !== undefined) return kept([...settlementEntries(grant, settlement), repaid])
  const paidNanoUsd = paidOf(grant)
  const given = method === adjustmentMethod ? adjustmentBook : promoCostBook
  return kept([
    inUsd({ from: cashBook(method), to: book, amountNano: paidNanoUsd, lot }),
    inUsd({ from: given, to: book, amountNano: amountNanoUsd - paidNanoUsd, lot }),
    repaid,
  ])
}

/** What a grant was paid with: of a payment, the dollars that it was worth, at most the credit itself. */
export const paidOf = ({ kind, amountNanoUsd, method, paidNanoUsd, settlement }: Grant): bigint => {
  if (method === adjustmentMethod) return 0n
  if (settlement !== undefined) return cashOf(settlement) < amountNanoUsd ? cashOf(settlement) : amountNanoUsd
  return paidNanoUsd ?? (kind === 'paid' ? amountNanoUsd : 0n)
}

/** Where the part of a lot goes that nobody paid for. */
const unpaidOrigin = ({ method, kind }: Lot): string => {
  if (method === adjustmentMethod) return adjustmentBook
  return kind === 'paid' ? settlementDiscountBook : promoCostBook
}

/**
 * A payment goes back: what it had bought is taken from its lots, and what of that is spent already becomes debt. `owed` is
 * that debt, of which `owedPaidNanoUsd` was paid for. `instead`: bought credit that goes in the place of a bonus that is spent,
 * and `owedBonusNanoUsd` what of such a bonus becomes debt.
 */
export const withdrawEntries = (withdrawal: {
  readonly account: string
  readonly billing: Billing
  readonly taken: readonly SpentLot[]
  readonly owedNanoUsd: bigint
  readonly owedPaidNanoUsd: bigint
  readonly instead: readonly SpentLot[]
  readonly owedBonusNanoUsd: bigint
}): readonly Entry[] => {
  const { account, billing, taken, owedNanoUsd, owedPaidNanoUsd, instead, owedBonusNanoUsd } = withdrawal
  const debts = owedBook(account, billing)
  return kept([
    ...taken.flatMap(({ lot, amountNanoUsd }) => {
      const from = customerBook(account, lot.kind)
      const paidNanoUsd = paidPart(lot, amountNanoUsd)
      return [
        inUsd({ from, to: refundsBook, amountNano: paidNanoUsd, lot: lot.id }),
        inUsd({ from, to: unpaidOrigin(lot), amountNano: amountNanoUsd - paidNanoUsd, lot: lot.id }),
      ]
    }),
    ...instead.map(({ lot, amountNanoUsd }) =>
      inUsd({ from: customerBook(account, lot.kind), to: promoCostBook, amountNano: amountNanoUsd, lot: lot.id }),
    ),
    inUsd({ from: debts, to: refundsBook, amountNano: owedPaidNanoUsd, lot: null }),
    inUsd({ from: debts, to: settlementDiscountBook, amountNano: owedNanoUsd - owedPaidNanoUsd, lot: null }),
    inUsd({ from: debts, to: promoCostBook, amountNano: owedBonusNanoUsd, lot: null }),
  ])
}

/** What was taken back has left by the way it came: in the payer's currency, at the rate of the payment. `back`: and has come back. */
export const payOutEntries = (out: {
  readonly method: string
  readonly currency: string
  readonly amountNano: bigint
  readonly cashNanoUsd: bigint
  readonly back?: boolean
}): readonly Entry[] => {
  const { method, currency, amountNano, cashNanoUsd, back = false } = out
  const isForeign = currency !== 'USD'
  const to = isForeign ? exchangeBook : cashBook(method)
  const outNanoUsd = isForeign ? cashNanoUsd : amountNano
  const fromLotsNanoUsd = outNanoUsd < cashNanoUsd ? outNanoUsd : cashNanoUsd
  const entries = kept([
    inUsd({ from: refundsBook, to, amountNano: fromLotsNanoUsd, lot: null }),
    inUsd({ from: refundsBook, to: settlementDiscountBook, amountNano: cashNanoUsd - fromLotsNanoUsd, lot: null }),
    // Of dollars that were sold dearer than they are, and of a fee that a processor gave back: what no lot had.
    inUsd({ from: settlementDiscountBook, to, amountNano: outNanoUsd - fromLotsNanoUsd, lot: null }),
    ...(isForeign ? [{ from: exchangeBook, to: cashBook(method), amountNano, currency, lot: null }] : []),
  ])
  return back ? entries.map((entry) => ({ ...entry, from: entry.to, to: entry.from })) : entries
}

/** A processor has taken a fee for a dispute, or (below zero) given it back: in its own currency, at nobody's rate. */
export const disputeFeeEntries = (fee: {
  readonly method: string
  readonly currency: string
  readonly amountNano: bigint
}): readonly Entry[] => {
  const { method, currency, amountNano } = fee
  const cash = cashBook(method)
  return amountNano < 0n
    ? kept([{ from: cash, to: disputeFeeBook, amountNano: -amountNano, currency, lot: null }])
    : kept([{ from: disputeFeeBook, to: cash, amountNano, currency, lot: null }])
}

/** What is taken back of a lot goes where it came from. */
export const revokeEntries = (account: string, lot: Lot, amountNanoUsd: bigint): readonly Entry[] => {
  const from = customerBook(account, lot.kind)
  const paidNanoUsd = paidPart(lot, amountNanoUsd)
  return kept([
    inUsd({ from, to: cashBook(lot.method), amountNano: paidNanoUsd, lot: lot.id }),
    inUsd({ from, to: unpaidOrigin(lot), amountNano: amountNanoUsd - paidNanoUsd, lot: lot.id }),
  ])
}

/** What comes back to an account of what it was charged, which first pays what it owes. */
export const refundEntries = (refund: {
  readonly account: string
  readonly billing: Billing
  readonly kind: LotKind
  readonly lot: string
  readonly amountNanoUsd: bigint
  readonly repaidNanoUsd: bigint
}): readonly Entry[] => {
  const { account, billing, kind, lot, amountNanoUsd, repaidNanoUsd } = refund
  const book = customerBook(account, kind)
  return kept([
    inUsd({ from: revenueBook, to: book, amountNano: amountNanoUsd, lot }),
    inUsd({ from: book, to: owedBook(account, billing), amountNano: repaidNanoUsd, lot }),
  ])
}

/** What is left of a lot at its end. */
export const breakageEntries = (account: string, expired: readonly SpentLot[]): readonly Entry[] =>
  kept(
    expired.map(({ lot, amountNanoUsd }) =>
      inUsd({ from: customerBook(account, lot.kind), to: breakageBook, amountNano: amountNanoUsd, lot: lot.id }),
    ),
  )
