/**
 * A call record as spans: one for the call, one below it for each attempt, with the names of the GenAI semantic conventions
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/, read 2026-11-28). Made when the call has ended, from its
 * times: the path of a call pays for no tracing.
 */

import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api'
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { AttemptRecord, CallRecord } from '#base/call-record.ts'
import type { TraceContext } from '#base/trace-context.ts'
import { errorType } from './error-type.ts'

/** What the relay knows of a call's place in a trace. */
export type RecordTrace = {
  readonly context: TraceContext
  readonly parentSpanId: string | null
  readonly attemptSpanIds: readonly string[]
}

/** The operation, in the words of the conventions where they have one. */
export const operationOf = ({ path, protocol }: CallRecord): string => {
  if (path.endsWith('/embeddings') || /embed/i.test(path)) return 'embeddings'
  if (path.endsWith('/completions') && protocol === 'openai-completions') return 'text_completion'
  if (/generateContent/i.test(path)) return 'generate_content'
  const last = path.split('/').at(-1) ?? ''
  return ['completions', 'messages', 'responses'].includes(last) ? 'chat' : last
}

const timeOf = (ms: number): HrTime => {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}

const present = (attributes: Readonly<Record<string, string | number | boolean | null | undefined>>): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== null && value !== undefined),
  ) as Attributes

const usageOf = ({ usage }: Pick<AttemptRecord, 'usage'>): Attributes =>
  present({
    'gen_ai.usage.input_tokens': usage?.input,
    'gen_ai.usage.output_tokens': usage?.output,
    'gen_ai.usage.cache_read.input_tokens': usage?.cachedInput,
    'gen_ai.usage.cache_creation.input_tokens': usage?.cacheWrite,
  })

type SpanFacts = Pick<ReadableSpan, 'name' | 'kind' | 'attributes'> & {
  readonly context: SpanContext
  readonly parent: SpanContext | null
  readonly startMs: number
  readonly endMs: number
  readonly error: string | null
  readonly resource: Resource
}

const spanOf = ({ context, parent, startMs, endMs, error, ...rest }: SpanFacts): ReadableSpan => ({
  ...rest,
  spanContext: () => context,
  ...(parent === null ? {} : { parentSpanContext: parent }),
  startTime: timeOf(startMs),
  endTime: timeOf(endMs),
  duration: timeOf(endMs - startMs),
  status: error === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
  links: [],
  events: [],
  ended: true,
  instrumentationScope: { name: 'drover' },
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
})

const callAttributes = (record: CallRecord): Attributes => ({
  ...present({
    'gen_ai.operation.name': operationOf(record),
    'gen_ai.provider.name': record.provider,
    'gen_ai.request.model': record.model,
    'gen_ai.response.model': record.upstreamModel,
    'gen_ai.conversation.id': record.session,
    'http.request.method': 'POST',
    'url.path': record.path,
    'http.response.status_code': record.status,
    'error.type': record.error === null ? null : errorType(record.error),
    'drover.call.id': record.id,
    'drover.key.id': record.key,
    'drover.account.id': record.account,
    'drover.call.end': record.end,
    'drover.overhead_ms': record.overheadMs,
    'drover.time_to_first_part_ms': record.ttftMs,
    // Nano-USD as text: a span's numbers are not exact enough for money.
    'drover.cost_nano_usd': record.costNanoUsd === null ? null : String(record.costNanoUsd),
  }),
  ...usageOf(record),
  ...(record.finishReason === null ? {} : { 'gen_ai.response.finish_reasons': [record.finishReason] }),
})

const attemptAttributes = (attempt: AttemptRecord, record: CallRecord): Attributes => ({
  ...present({
    'gen_ai.operation.name': operationOf(record),
    'gen_ai.provider.name': attempt.provider,
    'gen_ai.request.model': attempt.model,
    'http.response.status_code': attempt.status,
    'error.type': attempt.error === null ? null : errorType(attempt.error),
    'drover.upstream_request_id': attempt.upstreamRequestId,
    'drover.headers_ms': attempt.headersMs,
    'drover.first_part_ms': attempt.firstPartMs,
  }),
  ...usageOf(attempt),
  ...(attempt.shims.length === 0 ? {} : { 'drover.shims': [...attempt.shims] }),
})

/** The spans of one call, the call's own first. */
export const spansOf = (record: CallRecord, trace: RecordTrace, resource: Resource): readonly ReadableSpan[] => {
  const { traceId, spanId, sampled } = trace.context
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  const context: SpanContext = { traceId, spanId, traceFlags }
  const parent =
    trace.parentSpanId === null ? null : { traceId, spanId: trace.parentSpanId, traceFlags, isRemote: true }
  const call = spanOf({
    name: `${operationOf(record)} ${record.model ?? ''}`.trim(),
    kind: SpanKind.SERVER,
    attributes: callAttributes(record),
    context,
    parent,
    startMs: record.timeMs,
    endMs: record.timeMs + record.durationMs,
    error: record.errorMessage,
    resource,
  })
  const attempts = record.attempts.flatMap((attempt, index): ReadableSpan[] => {
    const id = trace.attemptSpanIds[index]
    if (id === undefined) return []
    return [
      spanOf({
        name: `${operationOf(record)} ${attempt.model}`,
        kind: SpanKind.CLIENT,
        attributes: attemptAttributes(attempt, record),
        context: { traceId, spanId: id, traceFlags },
        parent: context,
        startMs: record.timeMs + attempt.startMs,
        endMs: record.timeMs + (attempt.endMs ?? record.durationMs),
        error: attempt.error,
        resource,
      }),
    ]
  })
  return [call, ...attempts]
}
