/** From what a person said, the catalog and usage to a forecast. Pure: reads no file and no clock. */

import type { Catalog } from '#catalog/model.ts'
import type { UsageExport } from '#report/usage-export/read.ts'
import { agreed, questionsOf } from './agree.ts'
import type { RoiFlags } from './flags.ts'
import type { Line } from './forecast.ts'
import type { Price, Read } from './quantity.ts'
import { daysPerMonth, readCount, readPrice, readShare, readTokens, refused } from './quantity.ts'
import type { PricedModel, RateQuestion, RateSource, Rates } from './rates.ts'
import { blended, knownModel, pricedModel } from './rates.ts'
import type { Rational } from './rational.ts'
import { decimal, dividedBy, minus, rational, times, whole, zero } from './rational.ts'
import type { Forecast } from './report.ts'
import { commitmentOf, exchangeRateOf, factorsOf, given, Refusal, seedOf, taken, termsOf } from './terms.ts'
import type { MonthOfUse, UsedGroup, Volume } from './volume.ts'
import { monthOf, tokensOf } from './volume.ts'

export type PlanRequest = {
  readonly flags: RoiFlags
  readonly catalog: Catalog
  /** The exports that were read, in their order. */
  readonly usage: readonly UsageExport[]
  readonly nowMs: number
}

type SideName = 'from' | 'to'

type Gathered = {
  readonly assumptions: string[]
  readonly warnings: string[]
  readonly sources: Readonly<Record<SideName, Map<string, RateSource>>>
}

type SidePrices = { readonly model: string | undefined; readonly texts: readonly (Price | null)[] }

const pricesOf = (flags: RoiFlags, side: SideName): SidePrices => {
  const read = (flag: string, text: string | undefined) => given(flag, text, readPrice)
  return side === 'from'
    ? {
        model: flags.from,
        texts: [
          read('--from-price', flags.fromPrice),
          read('--from-cached-price', flags.fromCachedPrice),
          read('--from-output-price', flags.fromOutputPrice),
        ],
      }
    : {
        model: flags.to,
        texts: [
          read('--to-price', flags.toPrice),
          read('--to-cached-price', flags.toCachedPrice),
          read('--to-output-price', flags.toOutputPrice),
        ],
      }
}

/** Prices of both sides in one unit; a side without `--…-price` has none. */
const typedRates = (sides: readonly SidePrices[], exchangeRate: Rational | null): readonly (Rates | null)[] => {
  const all = sides.flatMap(({ texts }) => texts.filter((price) => price !== null))
  const dollarsOf = new Map(all.map((price, index) => [price, taken(agreed(all, exchangeRate))[index] ?? zero]))
  const at = (price: Price | null | undefined): Rational | null =>
    price === null || price === undefined ? null : (dollarsOf.get(price) ?? null)
  return sides.map(({ texts: [input, cached, output] }) => {
    const base = at(input)
    if (base === null) {
      const stray = cached ?? output
      if (stray !== null && stray !== undefined)
        throw new Refusal(
          refused(
            `${stray.flag} needs the price of input.`,
            `Give it as ${stray.flag.replace(/-(?:cached|output)/, '')}.`,
          ),
        )
      return null
    }
    return { ...blended(base), cachedInput: at(cached), output: at(output) ?? base }
  })
}

const isFlat = (rates: Rates): boolean =>
  rates.cachedInput === null && rates.output.over * rates.input.under === rates.input.over * rates.output.under

type Splitting = { readonly needsShare: boolean; readonly gathered: Gathered }

const usualOutputShare = rational(1n, 4n)

const split = (tokens: Rational, flags: RoiFlags, { needsShare, gathered }: Splitting): Volume => {
  const said = given('--output-share', flags.outputShare, readShare)
  if (said === null && needsShare)
    gathered.assumptions.push('A quarter of the tokens is output; --output-share says it better.')
  const output = times(tokens, said ?? (needsShare ? usualOutputShare : zero))
  const input = minus(tokens, output)
  const cached = given('--cached-share', flags.cachedShare, readShare)
  const calls = given('--calls-per-month', flags.callsPerMonth, readCount)
  if (calls !== null && calls.period !== null && calls.period !== 'month')
    throw new Refusal(refused(`--calls-per-month is per ${calls.period}.`, 'Write the calls of a month.'))
  return { input, cachedInput: times(input, cached ?? zero), cacheWrite: zero, output, calls: calls?.value ?? null }
}

