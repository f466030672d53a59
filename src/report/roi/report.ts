/** The report of one forecast. The names are those of the JSON that is printed; money is decimal strings of dollars. */

import type { Commitment, SwitchPlan } from './commitment.ts'
import { bestSwitch } from './commitment.ts'
import type { Factors, Line, Sums, Terms } from './forecast.ts'
import { costAt, midPoint, monthAt, paybackOf, sensitivityOf, sumsOf, tokensOfLines } from './forecast.ts'
import { dayOf } from './quantity.ts'
import type { Range } from './range.ts'
import { drawsCount, rangeOf } from './range.ts'
import type { RateSource, Rates } from './rates.ts'
import type { Rational } from './rational.ts'
import { compare, decimal, dividedBy, dollars, minus, percent, rational, times, whole, zero } from './rational.ts'
import { tokensOf } from './volume.ts'

export type Side = { readonly name: string; readonly sources: readonly RateSource[] }

export type Forecast = {
  readonly from: Side
  readonly to: Side
  readonly lines: readonly Line[]
  readonly factors: Factors
  readonly terms: Terms
  readonly commitment: Commitment | null
  readonly seed: number
  /** What was taken for granted, for whoever signs. */
  readonly assumptions: readonly string[]
  readonly questions: readonly string[]
  readonly warnings: readonly string[]
  /** Where tokens come from: the file's period, or the flags. */
  readonly basis: string
  readonly period: { readonly from: string; readonly until: string; readonly days: number } | null
}

type RatesJson = {
  readonly input: string
  readonly cached_input: string | null
  readonly cache_write: string | null
  readonly output: string
  readonly per_call: string | null
}

const optional = (value: Rational | null): string | null => (value === null ? null : dollars(value))

const ratesJson = ({ input, cachedInput, cacheWrite, output, perCall }: Rates): RatesJson => ({
  input: dollars(input),
  cached_input: optional(cachedInput),
  cache_write: optional(cacheWrite),
  output: dollars(output),
  per_call: optional(perCall),
})

const perMillionOf = (cost: Rational, tokens: Rational): string | null =>
  optional(dividedBy(times(cost, rational(1_000_000n)), tokens))

const lineJson = (line: Line, { factors, terms }: Forecast) => {
  const { volume } = line
  const month = monthAt(sumsOf([line], factors.cached.kind), midPoint(factors), {
    fromRetries: factors.fromRetries,
    terms: { ...terms, hosting: zero },
  })
  return {
    name: line.name,
    call_site: line.callSite,
    from: line.from,
    to: line.to,
    tokens_per_month: whole(tokensOf(volume)).toString(),
    input_tokens_per_month: whole(volume.input).toString(),
    cached_input_tokens_per_month: whole(volume.cachedInput).toString(),
    cache_write_tokens_per_month: whole(volume.cacheWrite).toString(),
    output_tokens_per_month: whole(volume.output).toString(),
    calls_per_month: volume.calls === null ? null : whole(volume.calls).toString(),
    from_usd_per_million_tokens: ratesJson(line.fromRates),
    to_usd_per_million_tokens: ratesJson(line.toRates),
    from_monthly_usd: dollars(month.from),
    to_monthly_usd: dollars(month.to),
    monthly_saving_usd: dollars(month.saving),
  }
}

const spreadNames = {
  volume: 'tokens a month, as a ratio to those given',
  tokenizerRatio: 'tokens for the same text, new over old',
  outputRatio: 'length of answers, new over old',
  cached: 'input read from the cache',
  toRetries: 'tokens paid again for retries and errors',
} as const

const cachedNames = {
  share: 'share of input read from the cache on the new side',
  kept: 'part of the cached input of today that stays cached',
} as const

const factorName = (factor: keyof typeof spreadNames, factors: Factors): string =>
  factor === 'cached' ? cachedNames[factors.cached.kind] : spreadNames[factor]

const sensitivityJson = (sums: Sums, { factors, terms }: Forecast) =>
  sensitivityOf(sums, factors, terms).map(({ factor, spread, low, high }) => ({
    factor: factorName(factor, factors),
    low: decimal(spread.low, 2),
    high: decimal(spread.high, 2),
    monthly_saving_usd_at_low: dollars(low),
    monthly_saving_usd_at_high: dollars(high),
  }))

