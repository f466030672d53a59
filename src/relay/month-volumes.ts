/** What accounts' calls of a month came to, by family of models: what bundles are conditional on. Kept in memory, begun from the log. */

import type { CallRecord } from '#base/call-record.ts'
import { isOfFamily } from '#base/price-rule.ts'
import type { Volume } from './port.ts'

export type MonthVolumes = {
  /** Counts what was there before this process, in the month of the instant. */
  readonly begin: (volumes: readonly Volume[], atMs: number) => void
  /** Before discounts, in the UTC month of the instant, of these families together. */
  readonly of: (account: string, families: readonly string[], atMs: number) => bigint
  /** Counts a call that has ended; one without a price, or of the sandbox, counts nothing. */
  readonly add: (record: Pick<CallRecord, 'account' | 'timeMs' | 'test' | 'pricing'>) => void
}

/** `2026-11`. */
const monthOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 7)

/** Months kept: calls of the last one still end in the next. */
const monthsMax = 2

/** Counts of no call yet. */
export const monthVolumes = (): MonthVolumes => {
  const months = new Map<string, Map<string, Map<string, bigint>>>()
  const monthFor = (name: string): Map<string, Map<string, bigint>> => {
    const found = months.get(name) ?? new Map<string, Map<string, bigint>>()
    months.set(name, found)
    const old = [...months.keys()].sort().slice(0, -monthsMax)
    for (const gone of old) months.delete(gone)
    return found
  }
  const count = (atMs: number, { account, family, baseNanoUsd }: Volume): void => {
    const month = monthFor(monthOf(atMs))
    const families = month.get(account) ?? new Map<string, bigint>()
    month.set(account, families)
    families.set(family, (families.get(family) ?? 0n) + baseNanoUsd)
  }
  return {
    begin: (volumes, atMs) => {
      for (const volume of volumes) count(atMs, volume)
    },
    of: (account, named, atMs) => {
      const families = months.get(monthOf(atMs))?.get(account) ?? new Map<string, bigint>()
      return [...families]
        .filter(([family]) => isOfFamily(family, named))
        .reduce((sum, [, baseNanoUsd]) => sum + baseNanoUsd, 0n)
    },
    add: ({ account, timeMs, test, pricing }) => {
      const family = pricing?.family ?? null
      if (account === null || test || pricing === null || pricing === undefined || family === null) return
      count(timeMs, { account, family, baseNanoUsd: pricing.baseNanoUsd })
    },
  }
}
