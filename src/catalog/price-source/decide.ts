/**
 * What proposals come to. A change is applied by itself only where two tables agree within 1 % on every figure that it changes
 * and no figure changes twofold. Everything else is left, with the reason. Pure.
 */

import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { noRates, priceAt } from '#base/price-row.ts'
import type { Sentence } from '#base/sentence.ts'
import { joined } from '#base/sentence.ts'
import type { PriceProposal } from '#catalog/port.ts'
import { priceReason } from './reasons.ts'

/** `same` = nothing to do; `apply` = by itself; `ask` = only where the model is named; `refuse` = not from a table at all. */
export type Verdict = 'same' | 'apply' | 'ask' | 'refuse'

type RateName = Exclude<keyof PriceRates, 'items'>

export type RateDecision = {
  readonly rate: RateName
  readonly current: bigint | null
  /** What is proposed; `null` = the tables differ, or none says. */
  readonly proposed: bigint | null
  readonly bySource: Readonly<Record<string, bigint>>
  readonly verdict: Verdict
  readonly why: Sentence
}

export type PriceDecision = {
  readonly vendor: string
  readonly model: string
  readonly serviceTier: string
  readonly contextOverTokens: number | null
  readonly verdict: Verdict
  readonly why: Sentence
  readonly rates: readonly RateDecision[]
  /** The row as it would be: what changes, with what stays. */
  readonly row: PriceRow | null
}

const rateNames: readonly RateName[] = [
  'input',
  'cachedInput',
  'output',
  'cacheWrite5m',
  'cacheWrite1h',
  'reasoning',
  'audioInput',
  'audioOutput',
  'imageInput',
  'imageOutput',
  'perCall',
  'cachedAudioInput',
]

/** A thousand dollars a million tokens, or a call: nobody asks for as much, and a slip of the point easily does. */
const rateMost = 1_000_000_000_000n
/** A change of this much in either direction is a slip until somebody says otherwise. */
const slipFactor = 100n

const agree = (a: bigint, b: bigint): boolean => {
  const [low, high] = a < b ? [a, b] : [b, a]
  return (high - low) * 100n <= high
}

/** The figure that most tables agree on, at least two of them; of those the first table's. */
const agreed = (values: readonly (readonly [source: string, nano: bigint])[]): bigint | null => {
  let best: { readonly nano: bigint; readonly votes: number } | null = null
  for (const [, nano] of values) {
    const votes = values.filter(([, other]) => agree(nano, other)).length
    if (votes >= 2 && votes > (best?.votes ?? 0)) best = { nano, votes }
  }
  return best?.nano ?? null
}

const within = (a: bigint, b: bigint, factor: bigint): boolean => (a < b ? b < a * factor : a < b * factor)

const usd = (nano: bigint): string =>
  `${nano / 1_000_000_000n}.${(nano % 1_000_000_000n).toString().padStart(9, '0')}`
    .replace(/0+$/, '')
    .replace(/\.$/, '')

const refusalOf = (proposed: bigint, current: bigint | null): Sentence | null => {
  if (proposed === 0n) return current === 0n ? null : priceReason('price_of_nothing')
  if (proposed > rateMost) return priceReason('price_over_most', { usd: usd(proposed) })
  if (current !== null && current > 0n && !within(proposed, current, slipFactor))
    return priceReason('price_hundredfold', { usd: usd(proposed), current: usd(current) })
  return null
}

/** Tables write 0 for what a model does not have: where nothing is priced, that is no price. The input is what everything has. */
const saysNothing = (
  rate: RateName,
  current: bigint | null,
  values: readonly (readonly [source: string, nano: bigint])[],
): boolean => rate !== 'input' && current === null && values.every(([, nano]) => nano === 0n)

const decideRate = (
  rate: RateName,
  current: bigint | null,
  proposals: readonly PriceProposal[],
): RateDecision | null => {
  const values = proposals.flatMap(({ source, row }) => {
    const nano = row.rates[rate]
    return nano === null || nano === undefined ? [] : [[source, nano] as const]
  })
  const [first] = values
  if (first === undefined || saysNothing(rate, current, values)) return null
  const bySource = Object.fromEntries(values)
  const settled = agreed(values)
  const say = (verdict: Verdict, why: Sentence, proposed: bigint | null): RateDecision => ({
    rate,
    current,
    proposed,
    bySource,
    verdict,
    why,
  })
  const proposed = settled ?? (values.length === 1 ? first[1] : null)
  if (current !== null && values.every(([, nano]) => agree(nano, current)))
    return say('same', priceReason('price_as_is'), current)
  if (settled !== null && current !== null && agree(settled, current))
    return say('same', priceReason('price_as_tables'), current)
  if (proposed === null)
    return say(
      'ask',
      priceReason('tables_differ', { said: values.map(([name, nano]) => `${name} ${usd(nano)}`) }),
      null,
    )
  const refusal = refusalOf(proposed, current)
  if (refusal !== null) return say('refuse', refusal, proposed)
  if (settled === null) return say('ask', priceReason('one_table', { source: first[0] }), proposed)
  if (current === null) return say('ask', priceReason('nothing_to_compare'), proposed)
  if (!within(proposed, current, 2n))
    return say('ask', priceReason('price_twofold', { from: usd(current), to: usd(proposed) }), proposed)
  return say('apply', priceReason('tables_agree'), proposed)
}

