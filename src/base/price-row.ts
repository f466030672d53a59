/** A price as a row: dated, versioned, in integers. Prices live in data (catalog/, the store), never in code. */

import { createHash } from 'node:crypto'

export type Currency = 'USD' | 'CNY'

/** Nano units of the row's currency per million tokens, or per piece for `perCall` and `items`. */
export type PriceRates = {
  readonly input: bigint | null
  readonly cachedInput: bigint | null
  readonly output: bigint | null
  readonly cacheWrite5m: bigint | null
  readonly cacheWrite1h: bigint | null
  readonly reasoning: bigint | null
  readonly audioInput: bigint | null
  readonly audioOutput: bigint | null
  readonly imageInput: bigint | null
  readonly imageOutput: bigint | null
  readonly perCall: bigint | null
  readonly items: Readonly<Record<string, bigint>> | null
}

/** A time of day in UTC minutes since midnight, `[from, until)`; from over until goes through midnight. */
export type PriceWindow = {
  readonly fromMinute: number
  readonly untilMinute: number
  /** 0 = Sunday; absent = every day. */
  readonly weekdays?: readonly number[]
  /** UTC days (`YYYY-MM-DD`) on which the window does not hold: public holidays. */
  readonly exceptDates?: readonly string[]
}

/** Nothing is priced: what a row does not say stays so. */
export const noRates: PriceRates = Object.freeze({
  input: null,
  cachedInput: null,
  output: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  reasoning: null,
  audioInput: null,
  audioOutput: null,
  imageInput: null,
  imageOutput: null,
  perCall: null,
  items: null,
})

export type PriceRow = {
  readonly model: string
  readonly vendor: string
  readonly currency: Currency
  /** UTC milliseconds; `null` = since ever, until further notice. */
  readonly fromMs: number | null
  readonly untilMs: number | null
  /** A cliff: the row holds for calls whose input is over this many tokens; `null` = the base row. */
  readonly contextOverTokens: number | null
  /** `default`, `batch`, `flex`, `priority`. */
  readonly serviceTier: string
  /** Time-of-day windows; `null` = always. */
  readonly windows: readonly PriceWindow[] | null
  readonly rates: PriceRates
  readonly source: string
  /** The day the source was read, `YYYY-MM-DD`. */
  readonly read: string
}

const hashOf = (row: PriceRow): string => {
  const { source: _source, read: _read, ...deciding } = row
  const text = JSON.stringify(deciding, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    return value
  })
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** A memo, and no state: rows do not change, and what a row's hash is follows from the row. Every call is priced two or three times. */
const hashes = new WeakMap<PriceRow, string>()

/**
 * A stable hash of all that decides a price: kept on every call, so that the call can be rated again.
 * 128 bits of SHA-256 in hex. The place where the row was read does not count.
 */
export const priceRowHash = (row: PriceRow): string => {
  const known = hashes.get(row)
  if (known !== undefined) return known
  const hash = hashOf(row)
  hashes.set(row, hash)
  return hash
}

const minuteMs = 60_000
const minutesPerDay = 1_440

/** Whether the instant lies in the window. Weekday and exempt days are those of the instant, in UTC. */
export const windowHolds = (window: PriceWindow, atMs: number): boolean => {
  const { fromMinute, untilMinute, weekdays, exceptDates } = window
  const minute = Math.floor(atMs / minuteMs) % minutesPerDay
  const within =
    fromMinute <= untilMinute
      ? minute >= fromMinute && minute < untilMinute
      : minute >= fromMinute || minute < untilMinute
  if (!within) return false
  const at = new Date(atMs)
  if (weekdays !== undefined && !weekdays.includes(at.getUTCDay())) return false
  return exceptDates === undefined || !exceptDates.includes(at.toISOString().slice(0, 10))
}

/** Vendors' names of tiers that are billed as another one. */
const tierNames: ReadonlyMap<string, string> = new Map([
  ['standard', 'default'],
  ['auto', 'default'],
  ['on_demand', 'default'],
  ['fast', 'priority'],
])

const inForce = (row: PriceRow, atMs: number): boolean =>
  (row.fromMs === null || row.fromMs <= atMs) &&
  (row.untilMs === null || atMs < row.untilMs) &&
  (row.windows === null || row.windows.some((window) => windowHolds(window, atMs)))

/** The tier that a vendor's name for it is billed as. */
const tierOf = (name: string | null): string => tierNames.get(name ?? 'default') ?? name ?? 'default'

/**
 * Every row that may come to rate a call whose input is at most `inputTokensMax` and whose tier may be served as asked or as the
 * default one: for the bound of what it can cost.
 */
export const rowsThatMayRate = (
  rows: readonly PriceRow[],
  question: Omit<PriceQuestion, 'inputTokens'> & { readonly inputTokensMax: number },
): readonly PriceRow[] => {
  const tiers = ['default', tierOf(question.serviceTier)]
  return rows.filter(
    (row) =>
      row.currency === question.currency &&
      tiers.includes(row.serviceTier) &&
      (row.contextOverTokens ?? 0) <= question.inputTokensMax &&
      inForce(row, question.atMs),
  )
}

export type PriceQuestion = {
  /** The instant that decides; for a vendor with times of day, what its page says decides. */
  readonly atMs: number
  /** The tier that served the call, as the vendor says; `null` = the default one. */
  readonly serviceTier: string | null
  /** All input tokens, cached ones included; `null` = unknown, rated at the base step. */
  readonly inputTokens: number | null
  readonly currency: Currency
}

export type PriceChoice = {
  readonly row: PriceRow
  /** False when the tier has no row of its own and the default tier's was taken. */
  readonly tierMatched: boolean
}

/**
 * The row that rates a call, or `null` when none is in force: unpriced, never zero.
 * A context step is a cliff: past it, the whole call is rated at the step's row; of several steps the highest one that the input
 * exceeds counts. The step is decided before the tier, so that a tier without a long-context row pays the default tier's. A row
 * with a time window goes before one without.
 */
export const priceAt = (rows: readonly PriceRow[], question: PriceQuestion): PriceChoice | null => {
  const { atMs, inputTokens } = question
  const current = rows.filter((row) => row.currency === question.currency && inForce(row, atMs))
  const tier = tierOf(question.serviceTier)
  const step = current
    .filter((row) => row.serviceTier === 'default' || row.serviceTier === tier)
    .map((row) => row.contextOverTokens ?? 0)
    .filter((over) => over === 0 || (inputTokens !== null && inputTokens > over))
    .reduce((highest, over) => Math.max(highest, over), 0)
  const pick = (serviceTier: string): PriceRow | undefined => {
    const fitting = current.filter((row) => row.serviceTier === serviceTier && (row.contextOverTokens ?? 0) === step)
    return fitting.find((row) => row.windows !== null) ?? fitting[0]
  }
  const own = pick(tier)
  if (own !== undefined) return { row: own, tierMatched: true }
  const base = pick('default')
  return base === undefined ? null : { row: base, tierMatched: false }
}
