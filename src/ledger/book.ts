/**
 * Names of the books that entries post to. Customers' books hold what the operator owes them (`paid`, `promo`) and what
 * they owe (`owed` on account, `shortfall` where usage went over a prepaid floor: both stand below zero).
 */

import type { Billing, LotKind } from './port.ts'

export type CustomerBook = LotKind | 'owed' | 'shortfall'

export const customerBook = (account: string, book: CustomerBook): string => `account:${account}:${book}`

/** Where a charge goes that no lot covers. */
export const owedBook = (account: string, billing: Billing): string =>
  customerBook(account, billing === 'prepaid' ? 'shortfall' : 'owed')

export const revenueBook = 'operator:revenue'
export const breakageBook = 'operator:breakage'
/** What calls cost that nobody can be charged for. */
export const lossBook = 'operator:loss'
export const upstreamCostBook = 'operator:upstream-cost'
/** Corrections by hand. */
export const adjustmentBook = 'operator:adjustments'
export const promoCostBook = 'operator:promo-cost'
/** Cash that came in by one method of payment. */
export const cashBook = (method: string): string => `operator:cash:${method}`
/** How credit came that nobody paid or gave: by a correction. */
export const adjustmentMethod = 'adjustment'
/** Between the currencies: what came in as yuan stands here in yuan, and in dollars at the market's rate of its day. */
export const exchangeBook = 'operator:exchange'
/** What credit was worth above what was paid for it at the market's rate: yuan sold for dollars. */
export const settlementDiscountBook = 'operator:settlement-discount'
/** Fees that payers bore. */
export const paymentFeeBook = 'operator:payment-fees'
/** What a processor keeps for a dispute, less what of it came back; in the currency of the processor's account. */
export const disputeFeeBook = 'operator:dispute-fees'
/** Taken back from customers to be paid back to them, and not on its way out yet. */
export const refundsBook = 'operator:refunds'
/** Where what was paid for credit comes from and goes back to. */
export const isCash = (book: string): boolean =>
  book.startsWith('operator:cash:') || book === exchangeBook || book === refundsBook
/** Where credit goes that is taken back from its lot. */
export const isOrigin = (book: string): boolean =>
  isCash(book) || book === promoCostBook || book === settlementDiscountBook
/** What is owed to a provider. */
export const payableBook = (provider: string): string => `operator:payable:${provider}`

/** Which customer's book a name is; `null` = one of the operator's. */
export const customerOf = (book: string): { readonly account: string; readonly book: CustomerBook } | null => {
  const match = /^account:(.+):(paid|promo|bundle|owed|shortfall)$/.exec(book)
  if (match === null) return null
  return { account: match[1] ?? '', book: match[2] as CustomerBook }
}
