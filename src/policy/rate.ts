/** Limits of a key as tickets, and what the limiter answered as headers or as a refusal. */

import { Problem } from '#base/problem.ts'
import { durationText } from './duration.ts'
import type { KeyFacts } from './key-facts.ts'
import type { LimitState, Taken, Ticket } from './ticket.ts'

/** What a call is expected to take from a token limit; corrected when its usage is known. */
export type TokenEstimate = {
  readonly inputTokens: number
  /** The caller's own maximum; `null` = none given. */
  readonly outputTokensMax: number | null
}

/** At admission no more output than this is counted, whatever maximum the caller allows. */
export const outputTokensCountedMax = 4096

const minuteMs = 60_000

/** Tokens that admission takes: the input and at most 4,096 of output. */
export const tokensAtAdmission = ({ inputTokens, outputTokensMax }: TokenEstimate): number =>
  Math.ceil(inputTokens) + Math.min(outputTokensMax ?? outputTokensCountedMax, outputTokensCountedMax)

/** The tickets that one call under this key takes, all or none: requests and tokens per minute, concurrency. */
export const ticketsFor = (facts: KeyFacts, estimate: TokenEstimate): readonly Ticket[] => {
  const owner = `key "${facts.name}"`
  const tickets: Ticket[] = []
  const rate = (unit: 'requests' | 'tokens', limit: number | null, amount: number): void => {
    if (limit === null) return
    tickets.push({ kind: 'rate', bucket: `key:${facts.id}:${unit}`, unit, limit, periodMs: minuteMs, amount, owner })
  }
  rate('requests', facts.requestsPerMinute, 1)
  rate('tokens', facts.tokensPerMinute, tokensAtAdmission(estimate))
  if (facts.concurrency !== null)
    tickets.push({ kind: 'concurrency', bucket: `key:${facts.id}:concurrency`, limit: facts.concurrency, owner })
  return tickets
}

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

/**
 * `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` of the limit with the least remaining of each unit; nothing for a
 * unit that has no limit. Concurrency has no such header.
 */
export const limitHeaders = (states: readonly LimitState[]): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {}
  for (const unit of ['requests', 'tokens'] as const) {
    const state = tightest(states, unit)
    if (state === undefined) continue
    headers[`x-ratelimit-limit-${unit}`] = state.ticket.limit.toString()
    headers[`x-ratelimit-remaining-${unit}`] = state.remaining.toString()
    headers[`x-ratelimit-reset-${unit}`] = durationText(state.resetMs)
  }
  return headers
}

const periodName = (periodMs: number): string => {
  if (periodMs === minuteMs) return 'minute'
  if (periodMs === 3_600_000) return 'hour'
  if (periodMs === 86_400_000) return 'day'
  return durationText(periodMs)
}

const limitName = (ticket: Ticket): string =>
  ticket.kind === 'concurrency'
    ? `${ticket.limit} ${ticket.limit === 1 ? 'call' : 'calls'} at the same time`
    : `${ticket.limit} ${ticket.unit} per ${periodName(ticket.periodMs)}`

/**
 * The refusal for a take that failed: `rate_limit_exceeded` with the exact wait; without a wait and with
 * `x-should-retry: false` where the limit is zero; `invalid_request_error` for a call that needs more tokens than the
 * whole bucket holds, as no wait will mend it.
 */
export const limitRefusal = (taken: Extract<Taken, { ok: false }>): Problem => {
  const { refused, retryAfterMs, states } = taken
  const name = limitName(refused)
  const advice = typeof refused.advice === 'string' ? ` ${refused.advice}` : ''
  const headers = limitHeaders(states)
  if (retryAfterMs !== null)
    return new Problem('rate_limit_exceeded', {
      message: `Rate limit reached for ${refused.owner}: ${name}. Please try again in ${durationText(retryAfterMs)}.${advice}`,
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
