/** What a model costs, in dollars per million tokens: from the catalog's dated rows, or from prices that a person gave. */

import type { Currency, PriceRates, PriceRow } from '#base/price-row.ts'
import { priceAt } from '#base/price-row.ts'
import { nearestIds, resolutions } from '#catalog/lookup.ts'
import type { Catalog, CatalogModel } from '#catalog/model.ts'
import type { Read } from './quantity.ts'
import { dayOf, refused } from './quantity.ts'
import type { Rational } from './rational.ts'
import { dividedBy, ofNano, rational, sum } from './rational.ts'

/** Dollars per million tokens, and per call. `null` = not sold apart: input's price holds. */
export type Rates = {
  readonly input: Rational
  readonly cachedInput: Rational | null
  readonly cacheWrite: Rational | null
  readonly output: Rational
  readonly perCall: Rational | null
}

/** Where rates come from, for whoever checks them. */
export type RateSource = { readonly text: string; readonly url: string | null; readonly read: string | null }

export type PricedModel = {
  readonly vendor: string
  readonly model: string
  readonly name: string
  readonly rates: Rates
  readonly source: RateSource
  readonly notes: readonly string[]
}

/** The same price for every kind of token. */
export const blended = (price: Rational): Rates => ({
  input: price,
  cachedInput: null,
  cacheWrite: null,
  output: price,
  perCall: null,
})

export type RateQuestion = {
  readonly atMs: number
  readonly serviceTier: string | null
  /** Mean input of a call, which decides the step of prices that depend on it; `null` = unknown, the base step. */
  readonly inputTokens: number | null
  /** Yuan for one dollar; `null` = prices in yuan cannot be used. */
  readonly exchangeRate: Rational | null
}

const hourMs = 3_600_000
const hoursPerWeek = 168

/** The rows that rate the hours of the week from `atMs` on: one where the price does not change with the time of day. */
const rowsOfWeek = (rows: readonly PriceRow[], currency: Currency, question: RateQuestion): readonly PriceRow[] => {
  const { atMs, serviceTier, inputTokens } = question
  const hours = rows.some(({ windows }) => windows !== null) ? hoursPerWeek : 1
  const found: PriceRow[] = []
  for (let hour = 0; hour < hours; hour += 1) {
    const choice = priceAt(rows, { atMs: atMs + hour * hourMs, serviceTier, inputTokens, currency })
    if (choice !== null) found.push(choice.row)
  }
  return found
}

const mean = (
  rows: readonly PriceRow[],
  rate: (rates: PriceRates) => bigint | null,
  perDollar: Rational,
): Rational | null => {
  const known = rows.flatMap(({ rates }) => {
    const nano = rate(rates)
    return nano === null ? [] : [ofNano(nano)]
  })
  if (known.length === 0) return null
  const average = dividedBy(sum(known), rational(BigInt(known.length)))
  return average === null ? null : dividedBy(average, perDollar)
}

const later = (rows: readonly PriceRow[], atMs: number): string | null => {
  const next = rows.map(({ fromMs }) => fromMs ?? 0).filter((fromMs) => fromMs > atMs)
  return next.length === 0 ? null : dayOf(Math.min(...next))
}

const notesOf = (model: CatalogModel, rows: readonly PriceRow[], question: RateQuestion): readonly string[] => {
  const { atMs, inputTokens } = question
  const change = later(model.priceRows, atMs)
  const steps = model.priceRows.flatMap(({ contextOverTokens }) => contextOverTokens ?? [])
  const notes = [
    rows.length > 1 ? `${model.id} has prices by the time of day: the mean over the hours of a week was taken.` : null,
    change === null ? null : `The price of ${model.id} changes on ${change}; today's was taken.`,
    steps.length > 0 && inputTokens === null
      ? `${model.id} costs more for calls over ${Math.min(...steps)} input tokens; how many there are is not in the usage, so the base price was taken.`
      : null,
    model.retiresOn === null ? null : `${model.id} is switched off on ${model.retiresOn}.`,
  ]
  return notes.filter((note) => note !== null)
}

