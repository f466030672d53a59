/** What is used in a month, from usage exports: per model and call site, in exact fractions of the period that they cover. */

import type { Span, UsageExportRow } from '#report/usage-export/row.ts'
import { daysCovered } from '#report/usage-export/row.ts'
import { daysPerMonth } from './quantity.ts'
import type { Rational } from './rational.ts'
import { dividedBy, ofNano, plus, rational, times, zero } from './rational.ts'

/** Tokens and calls of a month. `input` includes what was read from or written to a cache. */
export type Volume = {
  readonly input: Rational
  readonly cachedInput: Rational
  readonly cacheWrite: Rational
  readonly output: Rational
  /** `null` = the usage does not say. */
  readonly calls: Rational | null
}

export const noVolume: Volume = { input: zero, cachedInput: zero, cacheWrite: zero, output: zero, calls: null }

export type UsedGroup = {
  /** Who served it, else whose export it is. */
  readonly vendor: string
  readonly model: string | null
  readonly callSite: string | null
  readonly serviceTier: string | null
  readonly volume: Volume
  /** What the provider billed in a month, where the export says it for every row. */
  readonly billedUsd: Rational | null
}

export type MonthOfUse = {
  readonly groups: readonly UsedGroup[]
  /** First day, last day (inclusive) and how many days the rows cover. */
  readonly from: string
  readonly until: string
  readonly days: number
  /** Figures that some rows lack: told, and counted as nothing. */
  readonly unknown: readonly string[]
}

const dayMs = 86_400_000

type Sums = { input: bigint; cached: bigint; write: bigint; output: bigint; calls: bigint; billed: bigint }

const keyOf = ({ vendor, provider, model, callSite, serviceTier }: UsageExportRow): string =>
  JSON.stringify([provider ?? vendor, model, callSite, serviceTier])

const countNames = {
  input: 'input tokens',
  cachedInput: 'cached input tokens',
  output: 'output tokens',
  calls: 'calls',
} as const

const unknownOf = (rows: readonly UsageExportRow[]): readonly string[] =>
  (Object.keys(countNames) as (keyof typeof countNames)[]).flatMap((name) => {
    const lacking = rows.filter((row) => row[name] === null).length
    return lacking === 0 ? [] : [`${lacking} of ${rows.length} rows do not say their ${countNames[name]}.`]
  })

const big = (count: number | null): bigint => BigInt(count ?? 0)

/** Rows that hold costs only say what was billed; their tokens are in rows of their own. */
const hasTokens = ({ input, output }: UsageExportRow): boolean => input !== null || output !== null

const groupOf = (rows: readonly UsageExportRow[], perMonth: Rational): UsedGroup | null => {
  const [first] = rows
  if (first === undefined) return null
  const sums: Sums = { input: 0n, cached: 0n, write: 0n, output: 0n, calls: 0n, billed: 0n }
  for (const row of rows) {
    sums.input += big(row.input)
    sums.cached += big(row.cachedInput)
    sums.write += big(row.cacheWrite)
    sums.output += big(row.output)
    sums.calls += big(row.calls)
    sums.billed += row.costNanoUsd ?? 0n
  }
  const monthly = (count: bigint): Rational => times(rational(count), perMonth)
  return {
    vendor: first.provider ?? first.vendor,
    model: first.model,
    callSite: first.callSite,
    serviceTier: first.serviceTier,
    volume: {
      input: monthly(sums.input),
      cachedInput: monthly(sums.cached),
      cacheWrite: monthly(sums.write),
      output: monthly(sums.output),
      calls: rows.every(({ calls }) => calls !== null) ? monthly(sums.calls) : null,
    },
    billedUsd: rows.every(({ costNanoUsd }) => costNanoUsd !== null) ? times(ofNano(sums.billed), perMonth) : null,
  }
}

/**
 * Rows to a month of a twelfth of 365 days. `spans` = what times the exports cover beside those of the rows, `days` = the period, where it is
 * known better. `null` where no row has tokens.
 */
export const monthOf = (
  all: readonly UsageExportRow[],
  { spans, days }: { readonly spans: readonly Span[]; readonly days: number | null },
): MonthOfUse | null => {
  const rows = all.filter(hasTokens)
  if (rows.length === 0) return null
  const covered = daysCovered([...rows, ...spans])
  const counted = days ?? covered.days
  const perMonth = dividedBy(daysPerMonth, rational(BigInt(counted))) ?? zero
  const byKey = new Map<string, UsageExportRow[]>()
  for (const row of rows) {
    const known = byKey.get(keyOf(row))
    if (known === undefined) byKey.set(keyOf(row), [row])
    else known.push(row)
  }
  return {
    groups: [...byKey.values()].flatMap((own) => groupOf(own, perMonth) ?? []),
    from: new Date(covered.firstMs).toISOString().slice(0, 10),
    until: new Date(covered.firstMs + (covered.days - 1) * dayMs).toISOString().slice(0, 10),
    days: counted,
    unknown: unknownOf(rows),
  }
}

/** All tokens of a volume. */
export const tokensOf = ({ input, output }: Volume): Rational => plus(input, output)
