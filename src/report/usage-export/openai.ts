/**
 * OpenAI's usage API, `GET /v1/organization/usage/completions` and its siblings, and its costs,
 * `GET /v1/organization/costs` (https://platform.openai.com/docs/api-reference/usage, read 2026-11-28).
 * `input_tokens` includes cached and cache-write tokens. Buckets are UTC; bounds are Unix seconds.
 * Costs have line items such as `gpt-5.4, input`, in dollars.
 */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { nanoOfNumber } from '#base/money.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { bucketResults, bucketSpans, countIn, emptyRow, textOf } from './row.ts'

const boundsOf = (bucket: JsonObject) => {
  const { start_time: start, end_time: end } = bucket
  return typeof start === 'number' && typeof end === 'number' ? { startMs: start * 1000, endMs: end * 1000 } : null
}

const tierOf = (result: JsonObject): string | null =>
  result['batch'] === true ? 'batch' : textOf(result['service_tier'])

const usageRow = (result: JsonObject, empty: UsageExportRow): UsageExportRow => ({
  ...empty,
  model: textOf(result['model']),
  project: textOf(result['project_id']),
  key: textOf(result['api_key_id']),
  serviceTier: tierOf(result),
  calls: countIn(result['num_model_requests']),
  input: countIn(result['input_tokens']),
  cachedInput: countIn(result['input_cached_tokens']),
  cacheWrite: countIn(result['input_cache_write_tokens']),
  output: countIn(result['output_tokens']),
})

/** `gpt-5.4-2026-03-05, cached input` is about the model before the comma. */
const modelOfLine = (line: string | null): string | null => line?.split(',')[0]?.trim() ?? null

const costRow = (result: JsonObject, empty: UsageExportRow): UsageExportRow => {
  const amount = isObject(result['amount']) ? result['amount'] : {}
  const isUsd = String(amount['currency'] ?? 'usd').toLowerCase() === 'usd'
  return {
    ...empty,
    model: modelOfLine(textOf(result['line_item'])),
    project: textOf(result['project_id']),
    key: textOf(result['api_key_id']),
    costNanoUsd: isUsd ? nanoOfNumber(amount['value']) : null,
  }
}

const kindOf = (result: JsonObject): string => String(result['object'] ?? '')

export const openaiUsage: UsageExportReader = {
  vendor: 'openai',
  title: 'OpenAI usage and costs API',
  readJson: (document) => {
    if (document['object'] !== 'page') return null
    return bucketResults(document, boundsOf).map(({ result, startMs, endMs }) => {
      const empty = emptyRow('openai', startMs, endMs)
      return kindOf(result).startsWith('organization.costs') ? costRow(result, empty) : usageRow(result, empty)
    })
  },
  spansOf: (document) => bucketSpans(document, boundsOf),
  readTable: () => null,
}
