/** Limits of a key as tickets, and what the limiter answered as headers or as a refusal. */

import { Problem } from '#base/problem.ts'
import { durationText } from './duration.ts'
import type { KeyFacts } from './key-facts.ts'
import { lineOf } from './key-facts.ts'
import type { LimitState, QueueBound, Taken, Ticket } from './ticket.ts'

/** What a call is expected to take from a token limit; corrected when its usage is known. */
export type TokenEstimate = {
  readonly inputTokens: number
  /** The caller's own maximum; `null` = none given. */
  readonly outputTokensMax: number | null
}

/** At admission no more output than this is counted, whatever maximum the caller allows. */
export const outputTokensCountedMax = 4096

const minuteMs = 60_000
const dayMs = 86_400_000

/** Tokens that admission takes: the input and at most 4,096 of output. */
export const tokensAtAdmission = ({ inputTokens, outputTokensMax }: TokenEstimate): number =>
  Math.ceil(inputTokens) + Math.min(outputTokensMax ?? outputTokensCountedMax, outputTokensCountedMax)

/** What may be done in a while, and at once; `null` = no such limit. */
export type Limits = {
  readonly requestsPerMinute: number | null
  readonly requestsPerDay: number | null
  readonly tokensPerMinute: number | null
  readonly tokensPerDay: number | null
  readonly concurrency: number | null
  /** Absent or `null`: what does not fit is refused at once. */
  readonly queue?: QueueBound | null
}

type RateTicket = Extract<Ticket, { kind: 'rate' }>

/** Whose limits they are: what they are counted under, and how a refusal calls it. */
export type LimitOwner = {
  readonly bucket: string
  readonly group: string
  readonly owner: string
  readonly advice?: string | null
}

/** The tickets that one call takes of these limits, all or none. */
export const ticketsOf = (
  limits: Limits,
  { bucket, group, owner, advice }: LimitOwner,
  estimate: TokenEstimate,
): readonly Ticket[] => {
  const tokens = tokensAtAdmission(estimate)
  const told = {
    group,
    owner,
    ...(advice === undefined ? {} : { advice }),
    ...(limits.queue === undefined || limits.queue === null ? {} : { queue: limits.queue }),
  }
  const { requestsPerMinute, requestsPerDay, tokensPerMinute, tokensPerDay, concurrency } = limits
  const tickets: Ticket[] = []
  const rate = (limit: number | null, name: string, of: Pick<RateTicket, 'unit' | 'periodMs' | 'amount'>): void => {
    if (limit !== null) tickets.push({ ...told, kind: 'rate', bucket: `${bucket}:${name}`, limit, ...of })
  }
  rate(requestsPerMinute, 'requests', { unit: 'requests', periodMs: minuteMs, amount: 1 })
  rate(requestsPerDay, 'requests-day', { unit: 'requests', periodMs: dayMs, amount: 1 })
  rate(tokensPerMinute, 'tokens', { unit: 'tokens', periodMs: minuteMs, amount: tokens })
  rate(tokensPerDay, 'tokens-day', { unit: 'tokens', periodMs: dayMs, amount: tokens })
  if (concurrency !== null)
    tickets.push({ ...told, kind: 'concurrency', bucket: `${bucket}:concurrency`, limit: concurrency })
  return tickets
}

/** The tickets of a key. */
export const ticketsFor = (facts: KeyFacts, estimate: TokenEstimate): readonly Ticket[] =>
  ticketsOf(facts, { bucket: `key:${lineOf(facts)}`, group: facts.account, owner: `key "${facts.name}"` }, estimate)

const isTighter = (state: LimitState, than: LimitState | undefined): boolean =>
  than === undefined ||
  state.remaining < than.remaining ||
  (state.remaining === than.remaining && state.resetMs > than.resetMs)

const tightest = (states: readonly LimitState[], unit: 'requests' | 'tokens'): LimitState | undefined => {
  let found: LimitState | undefined
  for (const state of states)
    if (state.ticket.kind === 'rate' && state.ticket.unit === unit && isTighter(state, found)) found = state
  return found
}

const headerNames = {
  requests: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
  },
  tokens: {
    limit: 'x-ratelimit-limit-tokens',
    remaining: 'x-ratelimit-remaining-tokens',
    reset: 'x-ratelimit-reset-tokens',
  },
} as const

/**
 * `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` of the limit with the least remaining of each unit; nothing for a
 * unit that has no limit. Concurrency has no such header.
 */
export const limitHeaders = (states: readonly LimitState[]): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {}
  for (const unit of ['requests', 'tokens'] as const) {
    const state = tightest(states, unit)
    if (state === undefined) continue
    const names = headerNames[unit]
    headers[names.limit] = state.ticket.limit.toString()
    headers[names.remaining] = state.remaining.toString()
    headers[names.reset] = durationText(state.resetMs)
  }
  return headers
}

const periodName = (periodMs: number): string => {
  if (periodMs === minuteMs) return 'minute'
  if (periodMs === 3_600_000) return 'hour'
  if (periodMs === dayMs) return 'day'
  return durationText(periodMs)
}

const limitName = (ticket: Ticket): string =>
  ticket.kind === 'concurrency'
    ? `${ticket.limit} ${ticket.limit === 1 ? 'call' : 'calls'} at the same time`
    : `${ticket.limit} ${ticket.unit} per ${periodName(ticket.periodMs)}`

const queueText = ({ queue }: Ticket, refused: 'full' | 'late' | null): string => {
  if (queue === undefined || refused === null) return ''
  if (refused === 'full') return ` Its queue is full: ${queue.waitingMax} calls wait already.`
  return ` The call waited in its queue for as long as it may.`
}

/**
 * The refusal for a take that failed: `rate_limit_exceeded` with the exact wait; without a wait and with
 * `x-should-retry: false` where the limit is zero; `invalid_request_error` for a call that needs more tokens than the
 * whole bucket holds, as no wait will mend it.
 */
export const limitRefusal = (taken: Extract<Taken, { ok: false }>, queue: 'full' | 'late' | null = null): Problem => {
  const { refused, retryAfterMs, states } = taken
  const name = limitName(refused)
  const advice = typeof refused.advice === 'string' ? ` ${refused.advice}` : ''
  const headers = limitHeaders(states)
  if (retryAfterMs !== null)
    return new Problem('rate_limit_exceeded', {
      message: `Rate limit reached for ${refused.owner}: ${name}.${queueText(refused, queue)} Please try again in ${durationText(retryAfterMs)}.${advice}`,
      retryAfterMs,
      headers,
    })
  const noRetry = { ...headers, 'x-should-retry': 'false' }
  if (refused.kind === 'rate' && refused.unit === 'tokens' && refused.limit > 0)
    return new Problem('invalid_request_error', {
      message:
        `This call counts as ${refused.amount} tokens, and ${refused.owner} has a limit of ${name}: it can never pass. ` +
        `Shorten the input, lower the output maximum, or raise the limit.${advice}`,
      headers: noRetry,
    })
  return new Problem('rate_limit_exceeded', {
    message: `Rate limit reached for ${refused.owner}: ${name}. No call can pass until the limit is raised.${advice}`,
    headers: noRetry,
  })
}
