/** What reports need kept: figures that were added up beforehand, so that no report reads the log of calls. */

import type { PriceRow } from '#base/price-row.ts'

/** Price rows that have rated a call, by hash. */
export type PriceRecall = {
  readonly keepPriceRow: (hash: string, row: PriceRow) => Promise<void>
  readonly priceRow: (hash: string) => Promise<PriceRow | null>
}

/** What calls are told apart by. `tag` needs the tag's name beside it. */
export type UsageDimension = 'account' | 'project' | 'member' | 'key' | 'model' | 'provider' | 'upstream_model' | 'tag'

export type UsageGrain = 'hour' | 'day'

export type UsageFilter = Readonly<Record<UsageDimension, string | null>>

/** Lets everything through. */
export const everyUsage: UsageFilter = {
  account: null,
  project: null,
  member: null,
  key: null,
  model: null,
  provider: null,
  upstream_model: null,
  tag: null,
}

/** The group that a page ended with, in the order of the grouping; a moment stands first where there is one. */
export type UsageCursor = readonly (string | number)[]

export type UsageQuestion = {
  /** Whole hours or days of UTC; the end is exclusive. */
  readonly fromMs: number
  readonly toMs: number
  /** Of the figures that are read. Tags are kept by the day. */
  readonly grain: UsageGrain
  /** Whether each hour or day is a row of its own. */
  readonly byTime: boolean
  readonly by: readonly UsageDimension[]
  /** Which tag; `null` = tags do not matter. */
  readonly tagName: string | null
  readonly filter: UsageFilter
  /** Calls of the sandbox, or those that count. */
  readonly test: boolean
  readonly limit: number
  readonly after: UsageCursor | null
}

/**
 * Sums over calls. A sum of tokens has beside it how many of the calls did not say: those are in no sum. A call's
 * attempts count under the provider that was tried, everything else under the one that answered.
 */
export type UsageTally = {
  readonly calls: number
  /** Of the calls: with an error, refused before anything was delivered, cut by the upstream, left by the caller. */
  readonly errors: number
  readonly refused: number
  readonly cut: number
  readonly left: number
  readonly attempts: number
  readonly failedAttempts: number
  /** Includes what was cached and what was written to a cache. */
  readonly input: number
  readonly inputUnknown: number
  readonly cachedInput: number
  readonly cachedInputUnknown: number
  readonly cacheWrite: number
  readonly cacheWriteUnknown: number
  /** Includes reasoning. */
  readonly output: number
  readonly outputUnknown: number
  readonly reasoning: number
  readonly reasoningUnknown: number
  /** Calls whose tokens were counted or estimated by Drover, because the provider did not report them to the end. */
  readonly estimated: number
  readonly chargeNanoUsd: bigint
  /** Calls that used something which no price covers: they are in no sum of money. */
  readonly unpriced: number
  readonly upstreamCostNanoUsd: bigint
  /** Attempts that were answered and whose cost is not known. */
  readonly upstreamUnpriced: number
}

/** A tally while it is being added up. */
export type TallyDraft = { -readonly [K in keyof UsageTally]: UsageTally[K] }

/** Sums over no call: what others are added to. */
export const emptyTally = (): TallyDraft => ({
  calls: 0,
  errors: 0,
  refused: 0,
  cut: 0,
  left: 0,
  attempts: 0,
  failedAttempts: 0,
  input: 0,
  inputUnknown: 0,
  cachedInput: 0,
  cachedInputUnknown: 0,
  cacheWrite: 0,
  cacheWriteUnknown: 0,
  output: 0,
  outputUnknown: 0,
  reasoning: 0,
  reasoningUnknown: 0,
  estimated: 0,
  chargeNanoUsd: 0n,
  unpriced: 0,
  upstreamCostNanoUsd: 0n,
  upstreamUnpriced: 0,
})

const moneyFields = ['chargeNanoUsd', 'upstreamCostNanoUsd'] as const
const countFields = (Object.keys(emptyTally()) as readonly (keyof UsageTally)[]).filter(
  (field): field is Exclude<keyof UsageTally, (typeof moneyFields)[number]> =>
    !moneyFields.some((money) => money === field),
)

/** Adds one tally to another: some times for every call. */
export const addTally = (to: TallyDraft, from: UsageTally): void => {
  for (const field of countFields) to[field] += from[field]
  for (const field of moneyFields) to[field] += from[field]
}

export type UsageGroup = {
  /** Beginning of the hour or day; `null` where time is not grouped by. */
  readonly startMs: number | null
  /** Of the dimensions that were asked for; `null` = the calls have none. */
  readonly values: Partial<Readonly<Record<UsageDimension, string | null>>>
  readonly tally: UsageTally
}

export type UsagePage = {
  readonly groups: readonly UsageGroup[]
  /** Where the next page begins; `null` = this was the last. */
  readonly next: UsageCursor | null
  /** Calls of the log that the figures do not hold yet. */
  readonly pending: number
}

export type UsageStore = {
  /** In the order of the groups. */
  readonly usage: (question: UsageQuestion) => Promise<UsagePage>
  /** Adds calls of the log to the figures, some thousands at most; gives how many are still to come. */
  readonly rollForward: () => Promise<number>
}
