/** What call sites use, as the manifest has it. */

export type Basis = 'call_site' | 'tag' | 'key' | 'model'

export type SiteUsage = {
  readonly basis: Basis
  /** How many sites the rows are shared among; 1 = they are its own. */
  readonly shared_by: number
  readonly tokens_per_day: number
  readonly input_tokens_per_day: number
  readonly cached_input_tokens_per_day: number
  readonly cache_write_tokens_per_day: number
  readonly output_tokens_per_day: number
  /** `null` = the export does not count calls. */
  readonly calls_per_day: number | null
  /** Failed over all calls; `null` = the export does not tell. */
  readonly error_rate: number | null
  readonly p50_ms: number | null
  readonly p99_ms: number | null
  readonly ttft_p50_ms: number | null
  readonly ttft_p99_ms: number | null
}

export type UnassignedUsage = {
  readonly model: string | null
  readonly call_site: string | null
  readonly tokens_per_day: number
}

export type UsageJoin = {
  readonly sources: readonly string[]
  readonly from: string
  readonly until: string
  readonly days: number
  readonly tokens_per_day: number
  /** By the fingerprint of the site. */
  readonly sites: Readonly<Record<string, SiteUsage>>
  /** What no call site in the code explains: another program, or one that was not read. */
  readonly unassigned: readonly UnassignedUsage[]
}
