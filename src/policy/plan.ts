/** Plans: what an account's keys may do together, what a new customer is given, and which plan comes next. */

import type { TokenEstimate } from './rate.ts'
import { ticketsOf } from './rate.ts'
import type { QueueBound, Ticket } from './ticket.ts'

export type PlanFacts = {
  readonly name: string
  readonly requestsPerMinute: number | null
  readonly requestsPerDay: number | null
  readonly tokensPerMinute: number | null
  readonly tokensPerDay: number | null
  readonly concurrency: number | null
  /** Absent or `null`: what does not fit is refused at once. */
  readonly queue?: QueueBound | null
  /** Output tokens that holds of streams grow by where credit is short; absent or `null` = 1,024. */
  readonly sliceTokens?: number | null
  /** Promotional credit of a new account; `null` = none. */
  readonly signupCreditNanoUsd: bigint | null
  readonly signupCreditExpiresMs: number | null
  /** Given to an account that has paid this much; `null` = never by itself. */
  readonly upgradeAtPaidNanoUsd: bigint | null
  /** Customers may choose it by themselves; absent = only the operator gives it. */
  readonly isOpen?: boolean
  /** Relay fee on calls made with a provider credential that the customer brings; absent or `null` = only the operator adds one. */
  readonly ownCredentialFeeBasisPoints?: number | null
  /** `file` = declared in drover.yaml, read-only elsewhere. */
  readonly origin: 'file' | 'store'
}

export type Plans = ReadonlyMap<string, PlanFacts>

/** The plan of an account, and the one that paying more leads to. */
export type AccountPlan = {
  readonly account: string
  readonly test: boolean
  readonly plan: PlanFacts
  readonly next: PlanFacts | null
}

const limits = ['requestsPerMinute', 'requestsPerDay', 'tokensPerMinute', 'tokensPerDay', 'concurrency'] as const

/** An upgrade never lowers a limit: a plan that does is none, however much is paid. */
const lowersNothing = (from: PlanFacts, to: PlanFacts): boolean =>
  limits.every((limit) => to[limit] === null || (from[limit] !== null && to[limit] >= from[limit]))

const priceOf = ({ upgradeAtPaidNanoUsd }: PlanFacts): bigint => upgradeAtPaidNanoUsd ?? -1n

/** The plans that an account may come to by paying, the nearest first. */
export const upgradesFrom = (plans: Plans, from: PlanFacts): readonly PlanFacts[] =>
  [...plans.values()]
    .filter((plan) => plan.name !== from.name && priceOf(plan) > priceOf(from) && lowersNothing(from, plan))
    .sort((a, b) => (priceOf(a) < priceOf(b) ? -1 : 1))

/** The plan of an account by name; `null` = it has none, or one that there is no more: then only its keys are limited. */
export const planOf = (
  plans: Plans,
  account: { readonly id: string; readonly plan: string | null },
  test: boolean,
): AccountPlan | null => {
  const plan = account.plan === null ? undefined : plans.get(account.plan)
  return plan === undefined ? null : { account: account.id, test, plan, next: upgradesFrom(plans, plan)[0] ?? null }
}

const limitText = (plan: PlanFacts): string => {
  const texts = [
    [plan.requestsPerMinute, 'requests per minute'],
    [plan.requestsPerDay, 'requests per day'],
    [plan.tokensPerMinute, 'tokens per minute'],
    [plan.tokensPerDay, 'tokens per day'],
    [plan.concurrency, 'calls at the same time'],
  ].flatMap(([limit, unit]) => (limit === null ? [] : [`${limit} ${unit}`]))
  return texts.length === 0 ? 'no such limits' : texts.join(', ')
}

/** The tickets of an account's plan, which all its keys take from; those of the sandbox are counted apart. */
export const planTickets = ({ account, test, plan, next }: AccountPlan, estimate: TokenEstimate): readonly Ticket[] => {
  const owner = `plan "${plan.name}" of account ${account}`
  const advice = next === null ? null : `Plan "${next.name}" has ${limitText(next)}.`
  const bucket = `account:${account}${test ? ':test' : ''}`
  return ticketsOf(plan, { bucket, group: account, owner, advice }, estimate)
}
