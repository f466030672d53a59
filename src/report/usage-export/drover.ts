/** Drover's own records, as `drover logs --json` prints them: one a line, or all under `data`. Sandbox calls are not use. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { callRow, countIn, momentOf, textOf } from './row.ts'

const nanoIn = (value: Json | undefined): bigint | null =>
  typeof value === 'string' && /^-?\d{1,30}$/.test(value) ? BigInt(value) : null

/** What the operator pays: the attempts' costs, of which one unknown makes the whole unknown. */
const upstreamCost = (record: JsonObject): bigint | null => {
  const attempts = Array.isArray(record['attempts']) ? record['attempts'].filter(isObject) : []
  return attempts.reduce<bigint | null>((sum, attempt) => {
    const cost = nanoIn(attempt['cost_nano_usd'])
    return sum === null || cost === null ? null : sum + cost
  }, 0n)
}

const milliseconds = (value: Json | undefined): number | null => {
  const number = typeof value === 'number' ? value : Number(typeof value === 'string' ? value : Number.NaN)
  return Number.isFinite(number) && number >= 0 ? number : null
}

const recordRow = (record: JsonObject): readonly UsageExportRow[] => {
  const atMs = momentOf(record['time'])
  if (Number.isNaN(atMs) || record['test'] === true) return []
  const usage = isObject(record['usage']) ? record['usage'] : {}
  const tags = isObject(record['tags']) ? Object.entries(record['tags']) : []
  return [
    {
      ...callRow('drover', atMs),
      provider: textOf(record['provider']),
      model: textOf(record['upstream_model']) ?? textOf(record['model']),
      project: textOf(record['project']),
      key: textOf(record['key']),
      input: countIn(usage['input']),
      cachedInput: countIn(usage['cached_input']),
      cacheWrite: countIn(usage['cache_write']),
      output: countIn(usage['output']),
      reasoning: countIn(usage['reasoning']),
      costNanoUsd: upstreamCost(record),
      callSite: textOf(record['call_site']),
      tags: tags.map(([name, value]) => `${name}:${String(value)}`),
      failed: textOf(record['error']) === null && record['end'] !== 'cut' ? 0 : 1,
      durationMs: milliseconds(record['duration_ms']),
      ttftMs: milliseconds(record['ttft_ms']),
    },
  ]
}

const isRecord = (value: Json | undefined): boolean =>
  isObject(value) && 'attempts' in value && 'cost_nano_usd' in value && 'time' in value

export const droverRecords: UsageExportReader = {
  vendor: 'drover',
  title: "Drover's records (drover logs --json)",
  readJson: (document) => {
    if (isRecord(document)) return recordRow(document)
    const list = document['data']
    return Array.isArray(list) && list.length > 0 && list.every(isRecord)
      ? list.filter(isObject).flatMap(recordRow)
      : null
  },
  readTable: () => null,
}
