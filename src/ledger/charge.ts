/**
 * Usage x price row = cost: one sum in integers, multiplied by what a rate of exchange, a markup and a discount make of it,
 * divided once, rounded half up to nano-USD.
 */

import type { FxRate } from '#base/fx-rate.ts'
import { divideHalfUp, nanoPerUnit, tokensPerPrice } from '#base/money.ts'
import type { PriceChoice, PriceRates, PriceRow } from '#base/price-row.ts'
import { priceAt, priceRowHash, rowFxRate } from '#base/price-row.ts'
import type { AppliedRules, Factor } from '#base/price-rule.ts'
import { discountFactor, feeFactor, markupFactor, noRules } from '#base/price-rule.ts'
import type { Usage } from '#base/usage.ts'

export type Charge = {
  readonly costNanoUsd: bigint
  /** Before the discount; the same where there is none. */
  readonly baseNanoUsd: bigint
  readonly priceHash: string | null
  /** `null` = free on purpose. */
  readonly choice: PriceChoice | null
  readonly fxRate: FxRate | null
  readonly rules: AppliedRules
  /** Pieces that were used and that the row does not price: nothing is charged for them, which is said on the record. */
  readonly unpricedItems: readonly string[]
}

/** Nothing, on purpose. */
export const freeCharge: Charge = Object.freeze({
  costNanoUsd: 0n,
  baseNanoUsd: 0n,
  priceHash: null,
  choice: null,
  fxRate: null,
  rules: noRules,
  unpricedItems: [],
})

/** What is counted, how much of it there was, and what a million of it costs (or one, for a piece). */
export type ChargeLine = {
  readonly item: string
  readonly count: number
  readonly rateNano: bigint | null
  readonly perMillion: boolean
}

type Part = readonly [item: string, count: number, rate: bigint | null]

/** Takes each part out of the whole; what the parts leave is the first line. Parts never add up to more than their whole; lines of nothing are left out. */
const linesOf = ([item, whole, rate]: Part, parts: readonly Part[]): readonly ChargeLine[] => {
  let left = whole
  const taken: ChargeLine[] = []
  for (const [name, count, partRate] of parts) {
    const part = Math.min(Math.max(0, count), left)
    left -= part
    if (part > 0) taken.push({ item: name, count: part, rateNano: partRate, perMillion: true })
  }
  return left > 0 ? [{ item, count: left, rateNano: rate, perMillion: true }, ...taken] : taken
}

const inputLines = (usage: Usage, rates: PriceRates, input: number): readonly ChargeLine[] => {
  const cached = usage.cachedInput ?? 0
  const cachedAudio = rates.cachedAudioInput === undefined ? 0 : Math.min(usage.cachedAudioInput ?? 0, cached)
  const write1h = usage.cacheWrite1h ?? 0
  const write5m = Math.max((usage.cacheWrite ?? 0) - write1h, usage.cacheWrite === null ? (usage.cacheWrite5m ?? 0) : 0)
  return linesOf(
    ['input', input, rates.input],
    [
      ['cached audio input', cachedAudio, rates.cachedAudioInput ?? null],
      ['cached input', cached - cachedAudio, rates.cachedInput ?? rates.input],
      ['cache write 1h', write1h, rates.cacheWrite1h ?? rates.cacheWrite5m ?? rates.input],
      ['cache write', write5m, rates.cacheWrite5m ?? rates.input],
      ['audio input', usage.audioInput ?? 0, rates.audioInput ?? rates.input],
      ['image input', usage.imageInput ?? 0, rates.imageInput ?? rates.input],
    ],
  )
}

const outputLines = (usage: Usage, rates: PriceRates, output: number): readonly ChargeLine[] =>
  linesOf(
    ['output', output, rates.output],
    [
      ['reasoning', usage.reasoning ?? 0, rates.reasoning ?? rates.output],
      ['audio output', usage.audioOutput ?? 0, rates.audioOutput ?? rates.output],
      ['image output', usage.imageOutput ?? 0, rates.imageOutput ?? rates.output],
    ],
  )

const pieceLines = (usage: Usage, rates: PriceRates): readonly ChargeLine[] => [
  { item: 'call', count: rates.perCall === null ? 0 : 1, rateNano: rates.perCall, perMillion: false },
  ...Object.entries(usage.items ?? {}).map(
    ([item, count]): ChargeLine => ({
      item,
      count: Math.ceil(count),
      rateNano: rates.items?.[item] ?? null,
      perMillion: false,
    }),
  ),
]

