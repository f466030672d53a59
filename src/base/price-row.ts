/** A price as a row: dated, versioned, in integers. Prices live in data (catalog/, the store), never in code. */

import { createHash } from 'node:crypto'
import type { FxRate } from './fx-rate.ts'
import { fxRateAt } from './fx-rate.ts'

export type Currency = 'USD' | 'CNY'

/**
 * A million units of a currency, for a million tokens or for a piece: a dearer price is a slip of the pen, and what it came to would not fit
 * the books.
 */
export const rateNanoMax = 1_000_000_000_000_000n

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
  /** Sound read from a cache; absent = as `cachedInput`. */
  readonly cachedAudioInput?: bigint
}

/** A time of day in UTC minutes since midnight, `[from, until)`; from over until goes through midnight. */
export type PriceWindow = {
  readonly fromMinute: number
  readonly untilMinute: number
  /** 0 = Sunday; absent = every day. */
  readonly weekdays?: readonly number[]
  /** UTC days (`YYYY-MM-DD`) on which the window does not hold: public holidays. */
  readonly exceptDates?: readonly string[]
  /** The calendar that those days come from, and the last day that it knows; what is past it counts as no holiday. */
  readonly calendar?: { readonly name: string; readonly through: string }
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

/** Every rate that is known, changed alike. */
export const mapRates = (rates: PriceRates, change: (nano: bigint) => bigint): PriceRates => {
  const { items, cachedAudioInput, ...others } = rates
  const each = (nano: bigint | null): bigint | null => (nano === null ? null : change(nano))
  return {
    input: each(others.input),
    cachedInput: each(others.cachedInput),
    output: each(others.output),
    cacheWrite5m: each(others.cacheWrite5m),
    cacheWrite1h: each(others.cacheWrite1h),
    reasoning: each(others.reasoning),
    audioInput: each(others.audioInput),
    audioOutput: each(others.audioOutput),
    imageInput: each(others.imageInput),
    imageOutput: each(others.imageOutput),
    perCall: each(others.perCall),
    items:
      items === null ? null : Object.fromEntries(Object.entries(items).map(([name, nano]) => [name, change(nano)])),
    ...(cachedAudioInput === undefined ? {} : { cachedAudioInput: change(cachedAudioInput) }),
  }
}

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
  /** Rows of a higher rank stand for the whole price: while one is in force, those below it are not asked. Absent = 0, the list price. */
  readonly rank?: number
  /** Of rows of one rank for the same calls the highest revision counts. Absent = 0, as shipped. */
  readonly revision?: number
  /** For a row in another currency: what a dollar costs, by day. Absent = it cannot be converted. */
  readonly perUsd?: readonly FxRate[]
}

