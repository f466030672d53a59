/** genai-prices (https://github.com/pydantic/genai-prices, `prices/data.json`, read 2026-11-22): USD per million, cliffs, prices by date. */

import { isObject } from '#base/json-type.ts'
import { ratesOfFigures, scales } from './figure.ts'
import type { PriceSource, ReadPrice, ReadRequest, TableReading } from './proposal.ts'

const fields = {
  input: 'input_mtok',
  cachedInput: 'cache_read_mtok',
  cacheWrite5m: 'cache_write_mtok',
  output: 'output_mtok',
  audioInput: 'input_audio_mtok',
  audioOutput: 'output_audio_mtok',
  cachedAudioInput: 'cache_audio_read_mtok',
} as const

type Fields = Readonly<Record<string, unknown>>

const tiersOf = (value: unknown): readonly { readonly start: number; readonly price: unknown }[] => {
  const tiers = isObject(value) ? value['tiers'] : null
  if (!Array.isArray(tiers)) return []
  return tiers.filter(isObject).flatMap((tier) => {
    const { start, price } = tier
    return typeof start === 'number' ? [{ start, price }] : []
  })
}

const baseOf = (value: unknown): unknown => (isObject(value) ? value['base'] : value)

/** What a figure is past a step: that of the highest step that it has until there. */
const atStep = (value: unknown, step: number): unknown =>
  tiersOf(value)
    .filter(({ start }) => start <= step)
    .at(-1)?.price ?? baseOf(value)

const figures = (prices: Fields, read: (value: unknown) => unknown) =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, read(prices[field])]))

const rowsOf = (prices: Fields, names: Pick<ReadPrice, 'vendor' | 'names'>): readonly ReadPrice[] => {
  const steps = [...new Set(Object.values(fields).flatMap((field) => tiersOf(prices[field]).map(({ start }) => start)))]
  const perCall = prices['requests_kcount']
  const withCalls = (rates: ReadPrice['rates']): ReadPrice['rates'] =>
    perCall === undefined ? rates : { ...rates, perCall: ratesOfFigures({ perCall }, scales.usdPerThousand).perCall }
  const scale = scales.usdPerMillion
  return [
    { ...names, rates: withCalls(ratesOfFigures(figures(prices, baseOf), scale)) },
    ...steps.map((step) => ({
      ...names,
      contextOverTokens: step,
      rates: withCalls(
        ratesOfFigures(
          figures(prices, (value) => atStep(value, step)),
          scale,
        ),
      ),
    })),
  ]
}

/** Of prices by date the last that has begun; prices by time of day are another matter, and are said. */
const pricesInForce = (prices: unknown, read: string): Fields | 'time of day' | null => {
  if (!Array.isArray(prices)) return isObject(prices) ? prices : null
  let found: Fields | null = null
  for (const entry of prices.filter(isObject)) {
    const { constraint, prices: inner } = entry
    if (isObject(constraint) && 'start_time' in constraint) return 'time of day'
    const start = isObject(constraint) ? constraint['start_date'] : null
    if (isObject(inner) && (typeof start !== 'string' || start <= read)) found = inner
  }
  return found
}

/** Every name that a rule of the table equals. */
const equalsIn = (match: unknown): readonly string[] => {
  if (!isObject(match)) return []
  const { equals, or } = match
  return [...(typeof equals === 'string' ? [equals] : []), ...(Array.isArray(or) ? or.flatMap(equalsIn) : [])]
}

const read = ({ json, read: day }: ReadRequest): TableReading => {
  const prices: ReadPrice[] = []
  const skipped: string[] = []
  for (const provider of Array.isArray(json) ? json.filter(isObject) : []) {
    const vendor = String(provider['id'])
    const models = Array.isArray(provider['models']) ? provider['models'].filter(isObject) : []
    for (const model of models) {
      const id = String(model['id'])
      const current = pricesInForce(model['prices'], day)
      if (current === 'time of day') skipped.push(`${vendor}/${id}: prices by time of day`)
      else if (current !== null) prices.push(...rowsOf(current, { vendor, names: [id, ...equalsIn(model['match'])] }))
    }
  }
  return { prices, skipped }
}

export const genaiPrices: PriceSource = {
  name: 'genai-prices',
  title: 'genai-prices',
  url: 'https://github.com/pydantic/genai-prices',
  recognises: (json) => Array.isArray(json) && json.some((one) => isObject(one) && Array.isArray(one['models'])),
  read,
}
