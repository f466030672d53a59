/** What `drover fit` needs of a manifest of the audit. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'

export type FitSite = {
  readonly name: string
  readonly model: string | null
  readonly endpoint: string | null
  readonly breaks: readonly string[]
  readonly tokensPerDay: number | null
  readonly callsPerDay: number | null
  readonly errorRate: number | null
  readonly p99Ms: number | null
  readonly ttftP99Ms: number | null
}

export type FitManifest = {
  readonly target: string | null
  readonly sites: readonly FitSite[]
  readonly hasUsage: boolean
  readonly unassignedTokensPerDay: number
  readonly providers: readonly string[]
}

const list = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
const number = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null)

const siteIn = (site: JsonObject): FitSite => {
  const usage = isObject(site['usage']) ? site['usage'] : {}
  return {
    name: text(site['name']) ?? '?',
    model: text(site['model']),
    endpoint: text(site['endpoint']),
    breaks: list(site['effects'])
      .filter(({ level }) => level === 'error')
      .map(({ message }) => String(message)),
    tokensPerDay: number(usage['tokens_per_day']),
    callsPerDay: number(usage['calls_per_day']),
    errorRate: number(usage['error_rate']),
    p99Ms: number(usage['p99_ms']),
    ttftP99Ms: number(usage['ttft_p99_ms']),
  }
}

/** `null` = it is no manifest. */
export const fitManifestOf = (document: unknown): FitManifest | null => {
  if (!isObject(document) || document['schema'] !== 1 || !Array.isArray(document['call_sites'])) return null
  if (!('clients' in document)) return null
  const sites = list(document['call_sites'])
  const usage = document['usage']
  const target = isObject(document['target']) ? document['target'] : {}
  const left = isObject(usage) ? list(usage['unassigned']) : []
  return {
    target: text(target['model']) === null ? null : `${text(target['provider'])}/${text(target['model'])}`,
    sites: sites.map(siteIn),
    hasUsage: isObject(usage),
    unassignedTokensPerDay: left.reduce((sum, one) => sum + (number(one['tokens_per_day']) ?? 0), 0),
    providers: [...new Set(sites.flatMap(({ provider }) => text(provider) ?? []))].toSorted(),
  }
}
