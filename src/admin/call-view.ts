/** A call record as one line of `drover logs`. */

import { z } from 'zod'
import type { AttemptRecord, CallRecord } from '#base/call-record.ts'
import { rfc3339 } from '#base/clock.ts'
import type { Usage } from '#base/usage.ts'

const count = z.number().nullable()
const money = z.string().nullable().describe('Nano-USD as a decimal string; null = unpriced.')
const durationMs = z.number().nullable()

const usageView = z.object({
  input: count.describe('Includes cached tokens; null = unknown.'),
  output: count,
  cached_input: count,
  cache_write: count,
  reasoning: count,
  source: z.enum(['reported', 'partial', 'counted', 'estimated']),
})

const attemptView = z.object({
  provider: z.string(),
  model: z.string(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  start_ms: z.number(),
  headers_ms: durationMs,
  first_part_ms: durationMs,
  end_ms: durationMs,
  cost_nano_usd: money,
  upstream_request_id: z.string().nullable(),
  reason: z
    .string()
    .nullable()
    .describe(
      'Why this target was asked: the strategy, `sticky`, `migration`, `order`, `retry`, `other-target`, `other-key`, `other-model`, `hedge`, `probe`, `last-resort`.',
    ),
  left: z.string().nullable().describe('Why it was left before it answered; null = it was not.'),
  breaker: z.enum(['closed', 'open', 'half-open']).nullable(),
  credential: z.string().nullable().describe("The reference of the provider's key that was used, never the key."),
  shims: z.array(z.string()),
})

/** The line. Fields are added, never taken away. */
export const callView = z.object({
  id: z.string(),
  time: z.string().describe('RFC 3339, UTC.'),
  account: z.string().nullable(),
  key: z.string().nullable(),
  model: z.string().nullable().describe('As the caller wrote it.'),
  provider: z.string().nullable().describe('Of the target that answered.'),
  status: z.int().describe('What the caller saw.'),
  attempts: z.array(attemptView),
  usage: usageView.nullable(),
  cost_nano_usd: money,
  ttft_ms: durationMs,
  duration_ms: z.number(),
  overhead_ms: z.number(),
  end: z.enum(['complete', 'cut', 'left', 'refused']),
  tags: z.record(z.string(), z.string()),
  conversation: z.string().nullable(),
  call_site: z.string().nullable(),
  organisation: z.string().nullable(),
  project: z.string().nullable(),
  member: z.string().nullable(),
  test: z.boolean(),
  protocol: z.string(),
  path: z.string(),
  stream: z.boolean(),
  upstream_model: z.string().nullable(),
  error: z.string().nullable(),
  error_message: z.string().nullable(),
  price_hash: z.string().nullable(),
  finish_reason: z.string().nullable(),
  session: z.string().nullable(),
  migration: z.string().nullable(),
  arm: z.string().nullable(),
  warnings: z.array(z.string()),
  cache: z.enum(['hit', 'miss']).nullable(),
  request_bytes: z.number(),
  response_bytes: z.number(),
  queued_ms: z.number().nullable().describe('How long it waited for a limit; null = not at all.'),
  longest_gap_ms: z.number().nullable().describe('Of a stream: the longest wait between two pieces of it.'),
})

export type CallView = z.input<typeof callView>

/** Clocks count finer than anybody reads: microseconds are kept. */
const milliseconds = (durationMs: number): number => Math.round(durationMs * 1000) / 1000
const millisecondsOrNull = (durationMs: number | null): number | null =>
  durationMs === null ? null : milliseconds(durationMs)

const moneyText = (nano: bigint | null): string | null => (nano === null ? null : nano.toString())

const viewOfUsage = (usage: Usage): z.input<typeof usageView> => ({
  input: usage.input,
  output: usage.output,
  cached_input: usage.cachedInput,
  cache_write: usage.cacheWrite,
  reasoning: usage.reasoning,
  source: usage.source,
})

const viewOfAttempt = (attempt: AttemptRecord): z.input<typeof attemptView> => ({
  provider: attempt.provider,
  model: attempt.model,
  status: attempt.status,
  error: attempt.error,
  start_ms: milliseconds(attempt.startMs),
  headers_ms: millisecondsOrNull(attempt.headersMs),
  first_part_ms: millisecondsOrNull(attempt.firstPartMs),
  end_ms: millisecondsOrNull(attempt.endMs),
  cost_nano_usd: moneyText(attempt.costNanoUsd),
  upstream_request_id: attempt.upstreamRequestId,
  reason: attempt.reason,
  left: attempt.left,
  breaker: attempt.breaker,
  credential: attempt.credential,
  shims: [...attempt.shims],
})

/** The record as it may be seen: without bodies. */
export const viewOfCall = (record: CallRecord): CallView => ({
  id: record.id,
  time: rfc3339(record.timeMs),
  account: record.account,
  key: record.key,
  model: record.model,
  provider: record.provider,
  status: record.status,
  attempts: record.attempts.map(viewOfAttempt),
  usage: record.usage === null ? null : viewOfUsage(record.usage),
  cost_nano_usd: moneyText(record.costNanoUsd),
  ttft_ms: millisecondsOrNull(record.ttftMs),
  duration_ms: milliseconds(record.durationMs),
  overhead_ms: milliseconds(record.overheadMs),
  end: record.end,
  tags: { ...record.tags },
  conversation: record.conversation,
  call_site: record.callSite,
  organisation: record.organisation,
  project: record.project,
  member: record.member,
  test: record.test,
  protocol: record.protocol,
  path: record.path,
  stream: record.stream,
  upstream_model: record.upstreamModel,
  error: record.error,
  error_message: record.errorMessage,
  price_hash: record.priceHash,
  finish_reason: record.finishReason,
  session: record.session,
  migration: record.migration,
  arm: record.arm,
  warnings: [...record.warnings],
  cache: record.cache,
  request_bytes: record.requestBytes,
  response_bytes: record.responseBytes,
  queued_ms: millisecondsOrNull(record.queuedMs ?? null),
  longest_gap_ms: millisecondsOrNull(record.longestGapMs ?? null),
})
