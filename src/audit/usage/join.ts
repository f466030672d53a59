/**
 * Joins what was used to where it is called. What tells most is believed first: the call site's own name in a header or record, then a tag, then a
 * key or project named like a folder, then the model. Rows that several sites may be behind are shared among them, and said so.
 */

import type { CallSite } from '#audit/finding.ts'
import { siteName } from '#audit/site-name.ts'
import type { Basis, SiteUsage, UnassignedUsage, UsageJoin } from './usage.ts'

/** A row of a usage export, as far as it is needed here. */
export type UsedRow = {
  readonly startMs: number
  readonly endMs: number
  readonly model: string | null
  readonly key: string | null
  readonly project: string | null
  readonly callSite: string | null
  readonly tags: readonly string[]
  readonly calls: number | null
  readonly failed: number | null
  readonly input: number | null
  readonly cachedInput: number | null
  readonly cacheWrite: number | null
  readonly output: number | null
  readonly durationMs: number | null
  readonly ttftMs: number | null
}

type Match = { readonly basis: Basis; readonly sites: readonly CallSite[] }

const plain = (text: string): string => text.toLowerCase()

/** `gpt-4o-2024-08-06` is a snapshot of `gpt-4o`; `openai/gpt-4o` the same at a host. */
const bareModel = (name: string): string =>
  plain(name.slice(name.lastIndexOf('/') + 1)).replace(/-(?:\d{4}-?\d\d-?\d\d|\d{4}|latest)$/, '')

const namesOf = (site: CallSite): readonly string[] =>
  [siteName(site), site.fingerprint, `${site.path}:${site.line}`, site.path].map(plain)

const byName = (name: string, sites: readonly CallSite[]): readonly CallSite[] => {
  const wanted = plain(name)
  const exact = sites.filter((site) => namesOf(site).includes(wanted))
  return exact.length > 0 ? exact : sites.filter(({ symbol }) => symbol !== null && plain(symbol) === wanted)
}

const byFolder = (name: string, sites: readonly CallSite[]): readonly CallSite[] => {
  const wanted = plain(name)
  return sites.filter(
    ({ path, auth }) => plain(path).split('/').includes(wanted) || (auth !== null && plain(auth) === `env:${wanted}`),
  )
}

const ofModel = (row: UsedRow, sites: readonly CallSite[]): readonly CallSite[] => {
  const { model } = row
  return model === null ? [] : sites.filter((site) => site.model !== null && bareModel(site.model) === bareModel(model))
}

/** Narrows by the model where that leaves something. */
const narrowed = (row: UsedRow, sites: readonly CallSite[]): readonly CallSite[] => {
  const own = ofModel(row, sites)
  return own.length > 0 ? own : sites
}

const matchOf = (row: UsedRow, sites: readonly CallSite[]): Match | null => {
  const named = row.callSite === null ? [] : byName(row.callSite, sites)
  if (named.length > 0) return { basis: 'call_site', sites: narrowed(row, named) }
  for (const tag of row.tags) {
    const tagged = byName(tag.slice(tag.indexOf(':') + 1), sites)
    if (tagged.length > 0) return { basis: 'tag', sites: narrowed(row, tagged) }
  }
  for (const name of [row.key, row.project]) {
    const keyed = name === null ? [] : byFolder(name, sites)
    if (keyed.length > 0) return { basis: 'key', sites: narrowed(row, keyed) }
  }
  const modelled = ofModel(row, sites)
  return modelled.length > 0 ? { basis: 'model', sites: modelled } : null
}

type Sums = {
  basis: Basis
  sharedBy: number
  input: number
  cached: number
  write: number
  output: number
  calls: number | null
  failed: number | null
  durations: number[]
  firsts: number[]
}

const emptySums = (basis: Basis): Sums => ({
  basis,
  sharedBy: 1,
  input: 0,
  cached: 0,
  write: 0,
  output: 0,
  calls: 0,
  failed: 0,
  durations: [],
  firsts: [],
})

/** Durations that are kept for a percentile; what is more is thinned evenly. */
const durationsMax = 100_000

const rank: readonly Basis[] = ['call_site', 'tag', 'key', 'model']

