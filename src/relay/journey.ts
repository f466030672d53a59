/** One call on its way: what the steps may look at; it grows by a type as it passes admission. */

import type { CallRecord } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import type { Problem } from '#base/problem.ts'
import type { Receipt, SignedReceipt } from '#base/receipt.ts'
import type { Turnstile } from '#base/turnstile.ts'
import type { Exchange } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { CallBooks, PartBooks } from '#ledger/port.ts'
import type { Traffic } from '#migration/traffic.ts'
import type { Guard } from '#policy/guard.ts'
import type { Call } from '#protocol/call.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { Bindings } from '#resource/bindings.ts'
import type { CarriedTurns } from '#resource/carried-turns.ts'
import type { Responses } from '#resource/responses.ts'
import type { AnswerCache } from '#reuse/answer-cache.ts'
import type { AnswerTaker } from '#reuse/answer-taker.ts'
import type { Keeper } from '#reuse/keeper.ts'
import type { Repeats } from '#reuse/repeats.ts'
import type { SimilarAnswers } from '#reuse/similar-answers.ts'
import type { Grant } from './admit.ts'
import type { Assigned } from './assigned.ts'
import type { BackgroundRuns } from './background-run.ts'
import type { CallTrace } from './call-trace.ts'
import type { Draft } from './draft.ts'
import { upstreamWaitMs } from './draft.ts'
import type { AskHook } from './guard-request.ts'
import { droverHeaders } from './head.ts'
import type { CallHold } from './hold.ts'
import type { Labels } from './labels.ts'
import type { CountTokens } from './meter.ts'
import type { CallLog, KeySpend } from './port.ts'
import type { Refusals } from './refusals.ts'
import type { Routing } from './routing.ts'
import type { Shadows } from './shadow.ts'
import type { Snapshot } from './snapshot.ts'
import type { WaitingRoom } from './waiting-room.ts'

export type RelayPorts = {
  readonly snapshot: () => Snapshot
  /**
   * `null` = the snapshot has every change that is a second old, as far as this process can know; else resolves when it has, within a second.
   * Whoever serves waits for it before a caller is identified; what goes on for long asks again.
   */
  readonly fresh: () => Promise<void> | null
  /** Where tickets of limits are taken, and waited for. */
  readonly waitingRoom: WaitingRoom
  readonly callLog: CallLog
  readonly keySpend: KeySpend
  readonly books: CallBooks
  /** Signs what is known of a call now. */
  readonly signReceipt: (receipt: Omit<Receipt, 'signed_at'>) => Promise<SignedReceipt>
  /** Calls under an Idempotency-Key. */
  readonly repeats: Repeats
  /** Names this process in the books. */
  readonly owner: string
  /** Metrics and whoever else reads records; must not throw. */
  readonly observe: (record: CallRecord, trace: CallTrace | null) => void
  /** The share of calls that are traced where the caller does not say, in [0, 1]; `null` = none is, and nothing is told upstream. */
  readonly traceShare: number | null
  readonly countTokens: CountTokens
  readonly refusals: Refusals
  /** Why no further call is taken now; `null` = it is. `isCounted`: the one that asks is among those under way already. */
  readonly overload: (isCounted?: boolean) => Problem | null
  /** Calls that came together are begun one after the other. */
  readonly turnstile: Turnstile
  /** Asks the webhook of a guardrail. */
  readonly askHook: AskHook
  readonly routing: Routing
  /** Migrations under way, and the copies of calls that they ask for. */
  readonly traffic: Traffic
  readonly shadows: Shadows
  readonly cache: AnswerCache
  /** Answers to similar questions; `null` = the operator has none given. */
  readonly similar: SimilarAnswers | null
  readonly responses: Responses
  /** Responses that this process makes while nobody waits. */
  readonly background: BackgroundRuns
  readonly carried: CarriedTurns
  /** What providers keep for callers. */
  readonly bindings: Bindings
  /** Told when a model came of fine-tuning, or went: the snapshot is to know it. */
  readonly modelsChanged: () => Promise<void>
  /** The books of calls that are made of many. */
  readonly parts: PartBooks
  /** Where what is too large for memory lies while it is passed on. */
  readonly spoolDir: string
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
}

export type Journey = {
  readonly exchange: Exchange
  readonly protocol: Protocol
  readonly ports: RelayPorts
  readonly snapshot: Snapshot
  readonly draft: Draft
  readonly trace: CallTrace | null
  /** SHA-256 in hex of the body that the caller was sent so far; `null` = digests are not kept. */
  readonly sentDigest: (() => string) | null
}

export type Admitted = Journey & {
  readonly call: Call
  readonly labels: Labels
  readonly grant: Grant
  /** The arm of the migration that the call is in scope of; `null` = of none. */
  readonly assigned: Assigned | null
  readonly hold: CallHold
  /** Guardrails that look at the reply. */
  readonly replyGuards: readonly Guard[]
  /** Takes the answer for a repeat; `null` = the call has no Idempotency-Key. */
  readonly keeper: Keeper | null
  /** Takes the answer down for calls like this one; `null` = it may not be given again. */
  readonly taker: AnswerTaker | null
}

export const elapsedMs = ({ exchange, ports }: Journey): number =>
  ports.clock.monotonicMs() - exchange.inbound.arrivedMs

export type Head = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Rate-limit headers; none before admission. */
  readonly limits: Readonly<Record<string, string>>
}

/** Sends the head of whatever answer there is, and notes in the draft what is known by then. Gives the headers that went out. */
export const sendHead = (journey: Journey, { status, headers, limits }: Head): Readonly<Record<string, string>> => {
  const { draft, exchange, protocol } = journey
  const { requestIdHeader } = protocol.server
  const spentMs = elapsedMs(journey)
  draft.status = status
  draft.overheadMs = Math.max(0, spentMs - upstreamWaitMs(draft))
  const sent = {
    ...droverHeaders(draft, { elapsedMs: spentMs, limits }),
    ...securityHeaders,
    ...(requestIdHeader === undefined ? {} : { [requestIdHeader]: draft.id }),
    ...headers,
  }
  exchange.outbound.head(status, sent)
  return sent
}
