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
  owedBook,
  payableBook,
  promoCostBook,
  revenueBook,
  upstreamCostBook,
} from './book.ts'
import type { Lot, SpentLot } from './lot.ts'
import { paidPart } from './lot.ts'
import type { Billing, Grant, LotKind, UpstreamCost } from './port.ts'

export type Entry = {
  readonly from: string
  readonly to: string
  readonly amountNano: bigint
  readonly currency: 'USD'
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

/** A charge: from the lots that it was spent of, the rest on the account's own book of debts. */
export const chargeEntries = (charge: {
  readonly account: string
  readonly billing: Billing
  readonly spent: readonly SpentLot[]
  readonly uncoveredNanoUsd: bigint
}): readonly Entry[] => {
  const { account, billing, spent, uncoveredNanoUsd } = charge
  return kept([
    ...spent.map(({ lot, amountNanoUsd }) =>
      inUsd({ from: customerBook(account, lot.kind), to: revenueBook, amountNano: amountNanoUsd, lot: lot.id }),
    ),
    inUsd({ from: owedBook(account, billing), to: revenueBook, amountNano: uncoveredNanoUsd, lot: null }),
  ])
}

/** New credit, which first pays what the account owes. */
export const grantEntries = (grant: Grant, billing: Billing, repaidNanoUsd: bigint): readonly Entry[] => {
  const { account, kind, amountNanoUsd, method, lot } = grant
  const book = customerBook(account, kind)
  const paidNanoUsd = paidOf(grant)
  const given = method === adjustmentMethod ? adjustmentBook : promoCostBook
  return kept([
    inUsd({ from: cashBook(method), to: book, amountNano: paidNanoUsd, lot }),
    inUsd({ from: given, to: book, amountNano: amountNanoUsd - paidNanoUsd, lot }),
    inUsd({ from: book, to: owedBook(account, billing), amountNano: repaidNanoUsd, lot }),
  ])
}

/** What a grant was paid with. */
export const paidOf = ({ kind, amountNanoUsd, method, paidNanoUsd }: Grant): bigint => {
  if (method === adjustmentMethod) return 0n
  return paidNanoUsd ?? (kind === 'paid' ? amountNanoUsd : 0n)
}

/** What is taken back of a lot goes where it came from. */
export const revokeEntries = (account: string, lot: Lot, amountNanoUsd: bigint): readonly Entry[] => {
  const from = customerBook(account, lot.kind)
  const paidNanoUsd = paidPart(lot, amountNanoUsd)
  const given = lot.method === adjustmentMethod ? adjustmentBook : promoCostBook
  return kept([
    inUsd({ from, to: cashBook(lot.method), amountNano: paidNanoUsd, lot: lot.id }),
    inUsd({ from, to: given, amountNano: amountNanoUsd - paidNanoUsd, lot: lot.id }),
  ])
}

/** A correction that takes away: from lots, and the rest as debt. */
export const adjustEntries = (adjustment: {
  readonly account: string
  readonly billing: Billing
  readonly taken: readonly SpentLot[]
  readonly owedNanoUsd: bigint
}): readonly Entry[] => {
  const { account, billing, taken, owedNanoUsd } = adjustment
  return kept([
    ...taken.map(({ lot, amountNanoUsd }) =>
      inUsd({ from: customerBook(account, lot.kind), to: adjustmentBook, amountNano: amountNanoUsd, lot: lot.id }),
    ),
    inUsd({ from: owedBook(account, billing), to: adjustmentBook, amountNano: owedNanoUsd, lot: null }),
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
