/** Usage x price row = cost: one sum in integers, divided once, rounded half up to nano-USD. */

import { divideHalfUp, tokensPerPrice } from '#base/money.ts'
import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { priceAt, priceRowHash } from '#base/price-row.ts'
import type { Usage } from '#base/usage.ts'

export type Charge = { readonly costNanoUsd: bigint; readonly priceHash: string | null }

/** What a call is priced by: dated, tiered, with the cliff that its input is past. `null` = unpriced. Other currencies need an exchange rate. */
export const rowInForce = (
  rows: readonly PriceRow[],
  at: { readonly atMs: number; readonly inputTokens: number; readonly serviceTier: string | null },
): PriceRow | null => priceAt(rows, { ...at, currency: 'USD' })?.row ?? null

type Line = { readonly count: number; readonly rate: bigint | null }

const inputLines = (usage: Usage, rates: PriceRates): readonly Line[] | null => {
  if (usage.input === null) return rates.input === null ? [] : null
  const cached = usage.cachedInput ?? 0
  const write1h = usage.cacheWrite1h ?? 0
  const write5m = Math.max(0, (usage.cacheWrite ?? 0) - write1h)
  const audio = usage.audioInput ?? 0
  const image = usage.imageInput ?? 0
  return [
    { count: Math.max(0, usage.input - cached - write5m - write1h - audio - image), rate: rates.input },
    { count: cached, rate: rates.cachedInput ?? rates.input },
    { count: write5m, rate: rates.cacheWrite5m ?? rates.input },
    { count: write1h, rate: rates.cacheWrite1h ?? rates.cacheWrite5m ?? rates.input },
    { count: audio, rate: rates.audioInput ?? rates.input },
    { count: image, rate: rates.imageInput ?? rates.input },
  ]
}

const outputLines = (usage: Usage, rates: PriceRates): readonly Line[] | null => {
  if (usage.output === null) return rates.output === null ? [] : null
  const reasoning = usage.reasoning ?? 0
  const audio = usage.audioOutput ?? 0
  const image = usage.imageOutput ?? 0
  return [
    { count: Math.max(0, usage.output - reasoning - audio - image), rate: rates.output },
    { count: Math.min(reasoning, usage.output), rate: rates.reasoning ?? rates.output },
    { count: audio, rate: rates.audioOutput ?? rates.output },
    { count: image, rate: rates.imageOutput ?? rates.output },
  ]
}

/** Nano units times a million tokens; `null` where something was used that the row does not price. */
const sumOf = (usage: Usage, rates: PriceRates): bigint | null => {
  const input = inputLines(usage, rates)
  const output = outputLines(usage, rates)
  if (input === null || output === null) return null
  let sum = (rates.perCall ?? 0n) * tokensPerPrice
  for (const { count, rate } of [...input, ...output]) {
    if (count === 0) continue
    if (rate === null) return null
    sum += BigInt(count) * rate
  }
  for (const [name, count] of Object.entries(usage.items ?? {})) {
    const rate = rates.items?.[name]
    if (rate !== undefined) sum += BigInt(Math.ceil(count)) * rate * tokensPerPrice
  }
  return sum
}

/**
 * What a call costs: `null` = unpriced, because no row holds or because something was used, or is unknown, that the
 * row prices. `free` is zero on purpose and has no row.
 */
export const chargeOf = (usage: Usage, rows: readonly PriceRow[] | 'free', atMs: number): Charge | null => {
  if (rows === 'free') return { costNanoUsd: 0n, priceHash: null }
  const row = rowInForce(rows, { atMs, inputTokens: usage.input ?? 0, serviceTier: usage.serviceTier })
  if (row === null) return null
  const sum = sumOf(usage, row.rates)
  return sum === null ? null : { costNanoUsd: divideHalfUp(sum, tokensPerPrice), priceHash: priceRowHash(row) }
}