const tokensGiven = ({
  tokensPerMonth,
  tokensPerDay,
}: RoiFlags): { readonly tokens: Rational; readonly basis: string } => {
  if (tokensPerMonth !== undefined && tokensPerDay !== undefined)
    throw new Refusal(
      refused(
        'Both --tokens-per-month and --tokens-per-day are given.',
        'Which one is it? 10M a day are 304M a month. Give one of them.',
      ),
    )
  if (tokensPerDay !== undefined) {
    const daily = taken(readTokens('--tokens-per-day', tokensPerDay, 'day'))
    return { tokens: times(daily, daysPerMonth), basis: `${whole(daily)} tokens a day; a month is 365/12 days` }
  }
  return {
    tokens: taken(readTokens('--tokens-per-month', tokensPerMonth ?? '', 'month')),
    basis: 'as given',
  }
}

const question = (request: PlanRequest, group: UsedGroup | null, exchangeRate: Rational | null): RateQuestion => {
  const { volume = null, serviceTier = null } = group ?? {}
  const mean = volume?.calls == null ? null : dividedBy(volume.input, volume.calls)
  return { atMs: request.nowMs, serviceTier, inputTokens: mean === null ? null : Number(whole(mean)), exchangeRate }
}

const note = (priced: PricedModel, side: SideName, gathered: Gathered): Rates => {
  gathered.sources[side].set(priced.source.text, priced.source)
  for (const one of priced.notes) if (!gathered.warnings.includes(one)) gathered.warnings.push(one)
  return priced.rates
}

type SideRates = { readonly rates: Rates; readonly name: string }

const sideOf = (
  { side, prices, typed }: { readonly side: SideName; readonly prices: SidePrices; readonly typed: Rates | null },
  request: PlanRequest,
  asked: { readonly rate: RateQuestion; readonly gathered: Gathered },
): SideRates => {
  if (typed !== null && prices.model !== undefined)
    asked.gathered.assumptions.push(
      `The price of ${prices.model} is the one given with --${side}-price, not the catalog's.`,
    )
  const shown = prices.texts[0]?.text
  if (typed !== null) return { rates: typed, name: prices.model ?? `${side === 'from' ? 'old' : 'new'} price ${shown}` }
  if (prices.model === undefined)
    throw new Refusal(
      refused(
        `Nothing says what the ${side === 'from' ? 'old' : 'new'} side costs.`,
        `Give --${side} PROVIDER/MODEL, or --${side}-price.`,
      ),
    )
  return {
    rates: note(taken(pricedModel(request.catalog, prices.model, asked.rate)), side, asked.gathered),
    name: prices.model,
  }
}

const groupName = ({ model, callSite, serviceTier, vendor }: UsedGroup): string =>
  [callSite, model ?? vendor, serviceTier === null || serviceTier === 'default' ? null : serviceTier]
    .filter((part) => part !== null)
    .join(' · ')

const impliedRates = ({ billedUsd, volume }: UsedGroup): Rates | null => {
  const price = billedUsd === null ? null : dividedBy(times(billedUsd, rational(1_000_000n)), tokensOf(volume))
  return price === null || price.over === 0n ? null : blended(price)
}

type Sides = {
  readonly from: SidePrices
  readonly to: SidePrices
  readonly typedFrom: Rates | null
  readonly typedTo: Rates | null
}

const catalogRatesOf = (request: PlanRequest, group: UsedGroup, rate: RateQuestion): PricedModel | null =>
  group.model === null ? null : knownModel(request.catalog, { vendor: group.vendor, name: group.model }, rate)