const pricedOf = (model: CatalogModel, question: RateQuestion): Read<PricedModel> => {
  const { exchangeRate } = question
  const name = `${model.vendor}/${model.id}`
  const inUsd = rowsOfWeek(model.priceRows, 'USD', question)
  const inCny = inUsd.length > 0 ? [] : rowsOfWeek(model.priceRows, 'CNY', question)
  const rows = inUsd.length > 0 ? inUsd : inCny
  const [row] = rows
  if (row === undefined)
    return refused(`The catalog has no price of ${name}.`, 'Give its prices: --from-price or --to-price.')
  if (row.currency === 'CNY' && exchangeRate === null)
    return refused(
      `${name} is sold in yuan, and the answer is in dollars.`,
      'How many yuan is a dollar? Give it as --fx 7.10.',
    )
  const perDollar = row.currency === 'CNY' && exchangeRate !== null ? exchangeRate : rational(1n)
  const input = mean(rows, ({ input: rate }) => rate, perDollar)
  if (input === null)
    return refused(`The catalog has no price of input tokens of ${name}.`, 'It is not sold by tokens.')
  return {
    ok: true,
    value: {
      vendor: model.vendor,
      model: model.id,
      name: model.name,
      rates: {
        input,
        cachedInput: mean(rows, ({ cachedInput }) => cachedInput, perDollar),
        cacheWrite: mean(rows, ({ cacheWrite5m }) => cacheWrite5m, perDollar),
        output: mean(rows, ({ output }) => output, perDollar) ?? rational(0n),
        perCall: mean(rows, ({ perCall }) => perCall, perDollar),
      },
      source: { text: `catalog, ${name}`, url: row.source, read: row.read },
      notes: notesOf(model, rows, question),
    },
  }
}

/** The model of the catalog behind `provider/model` or a model's name; hosts of other makers' models are found by their own name only. */
export const catalogModel = (catalog: Catalog, asked: string, atMs: number): Read<CatalogModel> => {
  const slash = asked.indexOf('/')
  const vendor = slash === -1 ? null : asked.slice(0, slash)
  const tries = [
    ...(vendor !== null && catalog.byVendor.has(vendor) ? [{ name: asked.slice(slash + 1), vendors: [vendor] }] : []),
    { name: asked, vendors: null },
  ]
  for (const one of tries) {
    const [found] = resolutions(catalog, { ...one, atMs })
    if (found?.kind === 'found') return { ok: true, value: found.model }
    if (found?.kind === 'retired') {
      const { retiredOn, successor } = found.retirement
      return refused(
        `${asked} was switched off on ${retiredOn}.`,
        successor === null ? 'Give a model that lives, or its prices.' : `Its successor is ${successor}.`,
      )
    }
  }
  const name = slash === -1 ? asked : asked.slice(slash + 1)
  const near = nearestIds(catalog, { name, atMs, vendors: null, also: [], countMax: 3 })
  return refused(
    `The catalog knows no model '${asked}'.`,
    `${near.length === 0 ? '' : `The nearest are ${near.join(', ')}. `}Or give prices: --from-price, --to-price.`,
  )
}

/** What a model of the catalog costs now. */
export const pricedModel = (catalog: Catalog, asked: string, question: RateQuestion): Read<PricedModel> => {
  const model = catalogModel(catalog, asked, question.atMs)
  return model.ok ? pricedOf(model.value, question) : model
}

/** What a model costs that was retired meanwhile: what was used is still to be priced. `null` = unknown or unpriced. */
export const knownModel = (
  catalog: Catalog,
  { vendor, name }: { readonly vendor: string; readonly name: string },
  question: RateQuestion,
): PricedModel | null => {
  const bare = name.slice(name.indexOf('/') + 1)
  const all = [
    ...[...(catalog.byVendor.get(vendor)?.byName ?? [])].filter(([id]) => id === name || id === bare),
    ...catalog.vendors.flatMap(({ byName }) => [...byName].filter(([id]) => id === name || id === bare)),
  ]
  for (const [, { model }] of all) {
    const priced = pricedOf(model, question)
    if (priced.ok) return priced.value
  }
  return null
}
