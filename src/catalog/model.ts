/** What the catalog knows of a model, after loading: frozen, in integers and milliseconds. */

import type { ParameterRules } from '#base/parameter-rule.ts'
import type { PriceRow } from '#base/price-row.ts'
import type { CallKind } from '#protocol/call.ts'
import type { World } from './world.ts'

/** `realtime`: spoken to over a WebSocket, not with a call. */
export type CatalogKind = CallKind | 'realtime'

/** Where a fact was read, and on which day (`YYYY-MM-DD`). */
export type Source = { readonly url: string; readonly read: string }

/** A named set of rules with its source; several models share one. */
export type RuleSet = {
  readonly name: string
  readonly parameters: ParameterRules
  readonly source: Source
}

export type CatalogModel = {
  readonly vendor: string
  /** What the vendor calls it. */
  readonly id: string
  readonly name: string
  readonly family: string
  readonly kind: CatalogKind
  /** Drover's own names for it; the vendor is sent `id`. */
  readonly aliases: readonly string[]
  /** Further ids that the vendor accepts for the same model (snapshots, `-latest`); sent as the caller wrote them. */
  readonly otherIds: readonly string[]
  /** Tokens of input and output together; `null` = unknown. */
  readonly contextTokens: number | null
  readonly outputTokensMax: number | null
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  /** `tools`, `json_schema`, `reasoning`, `vision` …: a name that is absent is unknown, not false. */
  readonly capabilities: Readonly<Record<string, boolean>>
  readonly ruleSets: readonly RuleSet[]
  /** All its sets in one; of two that rule a parameter, the first counts. */
  readonly rules: ParameterRules
  readonly releasedMs: number | null
  /** The day the vendor announced the end. */
  readonly deprecatedOn: string | null
  /** The first day on which the vendor refuses it. */
  readonly retiresOn: string | null
  readonly retiresMs: number | null
  /** An id of the same vendor. */
  readonly successor: string | null
  /** After its end the name is answered by the successor (with a warning) instead of being refused. */
  readonly redirects: boolean
  readonly source: Source
  readonly lifecycleSource: Source | null
  /** Newest first; empty = unpriced, which is not free. */
  readonly priceRows: readonly PriceRow[]
}

/** A name and the model behind it. */
export type Named = {
  readonly model: CatalogModel
  /** What goes upstream: the model's id for an alias, else the name as written. */
  readonly sendAs: string
}

export type CatalogVendor = {
  readonly name: string
  readonly title: string
  readonly docs: string
  /** Other names that a configuration may use for the vendor. */
  readonly also: readonly string[]
  /** Serves models that others make: comes after their makers in a look-up by name alone. */
  readonly host: boolean
  readonly models: readonly CatalogModel[]
  readonly byName: ReadonlyMap<string, Named>
}

export type Catalog = {
  /** Makers before hosts, each in the order of their names. */
  readonly vendors: readonly CatalogVendor[]
  /** By name and by other name. */
  readonly byVendor: ReadonlyMap<string, CatalogVendor>
  readonly world: World
}
