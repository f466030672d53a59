/** Models as the relay sees them: rows made from drover.yaml, the catalog and the store. */

import type { PriceRow } from '#base/price-row.ts'
import type { AppliedRules } from '#base/price-rule.ts'
import type { BreakerSettings } from './breaker.ts'
import type { DataPolicy } from './region.ts'
import type { TargetScope } from './scope.ts'

export type ParameterMode = 'shim' | 'strict'

export type Target = {
  readonly provider: string
  readonly model: string
  readonly weight: number
  /** Tier 2 is used only when tier 1 is exhausted. */
  readonly tier: number
  readonly params: ParameterMode
  readonly region: string | null
  /** Which calls may go there; absent or `null` = all. */
  readonly scope?: TargetScope | null
  /** Whether the model thinks before it answers; absent: not known. */
  readonly reasons?: boolean
  /** What this model reads and writes at most, in tokens; `null` = unknown; absent: as its row says. */
  readonly contextTokens?: number | null
  readonly outputTokensMax?: number | null
  /** What its provider does with data; absent = unknown. */
  readonly dataPolicy?: DataPolicy | null
  /** What the operator pays; newest first; empty = unknown. */
  readonly costRows: readonly PriceRow[]
  /** On the target of a call under way: the account whose own credential it is asked with; absent = the operator's. */
  readonly account?: string
}

export type Timeouts = {
  readonly connectMs: number
  readonly headersMs: number
  readonly firstTokenMs: number
  readonly idleMs: number
  readonly totalMs: number
}

/** Refusals of the caller's own making after which another model is asked, where the operator wishes so. */
export type FallbackCause = 'context-length' | 'content-filter'

/** The most that a target puts out, in tokens; `null` = unknown. */
export const outputTokensMaxOf = (
  target: Pick<Target, 'outputTokensMax'>,
  row: Pick<ModelRow, 'outputTokensMax'>,
): number | null => (target.outputTokensMax === undefined ? row.outputTokensMax : target.outputTokensMax)

/** The window of a target's model, in tokens; `null` = unknown. */
export const contextTokensOf = (
  target: Pick<Target, 'contextTokens'>,
  row: Pick<ModelRow, 'contextTokens'>,
): number | null => (target.contextTokens === undefined ? row.contextTokens : target.contextTokens)

export type RouteSettings = {
  readonly strategy: 'weighted' | 'least-latency' | 'cheapest' | 'fallback'
  readonly retriesMax: number
  readonly hedgeAfterMs: number | null
  readonly sticky: 'conversation' | 'none'
  readonly timeouts: Timeouts
  /** Absent = none. */
  readonly fallbackOn?: readonly FallbackCause[]
  /** Absent = the default one. */
  readonly breaker?: BreakerSettings
}

export type ModelRow = {
  readonly id: string
  readonly aliases: readonly string[]
  readonly targets: readonly Target[]
  readonly route: RouteSettings
  /** Ids of the models that are asked when no target of this one answers; absent = none. */
  readonly fallbacks?: readonly string[]
  /** What callers pay; newest first; empty = unpriced. `free` = zero on purpose. */
  readonly priceRows: readonly PriceRow[] | 'free'
  /** `yaml`, `store`, `catalog`, or `direct` for `provider/model`. */
  readonly origin: 'yaml' | 'store' | 'catalog' | 'direct'
  readonly contextTokens: number | null
  readonly outputTokensMax: number | null
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  readonly createdMs: number | null
  readonly ownedBy: string
  /** What rules of price go by; absent = unknown. */
  readonly family?: string | null
  /** The vendor whose list the price comes from, or whose model it is. */
  readonly vendor?: string | null
  /** The vendor's own list for the first target, in every currency that it has: what the operator set or pays is not in it. Absent = unknown. */
  readonly officialRows?: readonly PriceRow[]
  /** Prices of single accounts and plans, by `account:<id>` and `plan:<name>`: rows of a higher rank. */
  readonly ownPrices?: ReadonlyMap<string, readonly PriceRow[]>
  /** On the row of a call under way: the markup and the discount that its account gets. */
  readonly rules?: AppliedRules
  /** What a caller of this name is told in a warning. */
  readonly notice?: string
}
