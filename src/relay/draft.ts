/** A call record while its call is under way: filled step by step, frozen once, when the call has reached its end. */

import type { AttemptRecord, CallRecord } from '#base/call-record.ts'
import type { Inbound } from '#http/inbound.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export type AttemptDraft = Mutable<AttemptRecord>
export type Draft = Omit<Mutable<CallRecord>, 'attempts'> & {
  attempts: AttemptDraft[]
  /** Milliseconds that a call like this one was waited for, which was under way; not kept. */
  sharedMs: number
}

/** The record of a call of which nothing is known yet but that it came. */
export const draftOf = (inbound: Pick<Inbound, 'id' | 'path'>, protocol: string, nowMs: number): Draft => ({
  id: inbound.id,
  timeMs: nowMs,
  organisation: null,
  project: null,
  member: null,
  account: null,
  key: null,
  test: false,
  protocol,
  path: inbound.path,
  stream: false,
  model: null,
  provider: null,
  upstreamModel: null,
  status: 0,
  error: null,
  errorMessage: null,
  attempts: [],
  usage: null,
  costNanoUsd: null,
  priceHash: null,
  pricing: null,
  ttftMs: null,
  queuedMs: null,
  sharedMs: 0,
  longestGapMs: null,
  gaps: null,
  durationMs: 0,
  overheadMs: 0,
  end: 'refused',
  finishReason: null,
  tags: {},
  conversation: null,
  callSite: null,
  session: null,
  migration: null,
  arm: null,
  warnings: [],
  cache: null,
  requestBytes: 0,
  responseBytes: 0,
  upstreamDigest: null,
  deliveredDigest: null,
  requestBody: null,
  responseBody: null,
})

export const attemptDraft = (provider: string, model: string, startMs: number): AttemptDraft => ({
  provider,
  model,
  status: null,
  error: null,
  startMs,
  headersMs: null,
  firstPartMs: null,
  endMs: null,
  upstreamRequestId: null,
  usage: null,
  costNanoUsd: null,
  reason: null,
  left: null,
  breaker: null,
  credential: null,
  shims: [],
})

/** Why an attempt was made that answers nobody: to see where the call's words lie among those of earlier ones. */
export const measuring = 'similarity'

/** Those that were made for an answer. */
export const answering = <A extends Pick<AttemptRecord, 'reason'>>(attempts: readonly A[]): readonly A[] =>
  attempts.filter(({ reason }) => reason !== measuring)

/** Milliseconds before the caller's first byte that were spent waiting for a limit, for an upstream, or for a call like it. */
export const upstreamWaitMs = (draft: Draft): number => {
  let sumMs = (draft.queuedMs ?? 0) + draft.sharedMs
  for (const attempt of draft.attempts) {
    const until = attempt.firstPartMs ?? attempt.endMs
    if (until !== null) sumMs += until - attempt.startMs
  }
  return sumMs
}
