/** How a call's charge comes about: tokens times rates, what was put on and taken off, one rounding at the end. */

import type { CallRecord, PricingRule } from '#base/call-record.ts'
import { nanoPerUnit, tokensPerPrice } from '#base/money.ts'
import type { PriceRow } from '#base/price-row.ts'
import type { ChargeLine } from '#ledger/charge.ts'
import { amountOf, chargeLines, sumOfLines } from '#ledger/charge.ts'

type Factor = { readonly numerator: bigint; readonly denominator: bigint }

export type ExplainedLine = ChargeLine & {
  /** In the row's currency, exact: no digit is rounded. */
  readonly amount: string
}

export type Explained = {
  readonly lines: readonly ExplainedLine[]
  /** Of the lines, in the row's currency, exact. */
  readonly sum: string
  /** The sum, in dollars, after markups and a relay fee, before discounts. */
  readonly baseNanoUsd: bigint
  /** What the rates and rules come to, rounded once. */
  readonly ratedNanoUsd: bigint
}

const basisPointsWhole = 10_000n
const exactPlaces = 15

/** The exact decimal of nano units times a million. */
const exactText = (scaled: bigint): string => {
  const unit = nanoPerUnit * tokensPerPrice
  const fraction = (scaled % unit).toString().padStart(exactPlaces, '0').replace(/0+$/, '').padEnd(2, '0')
  return `${scaled / unit}.${fraction}`
}

const partsOf = (kind: PricingRule['kind'], basisPoints: number): bigint => {
  if (kind === 'fee') return BigInt(basisPoints)
  return basisPointsWhole + BigInt(kind === 'markup' ? basisPoints : -basisPoints)
}

const factorsOf = (record: CallRecord, kinds: readonly PricingRule['kind'][]): readonly Factor[] => {
  const { pricing } = record
  if (pricing === null || pricing === undefined) return []
  const toUsd = pricing.perUsdNano === null ? [] : [{ numerator: nanoPerUnit, denominator: pricing.perUsdNano }]
  const rules = pricing.rules
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ kind, basisPoints }) => ({
      numerator: partsOf(kind, basisPoints),
      denominator: basisPointsWhole,
    }))
  return [...toUsd, ...rules]
}

/** `null` where there is nothing to add up: no usage, or something that the row would have to price and cannot. */
export const explainCharge = (record: CallRecord, row: PriceRow): Explained | null => {
  const lines = record.usage === null ? null : chargeLines(record.usage, row.rates)
  if (lines === null) return null
  const sum = sumOfLines(lines)
  return {
    lines: lines.map((line) => ({ ...line, amount: exactText(sumOfLines([line])) })),
    sum: exactText(sum),
    baseNanoUsd: amountOf(sum, factorsOf(record, ['markup', 'fee'])),
    ratedNanoUsd: amountOf(sum, factorsOf(record, ['markup', 'fee', 'discount'])),
  }
}