const hashOf = (row: PriceRow): string => {
  const { source: _source, read: _read, rank: _rank, revision: _revision, perUsd: _perUsd, ...deciding } = row
  const text = JSON.stringify(deciding, (key, value: unknown) => {
    if (key === 'calendar') return undefined
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
 * 128 bits of SHA-256 in hex. The place where the row was read does not count, nor do its rank among others, the name of a
 * calendar (its days do) and the rates of exchange, which a call's record has beside the hash.
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

const dayMs = 86_400_000

/** Whether the window holds at some instant of `[fromMs, untilMs]`: tried at both ends, and at its own beginnings in between. */
export const windowMayHold = (window: PriceWindow, fromMs: number, untilMs: number): boolean => {
  if (windowHolds(window, fromMs) || windowHolds(window, untilMs)) return true
  const firstMs = Math.floor(fromMs / dayMs) * dayMs + window.fromMinute * minuteMs
  for (let beginMs = firstMs; beginMs <= untilMs; beginMs += dayMs)
    if (beginMs >= fromMs && windowHolds(window, beginMs)) return true
  return false
}

/** Dates and windows: the dates are those of the arrival, the windows those of the whole time that is asked about. */
type Moment = { readonly atMs: number; readonly untilMs: number }

const inForce = (row: PriceRow, { atMs, untilMs }: Moment): boolean =>
  (row.fromMs === null || row.fromMs <= atMs) &&
  (row.untilMs === null || atMs < row.untilMs) &&
  (row.windows === null || row.windows.some((window) => windowMayHold(window, atMs, untilMs)))

const rankOf = (row: PriceRow): number => row.rank ?? 0
const revisionOf = (row: PriceRow): number => row.revision ?? 0

/** Whether a newer row stands for the same calls as an older one: a row of all day also for those with windows. */
const stands = (newer: PriceRow, older: PriceRow): boolean =>
  revisionOf(newer) > revisionOf(older) &&
  newer.serviceTier === older.serviceTier &&
  newer.contextOverTokens === older.contextOverTokens &&
  (newer.windows === null || older.windows !== null)

const inUsd = (row: PriceRow): boolean => row.currency === 'USD'

/** The rate that turns a row's currency into dollars at an instant; `null` = none is known, or none is needed. */
export const rowFxRate = (row: PriceRow, atMs: number): FxRate | null =>
  inUsd(row) ? null : fxRateAt(row.perUsd ?? [], row.currency, atMs)

const isTimeless = ({ fromMs, untilMs, windows, currency }: PriceRow): boolean =>
  fromMs === null && untilMs === null && windows === null && currency === 'USD'

/** What decides among rows that hold always and need no rate of exchange: the same for every call. */
const decidingAlways = new WeakMap<readonly PriceRow[], readonly PriceRow[]>()

/**
 * The rows that decide: in force, of the highest rank, each in its newest revision; in dollars where there are such, else those
 * that can be turned into dollars.
 */
const deciding = (rows: readonly PriceRow[], moment: Moment, currency: Currency | null): readonly PriceRow[] => {
  const known = currency === null ? decidingAlways.get(rows) : undefined
  if (known !== undefined) return known
  const found = decidingAt(rows, moment, currency)
  if (currency === null && rows.every(isTimeless)) decidingAlways.set(rows, found)
  return found
}

const decidingAt = (rows: readonly PriceRow[], moment: Moment, currency: Currency | null): readonly PriceRow[] => {
  const current = rows.filter((row) => inForce(row, moment) && (currency === null || row.currency === currency))
  const rank = Math.max(...current.map(rankOf))
  const ranked = current.filter((row) => rankOf(row) === rank)
  const dollars = ranked.filter(inUsd)
  const convertible = (row: PriceRow): boolean => currency !== null || rowFxRate(row, moment.atMs) !== null
  const priced = dollars.length > 0 ? dollars : ranked.filter(convertible)
  return priced.filter((row) => !priced.some((other) => stands(other, row)))
}

/** The tier that a vendor's name for it is billed as. */
const tierOf = (name: string | null): string => tierNames.get(name ?? 'default') ?? name ?? 'default'

/**
 * Every row that may come to rate a call whose input is at most `inputTokensMax`, whose tier may be served as asked or as the
 * default one, and which may last until `untilMs`: for the bound of what it can cost.
 */
export const rowsThatMayRate = (
  rows: readonly PriceRow[],
  question: {
    readonly atMs: number
    readonly untilMs: number
    readonly serviceTier: string | null
    readonly inputTokensMax: number
    /** The tier is served as asked, so that the default one's rows only count where it has none. Absent = it may be the default one. */
    readonly isCertain?: boolean
  },
): readonly PriceRow[] => {
  const tiers = ['default', tierOf(question.serviceTier)]
  const found = deciding(rows, question, null).filter(
    (row) => tiers.includes(row.serviceTier) && (row.contextOverTokens ?? 0) <= question.inputTokensMax,
  )
  if (question.isCertain !== true) return found
  const asked = tierOf(question.serviceTier)
  const own = new Set(found.filter((row) => row.serviceTier === asked).map((row) => row.contextOverTokens ?? 0))
  return found.filter((row) => row.serviceTier === asked || !own.has(row.contextOverTokens ?? 0))
}

export type PriceQuestion = {
  /** The instant that decides: a call's arrival. */
  readonly atMs: number
  /** The tier that served the call, as the vendor says; `null` = the default one. */
  readonly serviceTier: string | null
  /** All input tokens, cached ones included; `null` = unknown, rated at the base step. */
  readonly inputTokens: number | null
  /** Only rows of this currency, whether they can be converted or not; absent = what can be said in dollars. */
  readonly currency?: Currency
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
  const current = deciding(rows, { atMs, untilMs: atMs }, question.currency ?? null)
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
