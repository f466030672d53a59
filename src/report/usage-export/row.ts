/**
 * What a provider says was used, in one form: whatever way it counts, `input` includes cached and cache-write tokens,
 * as everywhere in Drover. `null` is unknown, never zero.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'

const dayMs = 86_400_000

export type UsageExportVendor =
  | 'openai'
  | 'anthropic'
  | 'openrouter'
  | 'litellm'
  | 'langfuse'
  | 'helicone'
  | 'opentelemetry'
  | 'drover'

export type UsageExportRow = {
  readonly vendor: UsageExportVendor
  /** Who served it, where a gateway or a tracer wrote the export; `null` = unknown, or the vendor itself. */
  readonly provider: string | null
  /** The bucket, in UTC milliseconds; the end is exclusive. */
  readonly startMs: number
  readonly endMs: number
  /** The UTC day of its start, `YYYY-MM-DD`. */
  readonly day: string
  /** As the provider names it; `null` = the export was not grouped by model. */
  readonly model: string | null
  /** The provider's own project or workspace, and its own key. */
  readonly project: string | null
  readonly key: string | null
  readonly serviceTier: string | null
  readonly calls: number | null
  readonly input: number | null
  readonly cachedInput: number | null
  readonly cacheWrite: number | null
  readonly cacheWrite5m: number | null
  readonly cacheWrite1h: number | null
  readonly output: number | null
  readonly reasoning: number | null
  /** What the provider charges for it; `null` where the export holds tokens only. */
  readonly costNanoUsd: bigint | null
  /** What calls it in the code, and labels; only where the export tells calls one by one or groups by them. */
  readonly callSite: string | null
  readonly tags: readonly string[]
  /** Of the calls, those that failed; `null` = unknown. */
  readonly failed: number | null
  /** Of a row that is one call: until its end, and until its first token. */
  readonly durationMs: number | null
  readonly ttftMs: number | null
}

/** A stretch of time in UTC milliseconds; the end is exclusive. */
export type Span = { readonly startMs: number; readonly endMs: number }

/** A file that holds one vendor's export. */
export type UsageExportReader = {
  readonly vendor: UsageExportVendor
  /** For people: `OpenAI usage API`. */
  readonly title: string
  /** Rows of one parsed document (a page of the API); `null` = it is no document of this kind. */
  readonly readJson: (document: JsonObject) => readonly UsageExportRow[] | null
  /** What times a document covers, where it tells those without use as well. */
  readonly spansOf?: (document: JsonObject) => readonly Span[]
  /** Rows of a table; `null` = its headings are not those of this kind. */
  readonly readTable: (
    headings: readonly string[],
    rows: readonly Readonly<Record<string, string>>[],
  ) => readonly UsageExportRow[] | null
}

/** Nothing is known but when. */
export const emptyRow = (vendor: UsageExportVendor, startMs: number, endMs: number): UsageExportRow => ({
  vendor,
  provider: null,
  startMs,
  endMs,
  day: new Date(startMs).toISOString().slice(0, 10),
  model: null,
  project: null,
  key: null,
  serviceTier: null,
  calls: null,
  input: null,
  cachedInput: null,
  cacheWrite: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  output: null,
  reasoning: null,
  costNanoUsd: null,
  callSite: null,
  tags: [],
  failed: null,
  durationMs: null,
  ttftMs: null,
})

/** A moment as text: one without a zone, `2026-11-20 03:46:57.713`, is UTC. */
export const momentOf = (text: Json | undefined): number => {
  const plain = (typeof text === 'string' ? text : '').trim().replace(' ', 'T')
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(plain) ? plain : `${plain}Z`)
}

/** Milliseconds from one moment to a later one; `null` where one is unknown. */
export const between = (startMs: number, endMs: number): number | null =>
  Number.isNaN(startMs) || Number.isNaN(endMs) || endMs < startMs ? null : endMs - startMs

/** Lasts from the instant of the call to the next millisecond. */
export const callRow = (vendor: UsageExportVendor, atMs: number): UsageExportRow => ({
  ...emptyRow(vendor, atMs, atMs + 1),
  calls: 1,
})

/** Texts of a list in JSON, or of a cell that holds such a list. */
export const textsOf = (value: Json | undefined): readonly string[] => {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string')
  if (typeof value !== 'string' || !value.startsWith('[')) return []
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text)
}

/** A text of JSON or of a cell; `null` where there is none. */
export const textOf = (value: Json | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null

/** A count of JSON, or of a cell. */
export const countIn = (value: Json | undefined): number | null =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : countOf(value)

type Bounds = (bucket: JsonObject) => Span | null

const bucketsOf = (document: JsonObject): readonly JsonObject[] =>
  Array.isArray(document['data']) ? document['data'].filter(isObject) : []

/** The results of the buckets of a page, each with its bucket's bounds. */
export const bucketResults = (
  document: JsonObject,
  bounds: Bounds,
): readonly ({ readonly result: JsonObject } & Span)[] =>
  bucketsOf(document).flatMap((bucket) => {
    const at = bounds(bucket)
    if (at === null || !Array.isArray(bucket['results'])) return []
    return bucket['results'].filter(isObject).map((result) => ({ result, ...at }))
  })

/** The bounds of the buckets of a page, of those without results too. */
export const bucketSpans = (document: JsonObject, bounds: Bounds): readonly Span[] =>
  bucketsOf(document).flatMap((bucket) => bounds(bucket) ?? [])

/** From the beginning of the first day to the end of the last: days without use are days too. */
export const daysCovered = (spans: readonly Span[]): { readonly firstMs: number; readonly days: number } => {
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, 0]
  for (const { startMs, endMs } of spans) {
    firstMs = Math.min(firstMs, startMs)
    lastMs = Math.max(lastMs, startMs + 1, endMs)
  }
  firstMs = Math.floor(firstMs / dayMs) * dayMs
  return { firstMs, days: Math.max(1, Math.ceil((lastMs - firstMs) / dayMs)) }
}

/** A sum in which something unknown makes the whole unknown. */
export const sumKnown = (...counts: readonly (number | null)[]): number | null =>
  counts.reduce<number | null>((sum, count) => (sum === null || count === null ? null : sum + count), 0)
