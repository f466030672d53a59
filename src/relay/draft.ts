/** A call record while its call is under way: filled step by step, frozen once, when the call has reached its end. */

import type { AttemptRecord, CallRecord } from '#base/call-record.ts'
import { blankAttempt, blankRecord } from '#base/call-record.ts'
import type { Inbound } from '#http/inbound.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export type AttemptDraft = Mutable<AttemptRecord>
export type Draft = Omit<Mutable<CallRecord>, 'attempts' | 'sharedMs'> & {
  attempts: AttemptDraft[]
  sharedMs: number
  /** What its usage was worked out from, where the provider did not tell it, for the rule on the receipt; not kept. */
  usageFrom?: string | null
}

/** The record of a call of which nothing is known yet but that it came. */
export const draftOf: (inbound: Pick<Inbound, 'id' | 'path'>, protocol: string, nowMs: number) => Draft = blankRecord

export const attemptDraft: (provider: string, model: string, startMs: number) => AttemptDraft = blankAttempt

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