/** What a row asks for any token of one side; `null` = it has no price for that side. */
const inputPrice = (rates: PriceRates): bigint | null => rates.input ?? rates.audioInput ?? rates.imageInput
const outputPrice = (rates: PriceRates): bigint | null => rates.output ?? rates.audioOutput ?? rates.imageOutput

const isCounted = (usage: Usage, rates: PriceRates): boolean =>
  rates.perCall !== null || Object.keys(rates.items ?? {}).some((item) => usage.items?.[item] !== undefined)

/**
 * What a usage comes to under a row, line by line; lines of nothing are left out. `null` = unpriced, because something is
 * unknown, or was used, that the row would have to price. A piece that the row does not price
 * costs nothing, and its line says so: a call that asks for it is refused before, where it would have to be paid (relay/bound.ts).
 * A row without a price for any token sells by the call or the piece: then tokens cost nothing, and one of its pieces must be known.
 */
export const chargeLines = (usage: Usage, rates: PriceRates): readonly ChargeLine[] | null => {
  const pieces = pieceLines(usage, rates).filter(({ count }) => count > 0)
  if (inputPrice(rates) === null && outputPrice(rates) === null) return isCounted(usage, rates) ? pieces : null
  if (usage.input === null && inputPrice(rates) !== null) return null
  if (usage.output === null && outputPrice(rates) !== null) return null
  // What need not be known has no line.
  const tokens = [...inputLines(usage, rates, usage.input ?? 0), ...outputLines(usage, rates, usage.output ?? 0)]
  return tokens.some(({ rateNano }) => rateNano === null) ? null : [...tokens, ...pieces]
}

/** Nano units times a million. */
export const sumOfLines = (lines: readonly ChargeLine[]): bigint =>
  lines.reduce(
    (sum, { count, rateNano, perMillion }) =>
      sum + BigInt(count) * (rateNano ?? 0n) * (perMillion ? 1n : tokensPerPrice),
    0n,
  )

/** What turns a row's nano units into nano-USD; `null` = no rate of exchange is in force. */
export const usdFactor = (row: PriceRow, atMs: number): Factor | null => {
  if (row.currency === 'USD') return { numerator: 1n, denominator: 1n }
  const rate = rowFxRate(row, atMs)
  return rate === null ? null : { numerator: nanoPerUnit, denominator: rate.perUsdNano }
}

/** A rate times these factors: divided once, rounded half up. For showing; calls multiply first and divide at the end. */
export const rateBy = (rateNano: bigint, factors: readonly Factor[]): bigint =>
  amountOf(rateNano * tokensPerPrice, factors)

/** A sum in nano units times a million, times these factors, as nano-USD: divided once, rounded half up. */
export const amountOf = (sum: bigint, factors: readonly Factor[]): bigint =>
  divideHalfUp(
    factors.reduce((product, { numerator }) => product * numerator, sum),
    factors.reduce((product, { denominator }) => product * denominator, tokensPerPrice),
  )

/**
 * What a call costs: `null` = unpriced, because no row holds or because something was used, or is unknown, that the
 * row prices. `free` is zero on purpose and has no row.
 */
export const saleOf = (
  usage: Usage,
  rows: readonly PriceRow[] | 'free',
  { atMs, rules }: { readonly atMs: number; readonly rules: AppliedRules },
): Charge | null => {
  if (rows === 'free') return freeCharge
  const choice = priceAt(rows, { atMs, inputTokens: usage.input ?? 0, serviceTier: usage.serviceTier })
  // No part of what nobody knows is nothing all the same.
  const unknown = rules.feeBasisPoints === 0 ? { ...freeCharge, rules } : null
  if (choice === null) return unknown
  const { row } = choice
  const lines = chargeLines(usage, row.rates)
  const toUsd = usdFactor(row, atMs)
  if (lines === null || toUsd === null) return unknown
  const sum = sumOfLines(lines)
  const factors = [toUsd, markupFactor(rules.markup), feeFactor(rules)]
  return {
    costNanoUsd: amountOf(sum, [...factors, discountFactor(rules.discount)]),
    baseNanoUsd: amountOf(sum, factors),
    priceHash: priceRowHash(row),
    choice,
    fxRate: rowFxRate(row, atMs),
    rules,
    unpricedItems: lines.filter(({ rateNano }) => rateNano === null).map(({ item }) => item),
  }
}

/** What a call costs by its rows alone, without markup and discount: also what an attempt costs the operator. */
export const chargeOf = (usage: Usage, rows: readonly PriceRow[] | 'free', atMs: number): Charge | null =>
  saleOf(usage, rows, { atMs, rules: noRules })
