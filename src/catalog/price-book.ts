/** The operator's entries as the tables of models need them: rows by vendor, by id, by account and plan; rules; rates of exchange. */

import type { FxRate } from '#base/fx-rate.ts'
import type { PriceRow, PriceWindow } from '#base/price-row.ts'
import type { PriceRule } from '#base/price-rule.ts'
import type { PriceEntry } from './port.ts'
import { onCalendar } from './price.ts'
import type { World } from './world.ts'

/** What stands above what: a list price, what everybody pays for an id, what a plan pays, what an account pays. */
export const priceRanks = { list: 0, sale: 1, plan: 2, account: 3 } as const

/** An operator's rate stands above a shipped one. */
const ownFxRank = 1

export type PriceBook = {
  /** By `vendor/model`. */
  readonly list: ReadonlyMap<string, readonly PriceRow[]>
  /** By the id that callers use. */
  readonly sale: ReadonlyMap<string, readonly PriceRow[]>
  /** By id; then by `account:<id>` and `plan:<name>`. */
  readonly own: ReadonlyMap<string, ReadonlyMap<string, readonly PriceRow[]>>
  readonly rules: readonly PriceRule[]
  /** The operator's, and those that are shipped. */
  readonly fxRates: readonly FxRate[]
}

const calendared = (window: PriceWindow, { calendars }: World): PriceWindow => {
  const calendar = window.calendar === undefined ? undefined : calendars.get(window.calendar.name)
  return calendar === undefined ? window : { ...window, ...onCalendar(calendar) }
}

const put = (into: Map<string, PriceRow[]>, name: string, row: PriceRow): void => {
  into.set(name, [...(into.get(name) ?? []), row])
}

/** The book of all entries that stand. `rules` and `fxRates` of the configuration come before those of the store. */
export const priceBookOf = (
  entries: readonly PriceEntry[],
  given: { readonly world: World; readonly rules: readonly PriceRule[]; readonly fxRates: readonly FxRate[] },
): PriceBook => {
  const standing = entries.filter(({ withdrawnMs }) => withdrawnMs === null)
  const ownRates = [...given.fxRates, ...standing.flatMap(({ body }) => (body.kind === 'fx' ? [body.rate] : []))].map(
    (rate): FxRate => ({ ...rate, rank: ownFxRank }),
  )
  const fxRates = [...given.world.fxRates, ...ownRates]
  const rowOf = (row: PriceRow, revision: number, rank: number): PriceRow =>
    Object.freeze({
      ...row,
      revision,
      rank,
      windows: row.windows === null ? null : row.windows.map((window) => calendared(window, given.world)),
      ...(row.currency === 'USD' ? {} : { perUsd: fxRates }),
    })
  const list = new Map<string, PriceRow[]>()
  const sale = new Map<string, PriceRow[]>()
  const own = new Map<string, Map<string, PriceRow[]>>()
  for (const { body, revision } of standing) {
    if (body.kind === 'list')
      put(list, `${body.row.vendor}/${body.row.model}`, rowOf(body.row, revision, priceRanks.list))
    if (body.kind !== 'sale') continue
    const { row, account, plan } = body
    if (account === null && plan === null) {
      put(sale, row.model, rowOf(row, revision, priceRanks.sale))
      continue
    }
    const whose = own.get(row.model) ?? new Map<string, PriceRow[]>()
    own.set(row.model, whose)
    if (account !== null) put(whose, `account:${account}`, rowOf(row, revision, priceRanks.account))
    else put(whose, `plan:${plan}`, rowOf(row, revision, priceRanks.plan))
  }
  return {
    list,
    sale,
    own,
    rules: [...given.rules, ...standing.flatMap(({ body }) => (body.kind === 'rule' ? [body.rule] : []))],
    fxRates,
  }
}

/** Rows of other currencies with these rates: the shipped ones know only those that are shipped. */
export const withRates = (rows: readonly PriceRow[], fxRates: readonly FxRate[]): readonly PriceRow[] =>
  rows.every(({ currency }) => currency === 'USD')
    ? rows
    : rows.map((row) => (row.currency === 'USD' ? row : { ...row, perUsd: fxRates }))
