/** The forecast: what a month costs before and after, what is saved, when it has paid, and how far it may be off. Exact. */

import type { Spread } from './quantity.ts'
import { dayAfter, exactly } from './quantity.ts'
import type { Rates } from './rates.ts'
import type { Rational } from './rational.ts'
import { ceiling, compare, dividedBy, minus, one, plus, rational, sum, times, zero } from './rational.ts'
import type { Volume } from './volume.ts'
import { tokensOf } from './volume.ts'

/** One model at one call site, with what it costs now and there. */
export type Line = {
  readonly name: string
  readonly callSite: string | null
  readonly from: string
  readonly to: string
  readonly volume: Volume
  readonly fromRates: Rates
  readonly toRates: Rates
}

/** What is not known for sure, each as the new side over the old one unless it says otherwise. */
export type Factors = {
  /** Next months' tokens over those given. */
  readonly volume: Spread
  /** Tokens that the new model's tokenizer needs for the same text. */
  readonly tokenizerRatio: Spread
  /** Length of the new model's answers, in the same text. */
  readonly outputRatio: Spread
  /** `share`: of input that will be read from the cache; `kept`: of what is read from it now. */
  readonly cached: { readonly kind: 'share' | 'kept'; readonly spread: Spread }
  /** Tokens that are paid again because of retries and errors, as a share on top. */
  readonly fromRetries: Rational
  readonly toRetries: Spread
}

export type Terms = {
  /** Paid on top of the provider's price: cards, top-ups, exchange, tax. */
  readonly fromFee: Rational
  readonly toFee: Rational
  /** What the relay takes of the new cost. */
  readonly relayFee: Rational
  /** Dollars a month that do not depend on tokens: machines, people on call. */
  readonly hosting: Rational
  /** Dollars once: engineering, shadow traffic, double running. */
  readonly oneOff: Rational
  /** When the new side takes over, UTC milliseconds. */
  readonly startMs: number
}

/** The month as sums in dollars; the factors are applied to these. */
export type Sums = {
  readonly from: Rational
  readonly input: Rational
  /** What caching everything that counts as cacheable would save. */
  readonly cacheGain: Rational
  readonly writeLoss: Rational
  readonly output: Rational
  readonly calls: Rational
}

const million = rational(1n, 1_000_000n)

const cost = (tokens: Rational, rate: Rational): Rational => times(times(tokens, rate), million)

/** What the volume costs at these rates, as it is. */
export const costAt = ({ input, cachedInput, cacheWrite, output, calls }: Volume, rates: Rates): Rational =>
  sum([
    cost(minus(minus(input, cachedInput), cacheWrite), rates.input),
    cost(cachedInput, rates.cachedInput ?? rates.input),
    cost(cacheWrite, rates.cacheWrite ?? rates.input),
    cost(output, rates.output),
    times(calls ?? zero, rates.perCall ?? zero),
  ])

/** Adds up lines so that each factor is applied once, to a sum. */
export const sumsOf = (lines: readonly Line[], cachedKind: Factors['cached']['kind']): Sums => {
  const total = (value: (line: Line) => Rational): Rational => sum(lines.map(value))
  return {
    from: total(({ volume, fromRates }) => costAt(volume, fromRates)),
    input: total(({ volume, toRates }) => cost(volume.input, toRates.input)),
    cacheGain: total(({ volume, toRates }) =>
      cost(
        cachedKind === 'share' ? volume.input : volume.cachedInput,
        minus(toRates.input, toRates.cachedInput ?? toRates.input),
      ),
    ),
    writeLoss: total(({ volume, toRates }) =>
      cost(volume.cacheWrite, minus(toRates.cacheWrite ?? toRates.input, toRates.input)),
    ),
    output: total(({ volume, toRates }) => cost(volume.output, toRates.output)),
    calls: total(({ volume, toRates }) => times(volume.calls ?? zero, toRates.perCall ?? zero)),
  }
}

/** One choice of every factor. */
export type Point = {
  readonly volume: Rational
  readonly tokenizerRatio: Rational
  readonly outputRatio: Rational
  readonly cached: Rational
  readonly toRetries: Rational
}