const rangeJson = ({ low, middle, high }: Range, seed: number) => ({
  p10_monthly_saving_usd: dollars(low),
  p50_monthly_saving_usd: dollars(middle),
  p90_monthly_saving_usd: dollars(high),
  method: `${drawsCount} seeded draws (seed ${seed}) of every uncertain factor, independent of each other; the same input gives the same range`,
})

const switchJson = (plan: SwitchPlan, { committed, untilMs }: Commitment) => ({
  committed_usd: dollars(committed),
  committed_until: dayOf(untilMs),
  best_switch_date: plan.date,
  why: plan.why,
  cost_until_then_usd_when_switching_on_best_date: dollars(plan.costAtBest),
  cost_until_then_usd_when_switching_now: dollars(plan.costNow),
  cost_until_then_usd_when_never_switching: dollars(plan.costNever),
  saved_by_waiting_usd: dollars(minus(plan.costNow, plan.costAtBest)),
})

const factorsJson = ({ factors, terms }: Forecast) => ({
  tokenizer_ratio: decimal(factors.tokenizerRatio.mid, 4),
  output_ratio: decimal(factors.outputRatio.mid, 4),
  cached: { is: cachedNames[factors.cached.kind], value: decimal(factors.cached.spread.mid, 4) },
  from_retries_percent: percent(factors.fromRetries),
  to_retries_percent: percent(factors.toRetries.mid),
  from_fee_percent: percent(terms.fromFee),
  to_fee_percent: percent(terms.toFee),
  relay_fee_percent: percent(terms.relayFee),
  hosting_usd_per_month: dollars(terms.hosting),
  start: dayOf(terms.startMs),
})

/** Everything of a forecast, in the form that is printed and that `--actual` reads again. */
export const forecastReport = (forecast: Forecast) => {
  const { lines, factors, terms, commitment, seed } = forecast
  const sums = sumsOf(lines, factors.cached.kind)
  const month = monthAt(sums, midPoint(factors), { fromRetries: factors.fromRetries, terms })
  const tokens = times(tokensOfLines(lines), factors.volume.mid)
  const payback = paybackOf(month, tokens, terms)
  const range = rangeOf(sums, factors, { terms, seed })
  const share = dividedBy(month.saving, month.from)
  const startMs = terms.startMs
  return {
    schema: 1 as const,
    monthly_saving_usd: dollars(month.saving),
    yearly_saving_usd: dollars(times(month.saving, rational(12n))),
    saving_percent: share === null ? null : percent(share),
    from: {
      name: forecast.from.name,
      monthly_usd: dollars(month.from),
      implied_usd_per_million_tokens: perMillionOf(month.from, tokens),
      prices: forecast.from.sources,
    },
    to: {
      name: forecast.to.name,
      monthly_usd: dollars(month.to),
      implied_usd_per_million_tokens: perMillionOf(month.to, tokens),
      prices: forecast.to.sources,
    },
    tokens_per_month: whole(tokens).toString(),
    basis: forecast.basis,
    period: forecast.period,
    one_off_usd: dollars(terms.oneOff),
    payback_days: payback.days === null ? null : Number(payback.days),
    break_even_date: payback.date,
    break_even_tokens_per_month: payback.volume === null ? null : payback.volume.toString(),
    first_year_net_usd: dollars(minus(times(month.saving, rational(12n)), terms.oneOff)),
    range: rangeJson(range, seed),
    sensitivity: sensitivityJson(sums, forecast),
    factors: factorsJson(forecast),
    committed: commitment === null ? null : switchJson(bestSwitch(commitment, { ...month, startMs }), commitment),
    lines: lines
      .toSorted((left, right) => compare(costAt(right.volume, right.fromRates), costAt(left.volume, left.fromRates)))
      .map((line) => lineJson(line, forecast)),
    assumptions: forecast.assumptions,
    questions: forecast.questions,
    warnings: [...forecast.warnings, ...(compare(month.saving, zero) <= 0 ? ['The new side saves nothing.'] : [])],
  }
}

export type ForecastReport = ReturnType<typeof forecastReport>
