/**
 * After the cut-over: what was saved so far, by the books. The same work is priced as the old side would have billed it: tokens
 * counted by the new model, divided by the ratios of the forecast, at the forecast's old prices.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { UsageExportRow } from '#report/usage-export/row.ts'
import { costAt } from './forecast.ts'
import type { Read } from './quantity.ts'
import { dayOf, daysPerMonth, refused } from './quantity.ts'
import type { Rates } from './rates.ts'
import type { Rational } from './rational.ts'
import {
  ceiling,
  compare,
  dividedBy,
  dollars,
  minus,
  ofDecimal,
  ofNano,
  one,
  percent,
  plus,
  rational,
  sum,
  times,
  zero,
} from './rational.ts'

/** What `roi --json` printed before the move, as far as it is needed again. */
export type Baseline = {
  readonly name: string
  readonly lines: readonly BaselineLine[]
  readonly monthlySaving: Rational
  readonly tokensPerMonth: Rational
  readonly tokenizerRatio: Rational
  readonly outputRatio: Rational
  readonly fromRetries: Rational
  readonly fromFee: Rational
  readonly toFee: Rational
  readonly relayFee: Rational
  readonly hosting: Rational
  readonly oneOff: Rational
  readonly start: string
}

export type BaselineLine = {
  readonly callSite: string | null
  readonly rates: Rates
  readonly input: Rational
  readonly cachedInput: Rational
  readonly cacheWrite: Rational
  readonly output: Rational
}

const number = (holder: JsonObject, name: string): Rational | null => {
  const value = holder[name]
  return typeof value === 'string' ? ofDecimal(value) : null
}

const ratesIn = (value: Json | undefined): Rates | null => {
  if (!isObject(value)) return null
  const [input, output] = [number(value, 'input'), number(value, 'output')]
  if (input === null || output === null) return null
  const [cachedInput, cacheWrite] = [number(value, 'cached_input'), number(value, 'cache_write')]
  return { input, output, cachedInput, cacheWrite, perCall: number(value, 'per_call') }
}

const lineIn = (value: Json): BaselineLine | null => {
  if (!isObject(value)) return null
  const rates = ratesIn(value['from_usd_per_million_tokens'])
  if (rates === null) return null
  const count = (name: string): Rational => number(value, `${name}_tokens_per_month`) ?? zero
  const callSite = typeof value['call_site'] === 'string' ? value['call_site'] : null
  return {
    callSite,
    rates,
    input: count('input'),
    cachedInput: count('cached_input'),
    cacheWrite: count('cache_write'),
    output: count('output'),
  }
}

const share = (factors: JsonObject, name: string): Rational =>
  times(number(factors, `${name}_percent`) ?? zero, rational(1n, 100n))

/** The forecast out of the file that `roi --json` wrote. */
export const baselineOf = (document: Json, file: string): Read<Baseline> => {
  const bad = refused(
    `${file} is no forecast.`,
    "Make one with 'drover roi … --json --output forecast.json' before the move.",
  )
  if (!isObject(document) || document['schema'] !== 1 || !Array.isArray(document['lines'])) return bad
  const [factors, from] = [document['factors'], document['from']]
  const monthlySaving = number(document, 'monthly_saving_usd')
  const lines = document['lines'].map(lineIn)
  if (!isObject(factors) || !isObject(from) || monthlySaving === null || lines.some((line) => line === null)) return bad
  return {
    ok: true,
    value: {
      name: String(from['name']),
      lines: lines.filter((line) => line !== null),
      monthlySaving,
      tokensPerMonth: number(document, 'tokens_per_month') ?? zero,
      tokenizerRatio: number(factors, 'tokenizer_ratio') ?? one,
      outputRatio: number(factors, 'output_ratio') ?? one,
      fromRetries: share(factors, 'from_retries'),
      fromFee: share(factors, 'from_fee'),
      toFee: share(factors, 'to_fee'),
      relayFee: share(factors, 'relay_fee'),
      hosting: number(factors, 'hosting_usd_per_month') ?? zero,
      oneOff: number(document, 'one_off_usd') ?? zero,
      start: String(factors['start']),
    },
  }
}

const ratio = (over: Rational, under: Rational): Rational => dividedBy(over, under) ?? zero

/** What a million tokens of each kind cost on the old side, over the lines that are of the call site, else over all. */
const meanRates = (lines: readonly BaselineLine[]): Rates => {
  const weighted = (weight: (line: BaselineLine) => Rational, rate: (rates: Rates) => Rational): Rational => {
    const weights = sum(lines.map(weight))
    return weights.over === 0n
      ? ratio(sum(lines.map(({ rates }) => rate(rates))), rational(BigInt(Math.max(1, lines.length))))
      : ratio(sum(lines.map((line) => times(weight(line), rate(line.rates)))), weights)
  }
  return {
    input: weighted(
      ({ input }) => input,
      ({ input }) => input,
    ),
    cachedInput: weighted(
      ({ cachedInput }) => cachedInput,
      ({ cachedInput, input }) => cachedInput ?? input,
    ),
    cacheWrite: weighted(
      ({ cacheWrite }) => cacheWrite,
      ({ cacheWrite, input }) => cacheWrite ?? input,
    ),
    output: weighted(
      ({ output }) => output,
      ({ output }) => output,
    ),
    perCall: weighted(
      () => one,
      ({ perCall }) => perCall ?? zero,
    ),
  }
}