export const midPoint = (factors: Factors): Point => ({
  volume: factors.volume.mid,
  tokenizerRatio: factors.tokenizerRatio.mid,
  outputRatio: factors.outputRatio.mid,
  cached: factors.cached.spread.mid,
  toRetries: factors.toRetries.mid,
})

export type Month = { readonly from: Rational; readonly to: Rational; readonly saving: Rational }

const more = (share: Rational): Rational => plus(one, share)

/** A month at one point of the factors. */
export const monthAt = (
  sums: Sums,
  point: Point,
  { fromRetries, terms }: Pick<Factors, 'fromRetries'> & { readonly terms: Terms },
): Month => {
  const from = times(times(times(sums.from, point.volume), more(fromRetries)), more(terms.fromFee))
  const input = minus(plus(sums.input, sums.writeLoss), times(point.cached, sums.cacheGain))
  const tokens = times(point.tokenizerRatio, plus(input, times(point.outputRatio, sums.output)))
  const provider = times(times(plus(tokens, sums.calls), point.volume), more(point.toRetries))
  const to = plus(times(times(provider, more(terms.toFee)), more(terms.relayFee)), terms.hosting)
  return { from, to, saving: minus(from, to) }
}

export type Payback = {
  /** `null` = never, at this saving. */
  readonly days: bigint | null
  /** The day on which the saving has paid the one-off cost. */
  readonly date: string | null
  /** Tokens a month from which hosting is paid, and the one-off cost within a year; `null` = at no volume. */
  readonly volume: bigint | null
}

const monthsPerYear = rational(12n)
const daysPerYear = rational(365n)
/** Later is no date to plan with. */
const daysMax = 36_500n

/** When the one-off cost is paid back, and from which volume on it would be within a year. */
export const paybackOf = (month: Month, tokens: Rational, { hosting, oneOff, startMs }: Terms): Payback => {
  const yearly = times(month.saving, monthsPerYear)
  const isSaving = compare(yearly, zero) > 0
  const days = isSaving ? ceiling(dividedBy(times(oneOff, daysPerYear), yearly) ?? zero) : null
  const perToken = dividedBy(plus(month.saving, hosting), tokens)
  const fixed = plus(hosting, dividedBy(oneOff, monthsPerYear) ?? zero)
  const volume = perToken !== null && compare(perToken, zero) > 0 ? dividedBy(fixed, perToken) : null
  return {
    days: days !== null && days <= daysMax ? days : null,
    date: days !== null && days <= daysMax ? dayAfter(startMs, Number(days)) : null,
    volume: volume === null ? null : ceiling(volume),
  }
}

export type Swing = {
  readonly factor: keyof Point
  readonly spread: Spread
  readonly low: Rational
  readonly high: Rational
}

/** The monthly saving with one factor at its low and its high end and all others as they are; widest first. */
export const sensitivityOf = (sums: Sums, factors: Factors, terms: Terms): readonly Swing[] => {
  const mid = midPoint(factors)
  const spreads: Readonly<Record<keyof Point, Spread>> = {
    volume: factors.volume,
    tokenizerRatio: factors.tokenizerRatio,
    outputRatio: factors.outputRatio,
    cached: factors.cached.spread,
    toRetries: factors.toRetries,
  }
  const { fromRetries } = factors
  const width = ({ low, high }: Swing): Rational => (compare(low, high) > 0 ? minus(low, high) : minus(high, low))
  return (Object.keys(spreads) as (keyof Point)[])
    .map((factor): Swing => {
      const spread = spreads[factor]
      const at = (value: Rational) => monthAt(sums, { ...mid, [factor]: value }, { fromRetries, terms }).saving
      return { factor, spread, low: at(spread.low), high: at(spread.high) }
    })
    .filter(({ spread, low, high }) => compare(spread.low, spread.high) !== 0 && compare(low, high) !== 0)
    .toSorted((left, right) => compare(width(right), width(left)))
}

/** Everything is as it was. */
export const asBefore: Factors = {
  volume: exactly(one),
  tokenizerRatio: exactly(one),
  outputRatio: exactly(one),
  cached: { kind: 'kept', spread: exactly(one) },
  fromRetries: zero,
  toRetries: exactly(zero),
}

/** All tokens of the lines in a month. */
export const tokensOfLines = (lines: readonly Line[]): Rational => sum(lines.map(({ volume }) => tokensOf(volume)))
