/** A month of UTC in the books: what each account was charged, for what, out of which of its books. */

import { Problem } from '#base/problem.ts'
import type { DocumentStore, StatementSum } from './port.ts'

/** Stretches of a month: a hundred million transactions. */
const stretchesMax = 10_000
/** Models at their prices, over all accounts. */
const sumsMax = 500_000

export type Range = { readonly fromMs: number; readonly untilMs: number }

/** Of a month such as `2026-11`; the end is exclusive. */
export const monthRange = (month: string): Range => {
  const fromMs = Date.parse(`${month}-01T00:00:00Z`)
  const from = new Date(fromMs)
  return { fromMs, untilMs: Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1) }
}

/** The month before the one of this moment. */
export const monthBefore = (nowMs: number): string => {
  const now = new Date(nowMs)
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1)).toISOString().slice(0, 7)
}

/** The month after a month such as `2026-12`. */
export const monthAfter = (month: string): string => new Date(monthRange(month).untilMs).toISOString().slice(0, 7)

/** What one account was charged. */
export type AccountPeriod = Range & {
  /** By model, then price. */
  readonly sums: readonly StatementSum[]
  /** Of it by book: `paid`, `promo`, `bundle`, `owed`, `shortfall`. */
  readonly books: Readonly<Record<string, bigint>>
}

type Gathered = { readonly sums: Map<string, StatementSum>; readonly books: Record<string, bigint> }

const add = (before: StatementSum | undefined, sum: StatementSum): StatementSum =>
  before === undefined
    ? sum
    : {
        ...sum,
        calls: before.calls + sum.calls,
        inputTokens: before.inputTokens + sum.inputTokens,
        cachedTokens: before.cachedTokens + sum.cachedTokens,
        outputTokens: before.outputTokens + sum.outputTokens,
        amountNanoUsd: before.amountNanoUsd + sum.amountNanoUsd,
      }

const byModel = (a: StatementSum, b: StatementSum): number => {
  const [one, other] = [`${a.model ?? ''} ${a.priceHash ?? ''}`, `${b.model ?? ''} ${b.priceHash ?? ''}`]
  return one < other ? -1 : 1
}

/**
 * Accounts with charges in a period, read in one pass through the books; `account: null` = all of them.
 * @throws Problem `overloaded` for more than there is room for.
 */
export const readPeriod = async (
  store: Pick<DocumentStore, 'statementStretch'>,
  { account, fromMs, untilMs }: Range & { readonly account: string | null },
): Promise<ReadonlyMap<string, AccountPeriod>> => {
  const found = new Map<string, Gathered>()
  const of = (name: string): Gathered => {
    const there = found.get(name) ?? { sums: new Map<string, StatementSum>(), books: {} }
    found.set(name, there)
    return there
  }
  let count = 0
  let after: bigint | null = null
  let more = true
  for (let stretch = 0; more && stretch < stretchesMax && count < sumsMax; stretch += 1) {
    const read: Awaited<ReturnType<DocumentStore['statementStretch']>> = await store.statementStretch({
      account,
      fromMs,
      untilMs,
      after,
    })
    for (const sum of read.sums) {
      const { sums } = of(sum.account)
      const key = JSON.stringify([sum.model, sum.priceHash])
      const before = sums.get(key)
      if (before === undefined) count += 1
      sums.set(key, add(before, sum))
    }
    for (const { account: whose, book, amountNanoUsd } of read.books) {
      const { books } = of(whose)
      books[book] = (books[book] ?? 0n) + amountNanoUsd
    }
    after = read.after
    more = after !== null
  }
  if (more) throw new Problem('overloaded', { message: 'The period has more charges than statements are made of.' })
  return new Map(
    [...found].map(([name, { sums, books }]) => [
      name,
      { fromMs, untilMs, sums: [...sums.values()].sort(byModel), books },
    ]),
  )
}