type Totals = { readonly input: bigint; readonly output: bigint; readonly calls: bigint }

const totalsOf = (rows: readonly UsageExportRow[]): Totals => {
  let [input, output, calls] = [0n, 0n, 0n]
  for (const row of rows) {
    input += BigInt(row.input ?? 0)
    output += BigInt(row.output ?? 0)
    calls += BigInt(row.calls ?? 1)
  }
  return { input, output, calls }
}

/** What the old side would have billed for the work of these rows. */
const oldCost = (rows: readonly UsageExportRow[], lines: readonly BaselineLine[], baseline: Baseline): Rational => {
  const { input, output, calls } = totalsOf(rows)
  const known = sum(lines.map((line) => line.input))
  const part = (kind: (line: BaselineLine) => Rational): Rational => ratio(sum(lines.map(kind)), known)
  const oldInput = ratio(rational(input), baseline.tokenizerRatio)
  const cachedInput = times(
    oldInput,
    part((line) => line.cachedInput),
  )
  const cacheWrite = times(
    oldInput,
    part((line) => line.cacheWrite),
  )
  const oldOutput = ratio(rational(output), times(baseline.tokenizerRatio, baseline.outputRatio))
  const volume = { input: oldInput, cachedInput, cacheWrite, output: oldOutput, calls: rational(calls) }
  const more = times(plus(one, baseline.fromRetries), plus(one, baseline.fromFee))
  return times(costAt(volume, meanRates(lines)), more)
}

const bySite = (rows: readonly UsageExportRow[], lines: readonly BaselineLine[]) => {
  const groups = new Map<string | null, UsageExportRow[]>()
  for (const row of rows) {
    const site = lines.some(({ callSite }) => callSite !== null && callSite === row.callSite) ? row.callSite : null
    const own = groups.get(site)
    if (own === undefined) groups.set(site, [row])
    else own.push(row)
  }
  return groups
}

const dayMs = 86_400_000

export type Books = {
  readonly rows: readonly UsageExportRow[]
  readonly sinceMs: number
  readonly nowMs: number
}

const difference = (actual: Rational, expected: Rational): string | null => {
  const share = dividedBy(minus(actual, expected), expected)
  return share === null ? null : percent(share)
}

/** The ledger of actual against forecast. */
export const actualReport = (baseline: Baseline, { rows, sinceMs, nowMs }: Books) => {
  const counted = rows.filter(({ startMs }) => startMs >= sinceMs && startMs < nowMs)
  const days = Math.max(1, Math.ceil((nowMs - sinceMs) / dayMs))
  const months = ratio(rational(BigInt(days)), daysPerMonth)
  const unpriced = counted.filter(({ costNanoUsd, failed }) => costNanoUsd === null && failed !== 1).length
  const provider = ofNano(counted.reduce((total, { costNanoUsd }) => total + (costNanoUsd ?? 0n), 0n))
  const fees = times(plus(one, baseline.toFee), plus(one, baseline.relayFee))
  const actual = plus(times(provider, fees), times(baseline.hosting, months))
  const old = sum(
    [...bySite(counted, baseline.lines)].map(([site, own]) => {
      const lines = site === null ? baseline.lines : baseline.lines.filter(({ callSite }) => callSite === site)
      return oldCost(own, lines, baseline)
    }),
  )
  const { input, output, calls } = totalsOf(counted)
  const saved = minus(old, actual)
  const forecast = times(baseline.monthlySaving, months)
  const daily = dividedBy(saved, rational(BigInt(days)))
  const paidDays = daily !== null && compare(daily, zero) > 0 ? ceiling(ratio(baseline.oneOff, daily)) : null
  const paid = paidDays !== null && paidDays < 36_500n ? dayOf(sinceMs + Number(paidDays) * dayMs) : null
  const tokens = rational(input + output)
  const expectedTokens = times(times(baseline.tokensPerMonth, months), baseline.tokenizerRatio)
  return {
    schema: 1 as const,
    from: baseline.name,
    since: dayOf(sinceMs),
    until: dayOf(nowMs),
    days,
    calls: calls.toString(),
    tokens: (input + output).toString(),
    baseline_cost_usd: dollars(old),
    actual_cost_usd: dollars(actual),
    saved_so_far_usd: dollars(saved),
    forecast_so_far_usd: dollars(forecast),
    difference_usd: dollars(minus(saved, forecast)),
    net_of_one_off_usd: dollars(minus(saved, baseline.oneOff)),
    tokens_against_forecast_percent: difference(tokens, expectedTokens),
    break_even_date: paid,
    unpriced_calls: unpriced,
    warnings: [
      ...(counted.length === 0 ? [`There are no calls since ${dayOf(sinceMs)}.`] : []),
      ...(unpriced === 0
        ? []
        : [
            `${unpriced} calls have no cost in the books and count as free: the saving is too high. Give their models a cost.`,
          ]),
      ...(counted.some((row) => row.input === null || row.output === null)
        ? ['Some calls have no usage; they count as no tokens.']
        : []),
    ],
  }
}

export type ActualReport = ReturnType<typeof actualReport>
