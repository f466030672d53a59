/** Call records between the table and the rooms. */

import type { Insertable, Selectable } from 'kysely'
import type { AttemptRecord, CallRecord } from '#base/call-record.ts'
import type { CallBodyTable, CallTable } from '#store/tables.ts'
import { pricingOf, pricingText } from './price-row.ts'

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

/** Most calls have none of what is kept as a list or by names. */
const listText = (list: readonly unknown[]): string => (list.length === 0 ? '[]' : JSON.stringify(list))
const namesText = (names: Readonly<Record<string, string>>): string =>
  Object.keys(names).length === 0 ? '{}' : JSON.stringify(names)

type Value = string | number | bigint | null

/** What each column of a record that is written holds, in the order of the statement. */
const columns = {
  id: ({ id }) => id,
  time_ms: ({ timeMs }) => timeMs,
  organisation: ({ organisation }) => organisation,
  project: ({ project }) => project,
  member: ({ member }) => member,
  account: ({ account }) => account,
  key: ({ key }) => key,
  test: ({ test }) => (test ? 1 : 0),
  protocol: ({ protocol }) => protocol,
  path: ({ path }) => path,
  stream: ({ stream }) => (stream ? 1 : 0),
  model: ({ model }) => model,
  provider: ({ provider }) => provider,
  upstream_model: ({ upstreamModel }) => upstreamModel,
  status: ({ status }) => status,
  error: ({ error }) => error,
  error_message: ({ errorMessage }) => errorMessage,
  attempts: ({ attempts }) => attemptsText(attempts),
  usage: ({ usage }) => (usage === null ? null : JSON.stringify(usage)),
  cost_nano_usd: ({ costNanoUsd }) => costNanoUsd,
  price_hash: ({ priceHash }) => priceHash,
  pricing: ({ pricing }) => pricingText(pricing ?? null),
  family: ({ pricing }) => pricing?.family ?? null,
  base_nano_usd: ({ pricing }) => pricing?.baseNanoUsd ?? null,
  ttft_ms: ({ ttftMs }) => ttftMs,
  queued_ms: ({ queuedMs }) => queuedMs ?? null,
  longest_gap_ms: ({ longestGapMs }) => longestGapMs ?? null,
  duration_ms: ({ durationMs }) => durationMs,
  overhead_ms: ({ overheadMs }) => overheadMs,
  end: ({ end }) => end,
  finish_reason: ({ finishReason }) => finishReason,
  tags: ({ tags }) => namesText(tags),
  conversation: ({ conversation }) => conversation,
  call_site: ({ callSite }) => callSite,
  session: ({ session }) => session,
  migration: ({ migration }) => migration,
  arm: ({ arm }) => arm,
  warnings: ({ warnings }) => listText(warnings),
  cache: ({ cache }) => cache,
  request_bytes: ({ requestBytes }) => requestBytes,
  response_bytes: ({ responseBytes }) => responseBytes,
  upstream_digest: ({ upstreamDigest }) => upstreamDigest,
  delivered_digest: ({ deliveredDigest }) => deliveredDigest,
} as const satisfies Partial<Record<keyof Insertable<CallTable>, (record: CallRecord) => Value>>

/** The columns of a record that is written. */
export const callColumns = Object.keys(columns) as readonly (keyof typeof columns)[]

const readers = Object.values(columns) as readonly ((record: CallRecord) => Value)[]

/** Of `callColumns`, in their order. */
export const callValues = (record: CallRecord): readonly Value[] => readers.map((read) => read(record))

/** A record on its way to the table: one flat row, which another thread is handed at a third of what the record with all that is in it costs. */
export type CallRow = {
  readonly id: string
  /** Of `callColumns`. */
  readonly values: readonly Value[]
  readonly requestBody: string | null
  readonly responseBody: string | null
}

export const callRow = (record: CallRecord): CallRow => ({
  id: record.id,
  values: callValues(record),
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
