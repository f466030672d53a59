/** The manifest of `drover audit --usage … --manifest`: a mean day of each call site, and of what no call site explains. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { countIn, emptyRow, textOf } from './row.ts'

const dayMs = 86_400_000

const list = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

const siteRow = (site: JsonObject, empty: UsageExportRow): readonly UsageExportRow[] => {
  const usage = site['usage']
  if (!isObject(usage)) return []
  return [
    {
      ...empty,
      provider: textOf(site['provider']),
      model: textOf(site['model']),
      callSite: textOf(site['name']),
      calls: countIn(usage['calls_per_day']),
      input: countIn(usage['input_tokens_per_day']),
      cachedInput: countIn(usage['cached_input_tokens_per_day']),
      cacheWrite: countIn(usage['cache_write_tokens_per_day']),
      output: countIn(usage['output_tokens_per_day']),
    },
  ]
}

const isManifest = (document: JsonObject): boolean =>
  document['schema'] === 1 &&
  Array.isArray(document['call_sites']) &&
  isObject(document['usage']) &&
  'clients' in document

export const manifestUsage: UsageExportReader = {
  vendor: 'drover',
  title: "a manifest of 'drover audit --usage'",
  readJson: (document) => {
    if (!isManifest(document)) return null
    const usage = isObject(document['usage']) ? document['usage'] : {}
    const startMs = Date.parse(`${textOf(usage['until']) ?? ''}T00:00:00Z`)
    if (Number.isNaN(startMs)) return []
    const empty = emptyRow('drover', startMs, startMs + dayMs)
    return list(document['call_sites']).flatMap((site) => siteRow(site, empty))
  },
  readTable: () => null,
}
