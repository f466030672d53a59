/** Call records between the table and the rooms. */

import type { Insertable, Selectable } from 'kysely'
import type { AttemptRecord, CallRecord } from '#base/call-record.ts'
import type { CallBodyTable, CallTable } from '#store/tables.ts'
import { pricingOf, pricingValues } from './price-row.ts'

/** Records of before these were kept have none. */
type LaterFields = Pick<AttemptRecord, 'reason' | 'left' | 'breaker' | 'credential'>

type StoredAttempt = Omit<AttemptRecord, 'costNanoUsd' | keyof LaterFields> &
  Partial<LaterFields> & { readonly costNanoUsd: string | null }

const noLater: LaterFields = { reason: null, left: null, breaker: null, credential: null }

const attemptsText = (attempts: readonly AttemptRecord[]): string =>
  JSON.stringify(
    attempts.map(
      (attempt): StoredAttempt => ({
        ...attempt,
        costNanoUsd: attempt.costNanoUsd === null ? null : attempt.costNanoUsd.toString(),
      }),
    ),
  )

const attemptsOf = (text: string): readonly AttemptRecord[] =>
  (JSON.parse(text) as readonly StoredAttempt[]).map((attempt) => ({
    ...noLater,
    ...attempt,
    costNanoUsd: attempt.costNanoUsd === null ? null : BigInt(attempt.costNanoUsd),
  }))

/** The columns in a fixed order: the hot statement takes them as they come. */
export const callValues = (record: CallRecord): Insertable<CallTable> => ({
  id: record.id,
  time_ms: record.timeMs,
  organisation: record.organisation,
  project: record.project,
  member: record.member,
  account: record.account,
  key: record.key,
  test: record.test ? 1 : 0,
  protocol: record.protocol,
  path: record.path,
  stream: record.stream ? 1 : 0,
  model: record.model,
  provider: record.provider,
  upstream_model: record.upstreamModel,
  status: record.status,
  error: record.error,
  error_message: record.errorMessage,
  attempts: attemptsText(record.attempts),
  usage: record.usage === null ? null : JSON.stringify(record.usage),
  cost_nano_usd: record.costNanoUsd,
  price_hash: record.priceHash,
  ...pricingValues(record),
  ttft_ms: record.ttftMs,
  queued_ms: record.queuedMs ?? null,
  longest_gap_ms: record.longestGapMs ?? null,
  duration_ms: record.durationMs,
  overhead_ms: record.overheadMs,
  end: record.end,
  finish_reason: record.finishReason,
  tags: JSON.stringify(record.tags),
  conversation: record.conversation,
  call_site: record.callSite,
  session: record.session,
  migration: record.migration,
  arm: record.arm,
  warnings: JSON.stringify(record.warnings),
  cache: record.cache,
  request_bytes: record.requestBytes,
  response_bytes: record.responseBytes,
  upstream_digest: record.upstreamDigest,
  delivered_digest: record.deliveredDigest,
})

/** The columns of a record that is written, in the order of `callValues`. */
export const callColumns = [
  'id',
  'time_ms',
  'organisation',
  'project',
  'member',
  'account',
  'key',
  'test',
  'protocol',
  'path',
  'stream',
  'model',
  'provider',
  'upstream_model',
  'status',
  'error',
  'error_message',
  'attempts',
  'usage',
  'cost_nano_usd',
  'price_hash',
  'pricing',
  'family',
  'base_nano_usd',
  'ttft_ms',
  'queued_ms',
  'longest_gap_ms',
  'duration_ms',
  'overhead_ms',
  'end',
  'finish_reason',
  'tags',
  'conversation',
  'call_site',
  'session',
  'migration',
  'arm',
  'warnings',
  'cache',
  'request_bytes',
  'response_bytes',
  'upstream_digest',
  'delivered_digest',
] as const satisfies readonly (keyof Insertable<CallTable>)[]

/** A record on its way to the table: one flat row, which another thread is handed at a third of what the record with all that is in it costs. */
export type CallRow = {
  readonly id: string
  /** Of `callColumns`. */
  readonly values: readonly unknown[]
  readonly requestBody: string | null
  readonly responseBody: string | null
}

export const callRow = (record: CallRecord): CallRow => ({
  id: record.id,
  values: Object.values(callValues(record)),
  requestBody: record.requestBody,
  responseBody: record.responseBody,
})

export type StoredCall = Selectable<CallTable> & Omit<Selectable<CallBodyTable>, 'call'>

export const callRecord = (row: StoredCall): CallRecord => ({
  id: row.id,
  timeMs: Number(row.time_ms),
  organisation: row.organisation,
  project: row.project,
  member: row.member,
  account: row.account,
  key: row.key,
  test: row.test !== 0n,
  protocol: row.protocol,
  path: row.path,
  stream: row.stream !== 0n,
  model: row.model,
  provider: row.provider,
  upstreamModel: row.upstream_model,
  status: Number(row.status),
  error: row.error as CallRecord['error'],
  errorMessage: row.error_message,
  attempts: attemptsOf(row.attempts),
  usage: row.usage === null ? null : (JSON.parse(row.usage) as CallRecord['usage']),
  costNanoUsd: row.cost_nano_usd,
  priceHash: row.price_hash,
  pricing: pricingOf(row.pricing),
  ttftMs: row.ttft_ms,
  queuedMs: row.queued_ms,
  longestGapMs: row.longest_gap_ms,
  durationMs: row.duration_ms,
  overheadMs: row.overhead_ms,
  end: row.end as CallRecord['end'],
  finishReason: row.finish_reason,
  tags: JSON.parse(row.tags) as CallRecord['tags'],
  conversation: row.conversation,
  callSite: row.call_site,
  session: row.session,
  migration: row.migration,
  arm: row.arm,
  warnings: JSON.parse(row.warnings) as CallRecord['warnings'],
  cache: row.cache as CallRecord['cache'],
  requestBytes: Number(row.request_bytes),
  responseBytes: Number(row.response_bytes),
  upstreamDigest: row.upstream_digest,
  deliveredDigest: row.delivered_digest,
  requestBody: row.request_body,
  responseBody: row.response_body,
})
