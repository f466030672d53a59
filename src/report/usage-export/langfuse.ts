/**
 * Langfuse's observations: `GET /api/public/observations` and exports of its table as JSON, JSON lines or CSV
 * (https://api.reference.langfuse.com, read 2026-11-28). Generations only: spans and events around them hold their sums again. `usageDetails.input`
 * excludes what has a detail of its own (`input_cached_tokens`, `cache_read_input_tokens` …); costs are dollars.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { nanoOfNumber } from '#base/money.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { between, callRow, countIn, momentOf, textOf, textsOf } from './row.ts'

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

/** Sums what details of this kind there are; `null` where there is none. */
const detailsOf = (details: JsonObject, form: RegExp): number | null => {
  const counts = Object.keys(details)
    .filter((name) => form.test(name))
    .map((name) => countIn(details[name]))
  return counts.length === 0 ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
}

const cacheRead = /^(?:input_cached_tokens|cache_read_input_tokens|input_cache_read)$/
const cacheWrite = /^(?:cache_creation_input_tokens|input_cache_creation(?:_5m|_1h)?)$/

const tokensOf = (row: JsonObject): Partial<UsageExportRow> => {
  const details = objectOf(row['usageDetails'])
  const usage = objectOf(row['usage'])
  const fresh = countIn(details['input'] ?? usage['input'] ?? usage['promptTokens'] ?? row['promptTokens'])
  const read = detailsOf(details, cacheRead)
  const written = detailsOf(details, cacheWrite)
  const answer = countIn(details['output'] ?? usage['output'] ?? usage['completionTokens'] ?? row['completionTokens'])
  const reasoning = detailsOf(details, /^output_reasoning/)
  return {
    input: fresh === null ? null : fresh + (read ?? 0) + (written ?? 0),
    cachedInput: read,
    cacheWrite: written,
    output: answer === null ? null : answer + (reasoning ?? 0),
    reasoning,
  }
}

const costOf = (row: JsonObject): bigint | null =>
  nanoOfNumber(objectOf(row['costDetails'])['total'] ?? row['calculatedTotalCost'] ?? row['totalCost'])

const observationRow = (row: JsonObject): readonly UsageExportRow[] => {
  const atMs = momentOf(row['startTime'])
  if (row['type'] !== 'GENERATION' || Number.isNaN(atMs)) return []
  const level = textOf(row['level'])
  return [
    {
      ...callRow('langfuse', atMs),
      ...tokensOf(row),
      model: textOf(row['model']) ?? textOf(row['providedModelName']),
      project: textOf(row['projectId']),
      costNanoUsd: costOf(row),
      callSite: textOf(objectOf(row['metadata'])['call_site']) ?? textOf(row['name']),
      tags: textsOf(row['tags']),
      failed: level === null ? null : level === 'ERROR' ? 1 : 0,
      durationMs: between(atMs, momentOf(row['endTime'])),
      ttftMs: between(atMs, momentOf(row['completionStartTime'])),
    },
  ]
}

const isObservation = (value: Json | undefined): boolean =>
  isObject(value) && 'traceId' in value && 'type' in value && 'startTime' in value

const fromCells = (cells: Readonly<Record<string, string>>): JsonObject => {
  const names: Readonly<Record<string, string>> = {
    starttime: 'startTime',
    endtime: 'endTime',
    completionstarttime: 'completionStartTime',
    traceid: 'traceId',
    totalcost: 'totalCost',
    prompttokens: 'promptTokens',
    completiontokens: 'completionTokens',
  }
  return Object.fromEntries(Object.entries(cells).map(([name, value]) => [names[name] ?? name, value]))
}

export const langfuseObservations: UsageExportReader = {
  vendor: 'langfuse',
  title: 'Langfuse observations',
  readJson: (document) => {
    if (isObservation(document)) return observationRow(document)
    const list = document['data']
    return Array.isArray(list) && list.length > 0 && list.every(isObservation)
      ? list.filter(isObject).flatMap(observationRow)
      : null
  },
  readTable: (found, rows) =>
    ['traceid', 'type', 'starttime'].every((heading) => found.includes(heading))
      ? rows.flatMap((cells) => observationRow(fromCells(cells)))
      : null,
}