const add = (sums: Sums, row: UsedRow, { basis, sites }: Match): void => {
  const part = 1 / sites.length
  if (rank.indexOf(basis) > rank.indexOf(sums.basis)) sums.basis = basis
  sums.sharedBy = Math.max(sums.sharedBy, sites.length)
  sums.input += (row.input ?? 0) * part
  sums.cached += (row.cachedInput ?? 0) * part
  sums.write += (row.cacheWrite ?? 0) * part
  sums.output += (row.output ?? 0) * part
  sums.calls = sums.calls === null || row.calls === null ? null : sums.calls + row.calls * part
  sums.failed = sums.failed === null || row.failed === null ? null : sums.failed + row.failed * part
  if (row.durationMs !== null && sums.durations.length < durationsMax) sums.durations.push(row.durationMs)
  if (row.ttftMs !== null && sums.firsts.length < durationsMax) sums.firsts.push(row.ttftMs)
}

/** The nearest rank; `null` of nothing. */
const percentile = (values: readonly number[], part: number): number | null => {
  if (values.length === 0) return null
  const sorted = values.toSorted((one, other) => one - other)
  return Math.round(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0)
}

const rateDigits = 1e6

const usageOf = (sums: Sums, days: number): SiteUsage => {
  const daily = (count: number): number => Math.round(count / days)
  return {
    basis: sums.basis,
    shared_by: sums.sharedBy,
    tokens_per_day: daily(sums.input + sums.output),
    input_tokens_per_day: daily(sums.input),
    cached_input_tokens_per_day: daily(sums.cached),
    cache_write_tokens_per_day: daily(sums.write),
    output_tokens_per_day: daily(sums.output),
    calls_per_day: sums.calls === null ? null : daily(sums.calls),
    error_rate:
      sums.failed === null || sums.calls === null || sums.calls === 0
        ? null
        : Math.round((sums.failed / sums.calls) * rateDigits) / rateDigits,
    p50_ms: percentile(sums.durations, 0.5),
    p99_ms: percentile(sums.durations, 0.99),
    ttft_p50_ms: percentile(sums.firsts, 0.5),
    ttft_p99_ms: percentile(sums.firsts, 0.99),
  }
}

const dayMs = 86_400_000

const unassignedOf = (rows: readonly UsedRow[], days: number): readonly UnassignedUsage[] => {
  const groups = new Map<string, { model: string | null; callSite: string | null; tokens: number }>()
  for (const row of rows) {
    const key = JSON.stringify([row.model, row.callSite])
    const group = groups.get(key) ?? { model: row.model, callSite: row.callSite, tokens: 0 }
    group.tokens += (row.input ?? 0) + (row.output ?? 0)
    groups.set(key, group)
  }
  return [...groups.values()]
    .map(({ model, callSite, tokens }) => ({ model, call_site: callSite, tokens_per_day: Math.round(tokens / days) }))
    .toSorted((one, other) => other.tokens_per_day - one.tokens_per_day)
}

export type UsageGiven = {
  readonly sources: readonly string[]
  readonly rows: readonly UsedRow[]
  /** What times the exports cover beside those of the rows. */
  readonly spans: readonly Pick<UsedRow, 'startMs' | 'endMs'>[]
}

/** `null` where there are no rows. Only sites that send something take part, and only those that run in production. */
export const joinUsage = (callSites: readonly CallSite[], { sources, rows, spans }: UsageGiven): UsageJoin | null => {
  if (rows.length === 0) return null
  const sites = callSites.filter(({ kind, bucket }) => (kind === 'call' || kind === 'raw-http') && bucket !== 'test')
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, 0]
  for (const { startMs, endMs } of [...rows, ...spans]) {
    firstMs = Math.min(firstMs, startMs)
    lastMs = Math.max(lastMs, startMs + 1, endMs)
  }
  firstMs = Math.floor(firstMs / dayMs) * dayMs
  const days = Math.max(1, Math.ceil((lastMs - firstMs) / dayMs))
  const found = new Map<string, Sums>()
  const left: UsedRow[] = []
  for (const row of rows) {
    const match = matchOf(row, sites)
    if (match === null) left.push(row)
    else
      for (const { fingerprint } of match.sites) {
        const sums = found.get(fingerprint) ?? emptySums(match.basis)
        found.set(fingerprint, sums)
        add(sums, row, match)
      }
  }
  const all = rows.reduce((sum, row) => sum + (row.input ?? 0) + (row.output ?? 0), 0)
  return {
    sources,
    from: new Date(firstMs).toISOString().slice(0, 10),
    until: new Date(firstMs + (days - 1) * dayMs).toISOString().slice(0, 10),
    days,
    tokens_per_day: Math.round(all / days),
    sites: Object.fromEntries([...found].map(([fingerprint, sums]) => [fingerprint, usageOf(sums, days)])),
    unassigned: unassignedOf(left, days),
  }
}
