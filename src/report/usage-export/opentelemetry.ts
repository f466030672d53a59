/**
 * Spans of the GenAI semantic conventions in OTLP's JSON, as the collector's file exporter writes them
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans, read 2026-11-28; all of it is in development). `gen_ai.usage.input_tokens` includes what
 * was read from or written to a cache. Spans without usage (tools, agents around calls) are not calls.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { UsageExportReader, UsageExportRow } from './row.ts'
import { between, callRow, countIn, textOf } from './row.ts'

const nanosPerMs = 1_000_000n

const objects = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

type Attributes = ReadonlyMap<string, Json | undefined>

const attributesOf = (holder: Json | undefined): Attributes =>
  new Map(
    objects(isObject(holder) ? holder['attributes'] : undefined).map(({ key, value }) => {
      const held = isObject(value) ? value : {}
      return [String(key), held['stringValue'] ?? held['intValue'] ?? held['doubleValue']]
    }),
  )

const instantOf = (value: Json | undefined): number =>
  /^\d{1,20}$/.test(String(value ?? '')) ? Number(BigInt(String(value)) / nanosPerMs) : Number.NaN

const errorCode = 2

const failedOf = (span: JsonObject, attributes: Attributes): number => {
  const status = isObject(span['status']) ? span['status']['code'] : undefined
  return attributes.has('error.type') || status === errorCode || status === 'STATUS_CODE_ERROR' ? 1 : 0
}

const spanRow = (span: JsonObject, service: string | null): readonly UsageExportRow[] => {
  const attributes = attributesOf(span)
  const atMs = instantOf(span['startTimeUnixNano'])
  const isAgent = /agent|workflow/.test(String(attributes.get('gen_ai.operation.name') ?? ''))
  const failed = failedOf(span, attributes)
  const hasUsage = attributes.has('gen_ai.usage.input_tokens') || attributes.has('gen_ai.usage.output_tokens')
  if (Number.isNaN(atMs) || isAgent || !attributes.has('gen_ai.request.model') || !(hasUsage || failed === 1)) return []
  const count = (name: string): number | null => countIn(attributes.get(`gen_ai.usage.${name}`))
  const seconds = Number(attributes.get('gen_ai.response.time_to_first_chunk') ?? Number.NaN)
  return [
    {
      ...callRow('opentelemetry', atMs),
      provider: textOf(attributes.get('gen_ai.provider.name')) ?? textOf(attributes.get('gen_ai.system')),
      model: textOf(attributes.get('gen_ai.request.model')),
      project: service,
      input: count('input_tokens'),
      cachedInput: count('cache_read.input_tokens'),
      cacheWrite: count('cache_creation.input_tokens'),
      output: count('output_tokens'),
      reasoning: count('reasoning.output_tokens'),
      callSite: textOf(attributes.get('drover.call_site')) ?? textOf(attributes.get('code.function.name')),
      failed,
      durationMs: between(atMs, instantOf(span['endTimeUnixNano'])),
      ttftMs: Number.isFinite(seconds) ? seconds * 1_000 : null,
    },
  ]
}

export const opentelemetrySpans: UsageExportReader = {
  vendor: 'opentelemetry',
  title: 'OpenTelemetry GenAI spans (OTLP JSON)',
  readJson: (document) =>
    Array.isArray(document['resourceSpans'])
      ? objects(document['resourceSpans']).flatMap((resource) => {
          const service = textOf(attributesOf(resource['resource']).get('service.name'))
          return objects(resource['scopeSpans']).flatMap((scope) =>
            objects(scope['spans']).flatMap((span) => spanRow(span, service)),
          )
        })
      : null,
  readTable: () => null,
}
