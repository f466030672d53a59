/**
 * Helicone's requests: `POST /v1/request/query` and the export of its requests page as JSON or CSV
 * (https://docs.helicone.ai/rest/request/post-v1requestquery, read 2026-11-28). Prompt tokens exclude what was read from or written to a
 * cache. `delay_ms` is the whole call. Costs are dollars.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { nanoOfNumber } from '#base/money.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { callRow, countIn, momentOf, sumKnown, textOf } from './row.ts'

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

const milliseconds = (value: Json | undefined): number | null => {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : Number.NaN
  return Number.isFinite(number) && number >= 0 ? number : null
}

const firstErrorStatus = 400

const failedOf = (status: number | null): number | null => (status === null ? null : status >= firstErrorStatus ? 1 : 0)

const tagsOf = (properties: JsonObject): readonly string[] =>
  Object.entries(properties).flatMap(([name, value]) => (typeof value === 'string' ? [`${name}:${value}`] : []))

const requestRow = (row: JsonObject): readonly UsageExportRow[] => {
  const atMs = momentOf(row['request_created_at'])
  if (Number.isNaN(atMs)) return []
  const properties = objectOf(row['request_properties'] ?? row['properties'])
  const cachedInput = countIn(row['prompt_cache_read_tokens'])
  const cacheWrite = countIn(row['prompt_cache_write_tokens'])
  const site = Object.entries(properties).find(([name]) => /^call[-_ ]?site$/i.test(name))?.[1]
  return [
    {
      ...callRow('helicone', atMs),
      provider: textOf(row['provider'])?.toLowerCase() ?? null,
      model: textOf(row['request_model']) ?? textOf(row['model']) ?? textOf(row['response_model']),
      key: textOf(row['request_user_id']) ?? textOf(row['user_id']),
      input: sumKnown(countIn(row['prompt_tokens']), cachedInput ?? 0, cacheWrite ?? 0),
      cachedInput,
      cacheWrite,
      output: countIn(row['completion_tokens']),
      costNanoUsd: nanoOfNumber(row['cost'] ?? row['costUSD'] ?? row['cost_usd']),
      callSite: textOf(site),
      tags: tagsOf(properties),
      failed: failedOf(countIn(row['response_status'] ?? row['status'])),
      durationMs: milliseconds(row['delay_ms'] ?? row['latency']),
      ttftMs: milliseconds(row['time_to_first_token']),
    },
  ]
}

const isRequest = (value: Json | undefined): boolean =>
  isObject(value) && 'request_created_at' in value && 'prompt_tokens' in value

export const heliconeRequests: UsageExportReader = {
  vendor: 'helicone',
  title: 'Helicone requests',
  readJson: (document) => {
    if (isRequest(document)) return requestRow(document)
    const list = document['data']
    return Array.isArray(list) && list.length > 0 && list.every(isRequest)
      ? list.filter(isObject).flatMap(requestRow)
      : null
  },
  readTable: (found, rows) =>
    ['request_created_at', 'prompt_tokens', 'completion_tokens'].every((heading) => found.includes(heading))
      ? rows.flatMap(requestRow)
      : null,
}
