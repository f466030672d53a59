/**
 * LiteLLM's spend logs: `GET /spend/logs` and the table `LiteLLM_SpendLogs` as JSON or CSV
 * (https://docs.litellm.ai/docs/proxy/cost_tracking, and the table in its schema, read 2026-11-28). One row a call; prompt tokens include cached ones; `spend`
 * is dollars.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { nanoOfNumber } from '#base/money.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { between, callRow, countIn, momentOf, textOf, textsOf } from './row.ts'

const objectIn = (value: Json | undefined): JsonObject => {
  if (isObject(value)) return value
  if (typeof value !== 'string' || !value.startsWith('{')) return {}
  try {
    const parsed: unknown = JSON.parse(value)
    return isObject(parsed) ? parsed : {}
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return {}
    throw thrown
  }
}

/** `openai/gpt-4o` names its provider; a group's name does not. */
const providerOf = (row: JsonObject): string | null => {
  const model = textOf(row['model']) ?? ''
  return textOf(row['custom_llm_provider']) ?? (model.includes('/') ? model.slice(0, model.indexOf('/')) : null)
}

const modelOf = (row: JsonObject): string | null => {
  const model = textOf(row['model']) ?? textOf(row['model_group'])
  const provider = textOf(row['custom_llm_provider'])
  return provider !== null && model?.startsWith(`${provider}/`) === true ? model.slice(provider.length + 1) : model
}

const prefix = 'call_site:'

const failedOf = (row: JsonObject): number | null => {
  const status = textOf(row['status'])
  return status === null ? null : status === 'failure' ? 1 : 0
}

const spendRow = (row: JsonObject): readonly UsageExportRow[] => {
  const atMs = momentOf(row['startTime'] ?? row['starttime'])
  if (Number.isNaN(atMs)) return []
  const usage = objectIn(objectIn(row['metadata'])['usage_object'])
  const details = objectIn(usage['prompt_tokens_details'])
  const tags = textsOf(row['request_tags'])
  return [
    {
      ...callRow('litellm', atMs),
      provider: providerOf(row),
      model: modelOf(row),
      project: textOf(row['team_id']),
      key: textOf(row['api_key']),
      input: countIn(row['prompt_tokens']),
      cachedInput: countIn(details['cached_tokens'] ?? usage['cache_read_input_tokens']),
      cacheWrite: countIn(usage['cache_creation_input_tokens']),
      output: countIn(row['completion_tokens']),
      costNanoUsd: nanoOfNumber(row['spend']),
      callSite: tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length) ?? null,
      tags,
      failed: failedOf(row),
      durationMs: between(atMs, momentOf(row['endTime'] ?? row['endtime'])),
      ttftMs: between(atMs, momentOf(row['completionStartTime'] ?? row['completionstarttime'])),
    },
  ]
}

const headings = ['request_id', 'spend', 'prompt_tokens', 'completion_tokens']

export const litellmSpend: UsageExportReader = {
  vendor: 'litellm',
  title: 'LiteLLM spend logs',
  readJson: (document) =>
    headings.every((heading) => heading in document) && 'startTime' in document ? spendRow(document) : null,
  readTable: (found, rows) =>
    [...headings, 'starttime'].every((heading) => found.includes(heading)) ? rows.flatMap(spendRow) : null,
}
