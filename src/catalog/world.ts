/** Facts of no vendor: public holidays and rates of exchange, from `catalog/world/`. */

import * as z from 'zod'
import type { FxRate } from '#base/fx-rate.ts'
import { nanoOf } from '#base/money.ts'

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)
const source = z.strictObject({ url: z.string().regex(/^https:\/\/[^\s]+$/), read: day })

const calendarFile = z.record(
  z.string(),
  z.strictObject({
    title: z.string(),
    /** The last day of the last year that has been announced. */
    through: day,
    sources: z.array(source).min(1),
    days: z.array(day).min(1),
    /** Days past `through` that are holidays whatever will be announced, and why that is believed. */
    assumed: z.strictObject({ through: day, why: z.string(), days: z.array(day).min(1) }).optional(),
  }),
)

const fxFile = z.strictObject({
  source,
  /** By currency: what a dollar costs, from a day on. */
  per_usd: z.record(z.string(), z.array(z.strictObject({ from: day, rate: z.string() })).min(1)),
})

/** Public holidays by UTC day, and the last day that is announced. */
export type Calendar = {
  readonly name: string
  readonly title: string
  readonly through: string
  /** Until when further days are assumed; `null` = none are. */
  readonly assumedThrough: string | null
  readonly days: readonly string[]
}

export type World = { readonly calendars: ReadonlyMap<string, Calendar>; readonly fxRates: readonly FxRate[] }

/** No facts: price windows that name a calendar are refused, and other currencies cannot be converted. */
export const noWorld: World = Object.freeze({ calendars: new Map(), fxRates: [] })

/** @throws RangeError, or Zod's error, saying what is wrong. */
export const calendarsOf = (json: unknown): World['calendars'] =>
  new Map(
    Object.entries(calendarFile.parse(json)).map(([name, { title, through, days, assumed }]) => [
      name,
      Object.freeze({
        name,
        title,
        through,
        assumedThrough: assumed?.through ?? null,
        days: Object.freeze([...days, ...(assumed?.days ?? [])]),
      }),
    ]),
  )

/** @throws RangeError, or Zod's error, saying what is wrong. */
export const fxRatesOf = (json: unknown): readonly FxRate[] => {
  const file = fxFile.parse(json)
  return Object.entries(file.per_usd).flatMap(([currency, rows]) =>
    rows.map(({ from, rate }) => {
      const perUsdNano = nanoOf(rate)
      if (perUsdNano <= 0n) throw new RangeError(`${currency} from ${from}: a rate is above zero`)
      return { currency, perUsdNano, fromMs: Date.parse(from), source: file.source.url, read: file.source.read }
    }),
  )
}