/** Whether a group is of the model that `--from` names; a group without a model is taken to be. */
const isOf = (
  { model }: UsedGroup,
  known: PricedModel | null,
  { text, asked }: { readonly text: string; readonly asked: PricedModel | null },
): boolean => {
  if (model === null || model === text) return true
  const bare = model.slice(model.indexOf('/') + 1)
  if (asked !== null) return [known?.model, model, bare].includes(asked.model)
  return bare === text.slice(text.indexOf('/') + 1)
}

const lineOf = (
  group: UsedGroup,
  sides: Sides,
  {
    request,
    exchangeRate,
    gathered,
  }: { readonly request: PlanRequest; readonly exchangeRate: Rational | null; readonly gathered: Gathered },
): Line | string => {
  const rate = question(request, group, exchangeRate)
  const known = catalogRatesOf(request, group, rate)
  const fromText = sides.from.model
  const asked = fromText === undefined ? null : pricedModel(request.catalog, fromText, rate)
  if (asked !== null && !asked.ok && sides.typedFrom === null) throw new Refusal(asked)
  const wanted = asked?.ok === true ? asked.value : null
  if (fromText !== undefined && !isOf(group, known, { text: fromText, asked: wanted })) return 'is of another model'
  const own = fromText === undefined ? known : wanted
  const fromRates = sides.typedFrom ?? (own === null ? impliedRates(group) : note(own, 'from', gathered))
  if (fromRates === null) return 'has no price in the catalog and no cost in the export'
  if (own === null && sides.typedFrom === null)
    gathered.assumptions.push(`${groupName(group)} costs now what was billed for it; the catalog has no price.`)
  const to = sideOf({ side: 'to', prices: sides.to, typed: sides.typedTo }, request, { rate, gathered })
  return {
    name: groupName(group),
    callSite: group.callSite,
    from: fromText ?? (known === null ? `${group.vendor}/${group.model ?? '?'}` : `${known.vendor}/${known.model}`),
    to: to.name,
    volume: group.volume,
    fromRates,
    toRates: to.rates,
  }
}

type Lines = { readonly lines: readonly Line[]; readonly basis: string; readonly month: MonthOfUse | null }

const linesOfUsage = (request: PlanRequest, sides: Sides, gathered: Gathered): Lines => {
  const exchangeRate = exchangeRateOf(request.flags)
  const days = given('--days', request.flags.days, readCount)
  const month = monthOf(
    request.usage.flatMap(({ rows }) => rows),
    { spans: request.usage.flatMap(({ spans }) => spans), days: days === null ? null : Number(whole(days.value)) },
  )
  if (month === null) throw new Refusal(refused('The usage has no tokens in it.', 'Export tokens, not only costs.'))
  for (const { title, incomplete } of request.usage)
    if (incomplete)
      gathered.warnings.push(`${title}: the API has more pages than the file holds; the volume is too low.`)
  gathered.warnings.push(...month.unknown)
  const lines: Line[] = []
  for (const group of month.groups) {
    const line = lineOf(group, sides, { request, exchangeRate, gathered })
    if (typeof line === 'string')
      gathered.warnings.push(
        `Left out: ${whole(tokensOf(group.volume))} tokens a month of ${groupName(group)}, which ${line}.`,
      )
    else lines.push(line)
  }
  if (lines.length === 0)
    throw new Refusal(
      refused(
        `Nothing in the usage is of ${request.flags.from ?? 'a model with a price'}.`,
        `It has ${[...new Set(month.groups.map(({ model }) => model ?? 'no model'))].slice(0, 8).join(', ')}.`,
      ),
    )
  const calendar = `${month.from} to ${month.until}, ${month.days} days, as a month of 365/12 days`
  return { lines, basis: calendar, month }
}

