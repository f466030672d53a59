/** The end of a call: what it used, what it costs, the one record of it. */

import type { Pricing } from '#base/call-record.ts'
import type { AppliedRules, PriceRule } from '#base/price-rule.ts'
import { noRules } from '#base/price-rule.ts'
import type { Problem } from '#base/problem.ts'
import { asProblem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import type { Charge } from '#ledger/charge.ts'
import { chargeOf, freeCharge, saleOf } from '#ledger/charge.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import type { Call, CallKind } from '#protocol/call.ts'
import type { Attempt } from './attempt.ts'
import type { Delivered } from './deliver.ts'
import type { Draft } from './draft.ts'
import type { Meter } from './meter.ts'
import { paidRow } from './own-credential.ts'
import type { Upstream } from './snapshot.ts'
import type { Answer, KnownUsage } from './uncounted.ts'
import { knownUsage } from './uncounted.ts'

/** Answers that are text, so that tokens can be counted where a provider reports none. */
export const countable: readonly CallKind[] = ['chat', 'completion']

/** What a call costs, at the prices of its arrival. */
export const priceOf = (row: ModelRow, usage: Usage, draft: Draft): Charge | null =>
  // A call under a test key never moves money, whatever the model costs.
  draft.test ? freeCharge : saleOf(usage, row.priceRows, { atMs: draft.timeMs, rules: row.rules ?? noRules })

export type PriceOf = (usage: Usage) => Charge | null

/** The same for one call, worked out once for its usage: the head of a whole answer says what the books say after it. */
export const pricerFor = (row: ModelRow, draft: Draft): PriceOf => {
  let last: { readonly usage: Usage; readonly charge: Charge | null } | null = null
  return (usage) => {
    if (last?.usage !== usage) last = { usage, charge: priceOf(row, usage, draft) }
    return last.charge
  }
}

/** In the order in which they are put on and taken off. */
const rulesOf = ({ markup, feeBasisPoints, discount }: AppliedRules): Pricing['rules'] => {
  const plain = (rule: PriceRule | null): Pricing['rules'] =>
    rule === null ? [] : [{ kind: rule.kind, name: rule.name, basisPoints: rule.basisPoints }]
  const fee = { kind: 'fee' as const, name: 'own credential', basisPoints: feeBasisPoints ?? 0 }
  return [...plain(markup), ...(feeBasisPoints === undefined ? [] : [fee]), ...plain(discount)]
}

/** How the cost was come by, for the record; `null` = there is nothing to say. */
export const pricingOf = (row: ModelRow, charge: Charge | null): Pricing | null => {
  if (charge === null || charge.choice === null) return null
  const { row: price } = charge.choice
  return {
    model: row.id,
    family: row.family ?? null,
    vendor: price.vendor,
    source: price.source,
    serviceTier: price.serviceTier,
    contextOverTokens: price.contextOverTokens,
    currency: price.currency,
    perUsdNano: charge.fxRate?.perUsdNano ?? null,
    baseNanoUsd: charge.baseNanoUsd,
    rules: rulesOf(charge.rules),
  }
}

export const requestText = (call: Call): string =>
  call.payload.kind === 'json' ? call.payload.top.source.toString('utf8') : JSON.stringify(call.body())

/** What a call used. `answer.whole`: the provider's answer came to its end, whoever of its readers did. */
export const usageFor = async (call: Call, answer: Answer): Promise<KnownUsage> => {
  if (!countable.includes(call.kind)) return knownUsage(call, answer)
  const { meter, whole } = answer
  return { usage: await meter.usage({ whole, isText: true, request: () => requestText(call) }), from: null }
}

const unpricedWarnings = ({ priceRows }: ModelRow, charge: Charge | null): readonly string[] => {
  if (charge !== null) return charge.unpricedItems.map((item) => `items:${item}:unpriced`)
  if (priceRows === 'free' || priceRows.length === 0) return []
  return ['usage:the provider told too little of it for the price of the model; nothing is charged']
}

/** Says what was used and has no price, or that there is a price and too little is known for it; once, whoever looks first. */
export const noteUnpriced = (draft: Draft, row: ModelRow, charge: Charge | null): void => {
  const warnings = unpricedWarnings(row, charge)
  if (warnings.length > 0) draft.warnings = [...new Set([...draft.warnings, ...warnings])]
}

/** What was used, and nobody can tell how much: it is not charged for. */
export const noteUnknown = (draft: Draft, { unknown }: KnownUsage): void => {
  const warning = `usage:the provider told none; ${unknown} in what was asked are not counted`
  if (unknown !== undefined && !draft.warnings.includes(warning)) draft.warnings = [...draft.warnings, warning]
}

/** What a call used, and what it comes to. */
export type Rated = KnownUsage & { readonly charge: Charge | null }

/** `whole`, `bytes`: as an `Answer` has them. */
export type Rate = (ending: Pick<Answer, 'whole' | 'bytes'>) => Promise<Rated>

/** Rates one call, once: the head of a whole answer says what the books say after it. */
export const raterFor = ({
  call,
  meter,
  prices,
  price,
}: Pick<Answer, 'meter' | 'prices'> & { readonly call: Call; readonly price: PriceOf }): Rate => {
  let rated: Rated | null = null
  return async (ending) => {
    if (rated !== null) return rated
    const known = await usageFor(call, { meter, prices, ...ending })
    rated = { ...known, charge: price(known.usage) }
    return rated
  }
}

/** What settling must know of the attempt that answered. */
export type Answered = Pick<Attempt, 'leg' | 'upstream' | 'draft'>

/** Writes how a delivered call ended into its draft; gives the tokens it used, for the limits. */
export const settle = async (
  draft: Draft,
  attempt: Answered,
  facts: {
    readonly call: Call
    readonly meter: Meter
    readonly whole: boolean
    readonly delivered: Delivered
    /** Absent: nobody has asked what this call comes to before, and its bytes do not say how much was made. */
    readonly rate?: Rate
  },
): Promise<number | null> => {
  const { call, meter, whole, delivered } = facts
  const row = paidRow(attempt.leg.row, attempt.upstream)
  const costRows = rowsOfCost(attempt.upstream, attempt.leg.target)
  const { rate = raterFor({ call, meter, prices: [row.priceRows, costRows], price: pricerFor(row, draft) }) } = facts
  const bytes = facts.rate === undefined ? null : draft.responseBytes
  const rated = await rate({ whole, bytes })
  const { usage, from, charge } = rated
  draft.usage = usage
  draft.usageFrom = from
  draft.costNanoUsd = charge?.costNanoUsd ?? null
  draft.priceHash = charge?.priceHash ?? null
  draft.pricing = pricingOf(row, charge)
  noteUnpriced(draft, row, charge)
  noteUnknown(draft, rated)
  draft.end = delivered.end
  draft.error = delivered.problem?.code ?? null
  draft.errorMessage = delivered.problem?.message ?? null
  draft.finishReason = meter.finishReason()
  draft.provider = attempt.upstream.provider.name
  draft.upstreamModel = attempt.leg.target.model
  draft.ttftMs = attempt.draft.firstPartMs
  attempt.draft.usage = usage
  attempt.draft.costNanoUsd = draft.test ? 0n : (chargeOf(usage, costRows, draft.timeMs)?.costNanoUsd ?? null)
  return usage.input === null && usage.output === null ? null : (usage.input ?? 0) + (usage.output ?? 0)
}

/** What the operator pays by. */
export const rowsOfCost = ({ provider }: Upstream, { costRows }: Target): Parameters<typeof chargeOf>[1] =>
  provider.price === 'free' ? 'free' : costRows

/** Writes a refusal into the draft. */
export const settleRefusal = (draft: Draft, thrown: unknown): Problem => {
  const problem = asProblem(thrown)
  draft.end = 'refused'
  draft.status = problem.status
  draft.error = problem.code
  draft.errorMessage = problem.message
  draft.costNanoUsd = 0n
  return problem
}
