/**
 * OpenRouter's activity: `GET /api/v1/activity` (days of UTC,
 * https://openrouter.ai/docs/api-reference/analytics/get-activity, read 2026-11-28) and the CSV of its activity page, one
 * line a generation. Prompt tokens include cached ones, completion tokens include reasoning. Dollars.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { nanoOfNumber } from '#base/money.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { callRow, countIn, emptyRow, momentOf, textOf } from './row.ts'

const dayMs = 86_400_000

const activityRow = (item: Json): readonly UsageExportRow[] => {
  if (!isObject(item)) return []
  const startMs = Date.parse(`${String(item['date']).slice(0, 10)}T00:00:00Z`)
  if (Number.isNaN(startMs)) return []
  const usage = nanoOfNumber(item['usage'])
  return [
    {
      ...emptyRow('openrouter', startMs, startMs + dayMs),
      model: textOf(item['model']) ?? textOf(item['model_permaslug']),
      project: textOf(item['workspace_id']),
      calls: countIn(item['requests']),
      input: countIn(item['prompt_tokens']),
      output: countIn(item['completion_tokens']),
      reasoning: countIn(item['reasoning_tokens']),
      costNanoUsd: usage,
    },
  ]
}

const isActivity = (document: JsonObject): boolean =>
  Array.isArray(document['data']) &&
  document['data'].length > 0 &&
  document['data'].every((item) => isObject(item) && 'date' in item && 'usage' in item && 'prompt_tokens' in item)

const generationRow = (cells: Readonly<Record<string, string>>): readonly UsageExportRow[] => {
  const atMs = momentOf(cells['created_at'])
  if (Number.isNaN(atMs)) return []
  return [
    {
      ...callRow('openrouter', atMs),
      model: textOf(cells['model_permaslug']),
      project: textOf(cells['app_name']),
      key: textOf(cells['api_key_name']),
      input: countIn(cells['tokens_prompt']),
      cachedInput: countIn(cells['tokens_cached']),
      output: countIn(cells['tokens_completion']),
      reasoning: countIn(cells['tokens_reasoning']),
      costNanoUsd: nanoOfNumber(cells['cost_total']),
    },
  ]
}

const generationHeadings = ['generation_id', 'created_at', 'model_permaslug']

export const openrouterUsage: UsageExportReader = {
  vendor: 'openrouter',
  title: 'OpenRouter activity',
  readJson: (document) =>
    isActivity(document) ? (document['data'] as readonly Json[]).flatMap((item) => activityRow(item)) : null,
  readTable: (headings, rows) =>
    generationHeadings.every((heading) => headings.includes(heading)) ? rows.flatMap(generationRow) : null,
}