const order: readonly Verdict[] = ['same', 'apply', 'ask', 'refuse']
const worst = (verdicts: readonly Verdict[]): Verdict =>
  order[Math.max(0, ...verdicts.map((verdict) => order.indexOf(verdict)))] ?? 'same'

/** The row in force that a proposal would change: of the same tier and step, in dollars. */
const currentOf = (rows: readonly PriceRow[], { row }: PriceProposal, atMs: number): PriceRow | null => {
  const inputTokens = row.contextOverTokens === null ? 0 : row.contextOverTokens + 1
  const choice = priceAt(rows, { atMs, inputTokens, serviceTier: row.serviceTier, currency: 'USD' })
  if (choice === null) return null
  const same = choice.row.serviceTier === row.serviceTier && choice.row.contextOverTokens === row.contextOverTokens
  return same ? choice.row : null
}

const windowed = (rows: readonly PriceRow[], { row }: PriceProposal): boolean =>
  rows.some(
    (one) =>
      one.windows !== null &&
      one.serviceTier === row.serviceTier &&
      one.currency === 'USD' &&
      (one.revision ?? 0) === 0,
  )

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

const staleDecision = (all: readonly PriceProposal[], { row }: PriceProposal, sinceMs: number): PriceDecision => {
  const tables = [...new Set(all.map(({ source, read }) => `${source} ${read}`))]
  return {
    vendor: row.vendor,
    model: row.model,
    serviceTier: row.serviceTier,
    contextOverTokens: row.contextOverTokens,
    verdict: 'refuse',
    why: priceReason('tables_older', { tables, day: dayOf(sinceMs) }),
    rates: [],
    row: null,
  }
}

const decideSlot = (
  all: readonly PriceProposal[],
  first: PriceProposal,
  { rows, atMs }: { readonly rows: readonly PriceRow[]; readonly atMs: number },
): PriceDecision => {
  const current = currentOf(rows, first, atMs)
  const { vendor, model, serviceTier, contextOverTokens } = first.row
  const since = current?.fromMs ?? null
  // A table from before the price in force cannot know of it: two that agree would bring the old price back.
  const proposals = all.filter(({ read }) => since === null || read >= dayOf(since))
  if (proposals.length === 0 && since !== null) return staleDecision(all, first, since)
  const rates = rateNames.flatMap((rate) => decideRate(rate, current?.rates[rate] ?? null, proposals) ?? [])
  const changes = rates.filter(({ verdict }) => verdict !== 'same')
  const slot = { vendor, model, serviceTier, contextOverTokens, rates }
  if (changes.length === 0) return { ...slot, verdict: 'same', why: priceReason('price_as_is'), row: null }
  if (windowed(rows, first)) return { ...slot, verdict: 'refuse', why: priceReason('price_by_time'), row: null }
  const taken = changes.filter(({ verdict, proposed }) => verdict !== 'refuse' && proposed !== null)
  const changed = Object.fromEntries(taken.map(({ rate, proposed }) => [rate, proposed]))
  const sources = [...new Set(proposals.map(({ source, read }) => `${source} ${read}`))].join(', ')
  const row: PriceRow = {
    ...first.row,
    rates: { ...(current?.rates ?? noRates), ...changed },
    source: sources,
    read:
      proposals
        .map(({ read }) => read)
        .sort()
        .at(-1) ?? first.read,
  }
  const verdict = worst(changes.map((one) => one.verdict))
  const why = joined(
    changes
      .filter((one) => one.verdict === verdict)
      .map(({ rate, why: reason }) => priceReason('of_rate', { rate, why: reason })),
  )
  return { ...slot, verdict, why, row: taken.length === 0 ? null : row }
}

/** What all proposals come to, against the rows of `rowsOf`; in the order of vendors, models, tiers and steps. */
export const decide = (
  proposals: readonly PriceProposal[],
  given: { readonly rowsOf: (vendor: string, model: string) => readonly PriceRow[]; readonly atMs: number },
): readonly PriceDecision[] => {
  const slots = new Map<string, PriceProposal[]>()
  for (const proposal of proposals) {
    const { vendor, model, serviceTier, contextOverTokens } = proposal.row
    const slot = JSON.stringify([vendor, model, serviceTier, contextOverTokens ?? 0])
    slots.set(slot, [...(slots.get(slot) ?? []), proposal])
  }
  return [...slots]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, list]) => {
      const [first] = list
      if (first === undefined) return []
      return [decideSlot(list, first, { rows: given.rowsOf(first.row.vendor, first.row.model), atMs: given.atMs })]
    })
}
