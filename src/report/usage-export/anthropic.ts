/**
 * Anthropic's usage and cost reports: `GET /v1/organizations/usage_report/messages`, its successor
 * `…/analytics/usage_report`, and `…/cost_report`
 * (https://platform.claude.com/docs/en/api/admin/usage_report/retrieve_messages, read 2026-11-28).
 * `uncached_input_tokens` excludes cache reads and writes, so that the three make up the input. Amounts of costs are in
 * cents, as decimal strings. Buckets are UTC. The older report has no number of calls.
 */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { nanoOfNumber } from '#base/money.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { bucketResults, bucketSpans, countIn, emptyRow, sumKnown, textOf } from './row.ts'

const centsPerUsd = 100n

const boundsOf = (bucket: JsonObject) => {
  const startMs = Date.parse(String(bucket['starting_at']))
  const endMs = Date.parse(String(bucket['ending_at']))
  return Number.isNaN(startMs) || Number.isNaN(endMs) ? null : { startMs, endMs }
}

const namesOf = (result: JsonObject) => ({
  model: textOf(result['model']),
  project: textOf(result['workspace_id']),
  key: textOf(result['api_key_id']),
  serviceTier: textOf(result['service_tier']),
})

const usageRow = (result: JsonObject, empty: UsageExportRow): UsageExportRow => {
  const creation = isObject(result['cache_creation']) ? result['cache_creation'] : result
  const cacheWrite5m = countIn(creation['ephemeral_5m_input_tokens'] ?? creation['cache_creation_5m_input_tokens'])
  const cacheWrite1h = countIn(creation['ephemeral_1h_input_tokens'] ?? creation['cache_creation_1h_input_tokens'])
  const cachedInput = countIn(result['cache_read_input_tokens'])
  const cacheWrite = sumKnown(cacheWrite5m, cacheWrite1h)
  return {
    ...empty,
    ...namesOf(result),
    calls: countIn(result['requests']),
    input: sumKnown(countIn(result['uncached_input_tokens']), cachedInput, cacheWrite),
    cachedInput,
    cacheWrite,
    cacheWrite5m,
    cacheWrite1h,
    output: countIn(result['output_tokens']),
  }
}

const costRow = (result: JsonObject, empty: UsageExportRow): UsageExportRow => ({
  ...empty,
  ...namesOf(result),
  costNanoUsd: (textOf(result['currency']) ?? 'USD') === 'USD' ? nanoOfNumber(result['amount'], centsPerUsd) : null,
})

const isAnthropic = (document: JsonObject): boolean =>
  Array.isArray(document['data']) &&
  document['data'].length > 0 &&
  document['data'].every((bucket) => isObject(bucket) && 'starting_at' in bucket && 'results' in bucket)

export const anthropicUsage: UsageExportReader = {
  vendor: 'anthropic',
  title: 'Anthropic usage and cost reports',
  readJson: (document) =>
    isAnthropic(document)
      ? bucketResults(document, boundsOf).map(({ result, startMs, endMs }) => {
          const empty = emptyRow('anthropic', startMs, endMs)
          return 'amount' in result ? costRow(result, empty) : usageRow(result, empty)
        })
      : null,
  spansOf: (document) => bucketSpans(document, boundsOf),
  readTable: () => null,
}
