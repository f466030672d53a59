/**
 * Usage in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification
 * (https://focus.finops.org/focus-specification/v1-2/, read 2026-11-28): a line a day for each account, key, model and target.
 * Columns of our own begin with `x_`. Amounts are exact decimals; an empty cell is unknown or does not apply, never zero.
 */

import { decimalOf } from '#base/money.ts'
import type { UsageDimension, UsageGroup } from './port.ts'
import { emptyTally } from './port.ts'

/** What lines are told apart by; days besides. */
export const focusDimensions = [
  'account',
  'project',
  'member',
  'key',
  'model',
  'provider',
  'upstream_model',
] as const satisfies readonly UsageDimension[]

export type FocusNames = { readonly accountName: string | null; readonly keyName: string | null }

type Cell = string | null

const issuer = 'Drover'
const dayMs = 86_400_000

const moment = (timeMs: number): string => `${new Date(timeMs).toISOString().slice(0, 19)}Z`

const monthOf = (timeMs: number): { readonly start: string; readonly end: string } => {
  const at = new Date(timeMs)
  const start = (months: number): number => Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months)
  return { start: moment(start(0)), end: moment(start(1)) }
}

/** `null` where nothing was said at all. */
const countText = (count: number, unknown: number): Cell => (count === 0 && unknown > 0 ? null : count.toString())

const tagsOf = ({ values }: UsageGroup, tagName: string | null): string => {
  const { project, member, tag } = values
  const named = { project, member, ...(tagName === null ? {} : { [tagName]: tag }) }
  return JSON.stringify(Object.fromEntries(Object.entries(named).filter(([, value]) => typeof value === 'string')))
}

const period = (startMs: number) => {
  const month = monthOf(startMs)
  return {
    BillingPeriodStart: month.start,
    BillingPeriodEnd: month.end,
    ChargePeriodStart: moment(startMs),
    ChargePeriodEnd: moment(startMs + dayMs),
  }
}

const costs = ({ tally }: UsageGroup) => {
  const charge = decimalOf(tally.chargeNanoUsd)
  return {
    BilledCost: charge,
    EffectiveCost: charge,
    ListCost: charge,
    ContractedCost: charge,
    BillingCurrency: 'USD',
    PricingCurrency: 'USD',
  }
}

const quantities = ({ tally }: UsageGroup) => {
  const tokens = countText(tally.input + tally.output, tally.inputUnknown + tally.outputUnknown)
  return { ConsumedQuantity: tokens, ConsumedUnit: 'Tokens', PricingQuantity: tokens, PricingUnit: 'Tokens' }
}

const ownColumns = ({ tally, values }: UsageGroup) => ({
  x_Calls: tally.calls.toString(),
  x_Errors: tally.errors.toString(),
  x_InputTokens: countText(tally.input, tally.inputUnknown),
  x_CachedInputTokens: countText(tally.cachedInput, tally.cachedInputUnknown),
  x_CacheWriteTokens: countText(tally.cacheWrite, tally.cacheWriteUnknown),
  x_OutputTokens: countText(tally.output, tally.outputUnknown),
  x_ReasoningTokens: countText(tally.reasoning, tally.reasoningUnknown),
  x_CallsOfUnknownUsage: Math.max(tally.inputUnknown, tally.outputUnknown).toString(),
  x_UnpricedCalls: tally.unpriced.toString(),
  x_UpstreamModel: values.upstream_model ?? null,
  x_UpstreamCost: decimalOf(tally.upstreamCostNanoUsd),
  x_UpstreamUnpricedAttempts: tally.upstreamUnpriced.toString(),
  x_Margin: decimalOf(tally.chargeNanoUsd - tally.upstreamCostNanoUsd),
})

/** One line; the names of its cells are the columns, in their order. */
export const focusLine = (
  group: UsageGroup,
  { accountName, keyName }: FocusNames,
  tagName: string | null,
): Readonly<Record<string, Cell>> => {
  const { values, tally, startMs } = group
  const account = values.account ?? null
  const target = [values.provider, values.upstream_model].filter((one) => typeof one === 'string').join('/')
  return {
    ...costs(group),
    ...period(startMs ?? 0),
    BillingAccountId: account,
    BillingAccountName: accountName,
    BillingAccountType: 'Account',
    SubAccountId: values.project ?? null,
    SubAccountName: null,
    SubAccountType: typeof values.project === 'string' ? 'Project' : null,
    ChargeCategory: 'Usage',
    ChargeClass: null,
    ChargeDescription: `${tally.calls} calls of ${values.model ?? 'no model'}${target === '' ? '' : ` by ${target}`}`,
    ChargeFrequency: 'Usage-Based',
    ProviderName: issuer,
    PublisherName: values.provider ?? issuer,
    InvoiceIssuerName: issuer,
    ServiceName: 'LLM relay',
    ServiceCategory: 'AI and Machine Learning',
    ServiceSubcategory: 'Generative AI',
    ResourceId: values.key ?? null,
    ResourceName: keyName,
    ResourceType: typeof values.key === 'string' ? 'API key' : null,
    RegionId: null,
    RegionName: null,
    SkuId: values.model ?? null,
    SkuMeter: 'Tokens',
    SkuPriceId: null,
    PricingCategory: 'Standard',
    ListUnitPrice: null,
    ContractedUnitPrice: null,
    ...quantities(group),
    Tags: tagsOf(group, tagName),
    ...ownColumns(group),
  }
}

/** The columns, in the order of a line's cells. */
export const focusColumns: readonly string[] = Object.keys(
  focusLine({ startMs: 0, values: {}, tally: emptyTally() }, { accountName: null, keyName: null }, null),
)

/** Whether anything was used or spent: a target that was only tried in vain and for nothing is no charge. */
export const isCharge = ({ tally }: UsageGroup): boolean =>
  tally.calls > 0 || tally.chargeNanoUsd !== 0n || tally.upstreamCostNanoUsd !== 0n
