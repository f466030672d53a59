/**
 * The proof of the books: entries are added up as they are read, and what the store says of accounts and lots is held against
 * the sums. Knows no store: it is fed stretches.
 */

import type { CustomerBook } from './book.ts'
import { customerOf, revenueBook } from './book.ts'
import type { AuditFinding } from './port.ts'

/** Entries of a stretch, added up. */
export type EntrySum = {
  readonly from: string
  readonly to: string
  readonly lot: string | null
  readonly currency: string
  readonly amountNano: bigint
}

/** What the store believes of an account. */
export type AccountClaim = {
  readonly account: string
  readonly billing: string
  readonly creditNanoUsd: bigint
  readonly owedNanoUsd: bigint
  readonly heldNanoUsd: bigint
  readonly spentNanoUsd: bigint
  readonly creditLimitNanoUsd: bigint
  /** The sum of its open holds, read at the same instant. */
  readonly openNanoUsd: bigint
  /** What its calls were charged beyond their holds. */
  readonly excessNanoUsd: bigint
}

export type LotClaim = { readonly lot: string; readonly remainingNanoUsd: bigint }

const findingsMax = 100

export type Audit = {
  readonly add: (sums: readonly EntrySum[]) => void
  readonly find: (findings: readonly AuditFinding[]) => void
  readonly account: (claim: AccountClaim) => void
  readonly lot: (claim: LotClaim) => void
  /** At most 100, the first ones. Checks what only the whole can show. */
  readonly findings: () => readonly AuditFinding[]
}

/** Adds up entries and collects what does not fit; claims are given after the entries that they are held against. */
export const makeAudit = (): Audit => {
  const books = new Map<string, bigint>()
  const lots = new Map<string, bigint>()
  const spent = new Map<string, bigint>()
  const claimed = new Set<string>()
  const found: AuditFinding[] = []

  const report = (kind: AuditFinding['kind'], object: string, message: string): void => {
    if (found.length < findingsMax) found.push({ kind, object, message })
  }
  const move = (sums: Map<string, bigint>, name: string, byNano: bigint): void => {
    sums.set(name, (sums.get(name) ?? 0n) + byNano)
  }
  const sumOf = (account: string, book: CustomerBook): bigint => books.get(`USD account:${account}:${book}`) ?? 0n

  return {
    add: (sums) => {
      for (const { from, to, lot, currency, amountNano } of sums) {
        if (amountNano <= 0n) report('sum', from, `entries to ${to} sum to ${amountNano}, which is not above zero`)
        move(books, `${currency} ${from}`, -amountNano)
        move(books, `${currency} ${to}`, amountNano)
        const customer = customerOf(from)
        if (customer !== null && to === revenueBook) move(spent, customer.account, amountNano)
        if (lot === null) continue
        if (customer !== null) move(lots, lot, -amountNano)
        if (customerOf(to) !== null && customer === null) move(lots, lot, amountNano)
      }
    },
    find: (findings) => {
      for (const { kind, object, message } of findings) report(kind, object, message)
    },
    account: (claim) => {
      const { account, creditNanoUsd, owedNanoUsd, heldNanoUsd, openNanoUsd, excessNanoUsd } = claim
      claimed.add(account)
      const credit = sumOf(account, 'paid') + sumOf(account, 'promo')
      const owed = -(sumOf(account, 'owed') + sumOf(account, 'shortfall'))
      if (credit !== creditNanoUsd)
        report('balance', account, `credit is ${creditNanoUsd}, its entries say ${credit} nano-USD`)
      if (owed !== owedNanoUsd) report('balance', account, `owed is ${owedNanoUsd}, its entries say ${owed} nano-USD`)
      if ((spent.get(account) ?? 0n) !== claim.spentNanoUsd)
        report(
          'balance',
          account,
          `spent is ${claim.spentNanoUsd}, its entries say ${spent.get(account) ?? 0n} nano-USD`,
        )
      if (heldNanoUsd !== openNanoUsd)
        report('held', account, `held is ${heldNanoUsd}, its open holds say ${openNanoUsd} nano-USD`)
      const below = owedNanoUsd - creditNanoUsd
      if (claim.billing !== 'unlimited' && below > claim.creditLimitNanoUsd + excessNanoUsd)
        report('negative', account, `${below} nano-USD below zero, of which ${excessNanoUsd} was used beyond holds`)
    },
    lot: ({ lot, remainingNanoUsd }) => {
      const sum = lots.get(lot) ?? 0n
      lots.delete(lot)
      if (sum !== remainingNanoUsd) report('lot', lot, `${remainingNanoUsd} is left, its entries say ${sum} nano-USD`)
    },
    findings: () => {
      const totals = new Map<string, bigint>()
      for (const [name, sum] of books) {
        move(totals, name.slice(0, name.indexOf(' ')), sum)
        const customer = customerOf(name.slice(name.indexOf(' ') + 1))
        if (customer !== null && !claimed.has(customer.account) && sum !== 0n)
          report('balance', customer.account, 'has entries, and is no account')
      }
      for (const [currency, sum] of totals)
        if (sum !== 0n) report('sum', currency, `all books together are ${sum}, which is not zero`)
      for (const [lot, sum] of lots) if (sum !== 0n) report('lot', lot, `entries of ${sum} nano-USD, and no such lot`)
      return found
    },
  }
}
