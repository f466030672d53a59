/**
 * The proof of the books: entries are added up as they are read, and what the store says of accounts and lots is held against
 * the sums. Knows no store: it is fed stretches.
 */

import type { CustomerBook } from './book.ts'
import { adjustmentBook, customerOf, isCash, isOrigin, revenueBook } from './book.ts'
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
  readonly paidNanoUsd: bigint
  readonly scopedNanoUsd: bigint
  readonly reservedNanoUsd: bigint
  /** What its scoped lots have left and keep back, read at the same instant. */
  readonly lotsScopedNanoUsd: bigint
  readonly lotsReservedNanoUsd: bigint
  /** The sum of its open holds, read at the same instant. */
  readonly openNanoUsd: bigint
  /** What its calls were charged beyond their holds. */
  readonly excessNanoUsd: bigint
}

export type LotClaim = {
  readonly lot: string
  readonly grantedNanoUsd: bigint
  readonly remainingNanoUsd: bigint
  readonly revokedNanoUsd: bigint
  readonly isCorrection: boolean
}

const findingsMax = 100

export type Audit = {
  readonly add: (sums: readonly EntrySum[]) => void
  readonly find: (findings: readonly AuditFinding[]) => void
  readonly account: (claim: AccountClaim) => void
  readonly lot: (claim: LotClaim) => void
  /** At most 100, the first ones. Checks what only the whole can show. */
  readonly findings: () => readonly AuditFinding[]
}

const move = (sums: Map<string, bigint>, name: string, byNano: bigint): void => {
  sums.set(name, (sums.get(name) ?? 0n) + byNano)
}

/** What entries say of accounts and lots, apart from the balances of books. */
const makeSums = () => {
  const [left, granted, revoked] = [new Map<string, bigint>(), new Map<string, bigint>(), new Map<string, bigint>()]
  const [spent, paid, corrected] = [new Map<string, bigint>(), new Map<string, bigint>(), new Map<string, bigint>()]
  return {
    /** By lot. */
    left,
    granted,
    /** Taken back to where it came from, which of corrections cannot be told from other corrections. */
    revoked,
    /** By account. */
    spent,
    paid,
    /** Debt that corrections by hand, and payments that were taken back, have made. */
    corrected,
    add: ({ from, to, lot, amountNano }: EntrySum): void => {
      const [giver, taker] = [customerOf(from), customerOf(to)]
      if (giver !== null && to === revenueBook) move(spent, giver.account, amountNano)
      if (giver !== null && isCash(to)) move(paid, giver.account, -amountNano)
      if (taker !== null && isCash(from)) move(paid, taker.account, amountNano)
      if (giver !== null && lot === null && (to === adjustmentBook || isOrigin(to)))
        move(corrected, giver.account, amountNano)
      if (lot === null) return
      if (giver !== null) move(left, lot, -amountNano)
      if (giver !== null && isOrigin(to)) move(revoked, lot, amountNano)
      if (taker === null || giver !== null) return
      move(left, lot, amountNano)
      move(granted, lot, amountNano)
    },
  }
}

/** Adds up entries and collects what does not fit; claims are given after the entries that they are held against. */
export const makeAudit = (): Audit => {
  const books = new Map<string, bigint>()
  const sums = makeSums()
  const claimed = new Set<string>()
  const found: AuditFinding[] = []

  const report = (kind: AuditFinding['kind'], object: string, message: string): void => {
    if (found.length < findingsMax) found.push({ kind, object, message })
  }
  const sumOf = (account: string, book: CustomerBook): bigint => books.get(`USD account:${account}:${book}`) ?? 0n

  return {
    add: (added) => {
      for (const sum of added) {
        const { from, to, currency, amountNano } = sum
        if (amountNano <= 0n) report('sum', from, `entries to ${to} sum to ${amountNano}, which is not above zero`)
        move(books, `${currency} ${from}`, -amountNano)
        move(books, `${currency} ${to}`, amountNano)
        sums.add(sum)
      }
    },
    find: (findings) => {
      for (const { kind, object, message } of findings) report(kind, object, message)
    },
    account: (claim) => {
      const { account, creditNanoUsd, owedNanoUsd, heldNanoUsd, openNanoUsd, excessNanoUsd } = claim
      claimed.add(account)
      const credit = sumOf(account, 'paid') + sumOf(account, 'promo') + sumOf(account, 'bundle')
      const owed = -(sumOf(account, 'owed') + sumOf(account, 'shortfall'))
      if (credit !== creditNanoUsd)
        report('balance', account, `credit is ${creditNanoUsd}, its entries say ${credit} nano-USD`)
      if (owed !== owedNanoUsd) report('balance', account, `owed is ${owedNanoUsd}, its entries say ${owed} nano-USD`)
      const spent = sums.spent.get(account) ?? 0n
      if (spent !== claim.spentNanoUsd)
        report('balance', account, `spent is ${claim.spentNanoUsd}, its entries say ${spent} nano-USD`)
      const paid = sums.paid.get(account) ?? 0n
      if (paid !== claim.paidNanoUsd)
        report('paid', account, `paid is ${claim.paidNanoUsd}, its entries say ${paid} nano-USD`)
      const scoped = [claim.scopedNanoUsd, claim.reservedNanoUsd].join(', of which is kept back ')
      const lots = [claim.lotsScopedNanoUsd, claim.lotsReservedNanoUsd].join(', of which is kept back ')
      if (scoped !== lots) report('scope', account, `for some models it has ${scoped}, its lots say ${lots} nano-USD`)
      if (heldNanoUsd !== openNanoUsd)
        report('held', account, `held is ${heldNanoUsd}, its open holds say ${openNanoUsd} nano-USD`)
      // What is for some models only covers nothing else.
      const below = owedNanoUsd - (creditNanoUsd - claim.scopedNanoUsd)
      const explained = excessNanoUsd + (sums.corrected.get(account) ?? 0n)
      if (claim.billing !== 'unlimited' && below > claim.creditLimitNanoUsd + explained)
        report(
          'negative',
          account,
          `${below} nano-USD below zero, of which ${explained} is use beyond holds and corrections`,
        )
    },
    lot: ({ lot, grantedNanoUsd, remainingNanoUsd, revokedNanoUsd, isCorrection }) => {
      const sum = sums.left.get(lot) ?? 0n
      sums.left.delete(lot)
      if (sum !== remainingNanoUsd) report('lot', lot, `${remainingNanoUsd} is left, its entries say ${sum} nano-USD`)
      const granted = sums.granted.get(lot) ?? 0n
      if (granted !== grantedNanoUsd)
        report('lot', lot, `${grantedNanoUsd} was granted, its entries say ${granted} nano-USD`)
      const revoked = sums.revoked.get(lot) ?? 0n
      if (!isCorrection && revoked !== revokedNanoUsd)
        report('lot', lot, `${revokedNanoUsd} was taken back, its entries say ${revoked} nano-USD`)
    },
    findings: () => {
      // All books of a currency together are zero by the form of an entry, which takes from one what it gives another.
      for (const [name, sum] of books) {
        const customer = customerOf(name.slice(name.indexOf(' ') + 1))
        if (customer !== null && !claimed.has(customer.account) && sum !== 0n)
          report('balance', customer.account, 'has entries, and is no account')
      }
      for (const [lot, sum] of sums.left)
        if (sum !== 0n) report('lot', lot, `entries of ${sum} nano-USD, and no such lot`)
      return found
    },
  }
}