const linesOfTokens = (request: PlanRequest, sides: Sides, gathered: Gathered): Lines => {
  const rate = question(request, null, exchangeRateOf(request.flags))
  const asked = { rate, gathered }
  const from = sideOf({ side: 'from', prices: sides.from, typed: sides.typedFrom }, request, asked)
  const to = sideOf({ side: 'to', prices: sides.to, typed: sides.typedTo }, request, asked)
  const { tokens, basis } = tokensGiven(request.flags)
  const volume = split(tokens, request.flags, {
    needsShare: !(isFlat(from.rates) && isFlat(to.rates)),
    gathered,
  })
  const line = {
    name: 'all',
    callSite: null,
    from: from.name,
    to: to.name,
    volume,
    fromRates: from.rates,
    toRates: to.rates,
  }
  return { lines: [line], basis, month: null }
}

type SideNaming = { readonly prices: SidePrices; readonly typed: Rates | null; readonly lines: readonly Line[] }

const nameOfSide = (side: SideName, { prices, typed, lines }: SideNaming): string => {
  const text = prices.texts[0]?.text
  if (prices.model !== undefined) return prices.model
  if (typed !== null)
    return `${side === 'from' ? 'old' : 'new'} price (${text}${/[a-z$¥￥元]/i.test(text ?? '') ? '' : ' USD per million tokens'})`
  return [...new Set(lines.map((line) => line[side]))].slice(0, 4).join(', ')
}

const build = (request: PlanRequest): Forecast => {
  const { flags, usage, nowMs } = request
  const gathered: Gathered = { assumptions: [], warnings: [], sources: { from: new Map(), to: new Map() } }
  const [from, to] = [pricesOf(flags, 'from'), pricesOf(flags, 'to')]
  const exchangeRate = exchangeRateOf(flags)
  const [typedFrom = null, typedTo = null] = typedRates([from, to], exchangeRate)
  const sides = { from, to, typedFrom, typedTo }
  const hasTokens = flags.tokensPerMonth !== undefined || flags.tokensPerDay !== undefined
  if (!hasTokens && usage.length === 0)
    throw new Refusal(
      refused('Nothing says how many tokens are used.', 'Give --usage FILE, --tokens-per-month or --tokens-per-day.'),
    )
  if (hasTokens && usage.length > 0)
    throw new Refusal(
      refused('Both a usage export and a number of tokens are given.', 'Which one is it? Give one of them.'),
    )
  const { lines, basis, month } = hasTokens
    ? linesOfTokens(request, sides, gathered)
    : linesOfUsage(request, sides, gathered)
  const said = factorsOf(flags, flags.to !== undefined)
  const terms = termsOf(flags, nowMs)
  if (exchangeRate !== null) gathered.assumptions.push(`A dollar is ${decimal(exchangeRate, 4)} yuan, as given.`)
  if (usage.length > 0)
    gathered.assumptions.push('Tokens of retries and failed calls are in the usage as far as they were billed.')
  return {
    from: {
      name: nameOfSide('from', { prices: from, typed: typedFrom, lines }),
      sources: [...gathered.sources.from.values()],
    },
    to: { name: nameOfSide('to', { prices: to, typed: typedTo, lines }), sources: [...gathered.sources.to.values()] },
    lines,
    factors: said.factors,
    terms,
    commitment: commitmentOf(flags, terms.startMs),
    seed: seedOf(flags),
    assumptions: [...gathered.assumptions, ...said.assumptions],
    questions: questionsOf([...from.texts, ...to.texts].filter((price) => price !== null)),
    warnings: [...gathered.warnings, ...largeWarning(lines)],
    basis,
    period: month === null ? null : { from: month.from, until: month.until, days: month.days },
  }
}

const trillion = rational(10n ** 12n)

/** More tokens than most companies use: allowed, and asked. */
const largeWarning = (lines: readonly Line[]): readonly string[] => {
  const most = lines.filter(({ volume }) => minus(tokensOf(volume), trillion).over > 0n)
  return most.map(
    ({ name }) => `${name} uses more than a trillion tokens a month. Is that tokens, or characters or bytes?`,
  )
}

/** The forecast, or what is wrong or missing and what to do about it. */
export const planForecast = (request: PlanRequest): Read<Forecast> => {
  try {
    return { ok: true, value: build(request) }
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.refused
    throw thrown
  }
}
