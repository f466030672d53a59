/** One record per call: what `drover logs`, metrics, the books and migration evidence read. Final shape, nullable where not filled. */

import type { Currency } from './price-row.ts'
import type { ProblemCode } from './problem.ts'
import type { Usage } from './usage.ts'

/** How a call ended: whole, cut by the upstream, left by the caller, or refused before anything was delivered. */
export type CallEnd = 'complete' | 'cut' | 'left' | 'refused'

/** How the cost of a call was come by, beside the hash of its row: enough to say it again, and to rate the call anew. */
export type Pricing = {
  /** The id whose price it is: what the caller's name stands for. */
  readonly model: string
  readonly family: string | null
  /** Of the price row. */
  readonly vendor: string
  readonly source: string
  readonly serviceTier: string
  readonly contextOverTokens: number | null
  readonly currency: Currency
  /** Nano units of the currency for a dollar; `null` = the row is in dollars. */
  readonly perUsdNano: bigint | null
  /** Before the discount. */
  readonly baseNanoUsd: bigint
  /** What was put on or taken off, in the order in which it was. */
  readonly rules: readonly PricingRule[]
}

export type PricingRule = {
  /** `fee` = the part that is charged of a call with the account's own credential. */
  readonly kind: 'markup' | 'fee' | 'discount'
  readonly name: string
  readonly basisPoints: number
}

export type AttemptRecord = {
  readonly provider: string
  readonly model: string
  /** The upstream's status; `null` = none came. */
  readonly status: number | null
  readonly error: ProblemCode | null
  /** Milliseconds since the call arrived. */
  readonly startMs: number
  readonly headersMs: number | null
  readonly firstPartMs: number | null
  readonly endMs: number | null
  readonly upstreamRequestId: string | null
  readonly usage: Usage | null
  /** What the operator pays for the attempt; `null` = unknown. */
  readonly costNanoUsd: bigint | null
  /**
   * Why this target was asked: `weighted`, `least-latency`, `cheapest`, `fallback`, `throughput` (the strategy), `sticky`, `migration` (its candidate), `order` (the caller's),
   * `probe`, `last-resort`, `retry`, `other-target`, `other-key`, `other-model`, `hedge`; `similarity` = it measured the question for the semantic cache; `null` = not kept.
   */
  readonly reason: string | null
  /** Why it was left before it answered: `upstream_timeout: first_token`, `hedge_lost`, `caller_left` …; `null` = it was not. */
  readonly left: string | null
  /** State of the target's breaker when it was asked. */
  readonly breaker: 'closed' | 'open' | 'half-open' | null
  /** The reference of the provider's key that was used, as the configuration writes it; never the key. */
  readonly credential: string | null
  /** Names of the adjustments made for this target (`temperature:fixed`, `max_tokens:renamed`). */
  readonly shims: readonly string[]
}

/** Upper bounds of the gaps that are counted between the pieces of a stream; a last count is of those beyond. */
export const gapBoundsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000] as const

export type CallRecord = {
  readonly id: string
  readonly timeMs: number
  readonly organisation: string | null
  readonly project: string | null
  /** The person whose key it was. */
  readonly member: string | null
  readonly account: string | null
  readonly key: string | null
  /** A call under an `hs-test-` key: sandbox, no money. */
  readonly test: boolean
  readonly protocol: string
  readonly path: string
  readonly stream: boolean
  /** The model id as the caller wrote it. */
  readonly model: string | null
  /** Of the target that answered. */
  readonly provider: string | null
  readonly upstreamModel: string | null
  /** What the caller saw. */
  readonly status: number
  readonly error: ProblemCode | null
  readonly errorMessage: string | null
  readonly attempts: readonly AttemptRecord[]
  readonly usage: Usage | null
  /** What the call costs its account; `null` = unpriced. */
  readonly costNanoUsd: bigint | null
  readonly priceHash: string | null
  /** `null` = unpriced, free or refused. */
  readonly pricing?: Pricing | null
  readonly ttftMs: number | null
  /** How long it waited for a limit before it was let in; absent or `null` = not at all. */
  readonly queuedMs?: number | null
  /** Of a stream: the longest time between two pieces of the answer; absent or `null` = it had no two. */
  readonly longestGapMs?: number | null
  /** Of a stream: how often there were gaps of which length, by the bounds of `gapBoundsMs`; only for metrics, never kept. */
  readonly gaps?: readonly number[] | null
  /** Milliseconds that a call like this one was waited for, which was under way; never kept. */
  readonly sharedMs?: number
  readonly durationMs: number
  /** Time spent in Drover and not in waiting for an upstream. */
  readonly overheadMs: number
  readonly end: CallEnd
  readonly finishReason: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly conversation: string | null
  readonly callSite: string | null
  readonly session: string | null
  /** Migration and its arm. */
  readonly migration: string | null
  readonly arm: string | null
  readonly warnings: readonly string[]
  readonly cache: 'hit' | 'miss' | null
  readonly requestBytes: number
  readonly responseBytes: number
  /** SHA-256 in hex of the upstream's body and of what was delivered; filled where receipts are on. */
  readonly upstreamDigest: string | null
  readonly deliveredDigest: string | null
  /** Bodies, only when the operator turned keeping them on. */
  readonly requestBody: string | null
  readonly responseBody: string | null
}

/** The record of a call of which nothing is known but that it came. */
export const blankRecord = ({ id, path }: Pick<CallRecord, 'id' | 'path'>, protocol: string, timeMs: number) =>
  ({
    id,
    timeMs,
    organisation: null,
    project: null,
    member: null,
    account: null,
    key: null,
    test: false,
    protocol,
    path,
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
  }) satisfies Required<CallRecord>

/** The record of an attempt of which nothing is known but that it began. */
export const blankAttempt = (provider: string, model: string, startMs: number) =>
  ({
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
  }) satisfies AttemptRecord

/** What a record calls a credential that the call's own account has brought. */
export const ownCredentialName = 'own credential'

const refusals: ReadonlySet<number> = new Set([401, 402, 403, 429])

/** Whether a provider refused a credential that the account itself has brought: that says nothing of the operator's standing there. */
export const isOwnRefusal = ({ credential, status }: Pick<AttemptRecord, 'credential' | 'status'>): boolean =>
  credential === ownCredentialName && status !== null && refusals.has(status)
