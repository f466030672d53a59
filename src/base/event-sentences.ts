/** What events say, by code, in English. Each code is worded in the console as well. Money is a decimal in text, shares and weights are in percent, times in milliseconds. */

import { rfc3339 } from './clock.ts'
import type { Filling, Sentence } from './sentence.ts'
import { sayer } from './sentence.ts'

type Standing = {
  readonly phase: string
  readonly step: number
  readonly percent: number
  readonly starts_at_ms: number | null
}

const standing = ({ phase, step, percent, starts_at_ms: atMs }: Standing): string => {
  if (phase === 'scheduled') return `to start at ${rfc3339(atMs ?? 0)}`
  if (phase === 'shadow') return 'in the shadow: calls are copied, and nothing moves'
  if (phase === 'paused') return `paused at ${percent} % (step ${step})`
  if (phase === 'completed') return 'complete: all traffic goes to the candidate'
  return percent === 0 ? 'back at the baseline' : `at ${percent} % (step ${step})`
}

type Refund = { readonly refund: string; readonly order: string; readonly method: string }
const refund = (of: Refund): string => `Refund ${of.refund} of order ${of.order} at ${of.method}`

const period = (of: string): string => (of === 'total' ? 'in all' : `a ${of}`)

export const eventSentences = {
  migration_decided: ({ name, why, ...of }: Standing & { name: string; why: Sentence }) =>
    `Migration "${name}" is ${standing(of)}: ${why.text}. 'drover migrate status ${name}' shows the evidence.`,
  migration_waits: ({ name, step, percent }: { name: string; step: number; percent: number }) =>
    `Migration "${name}" waits at step ${step} (${percent} %): its gate is open. 'drover migrate promote ${name}' goes on.`,
  migration_drifted: ({ name, figure }: { name: string; figure: string }) =>
    `Since migration "${name}" was complete, its ${figure} has risen and stays so. Nothing was moved; 'drover migrate rollback ${name}' goes back.`,

  balance_low: ({ account, usd }: { account: string; usd: string }) =>
    `Account ${account} has ${usd} USD left to spend: add credit, or its calls will be refused with 402.`,
  budget_reached: (of: {
    kind: string
    subject: string
    model: string | null
    percent: number
    spent_usd: string
    limit_usd: string
    period: string
  }) =>
    `The budget of ${of.kind} ${of.subject}${of.model === null ? '' : ` for ${of.model}`} has reached ${of.percent} %: ${of.spent_usd} USD of ${of.limit_usd} USD ${period(of.period)}. 'drover budgets list' shows what is left.`,
  credit_expiring: (of: { account: string; usd: string; kind: string; days: number; day: string }) =>
    `${of.usd} USD of ${of.kind} credit of ${of.account} end in ${of.days} days (${of.day}).`,
  spend_unusual: ({ key, usd, times }: { key: string; usd: string; times: number }) =>
    `Key ${key} has spent ${usd} USD in this hour, more than ${times} times what is usual for it: 'drover logs --key ${key}' shows on what, 'drover keys revoke ${key}' stops it.`,
  tokens_unusual: ({ key, tokens, usual }: { key: string; tokens: number; usual: number }) =>
    `Key ${key} uses ${tokens} tokens a call in this hour; ${usual} are usual for it. 'drover logs --key ${key}' shows on what.`,
  key_ends: ({ key, name, ends, days }: { key: string; name: string; ends: string; days: number }) =>
    `Key "${name}" (${key}) ends at ${ends}, in ${days < 1 ? 'less than a day' : `${days} days`}: give its user a new one by 'drover keys rotate ${key}'.`,

  certificate_ended: ({ ends }: { ends: string }) =>
    `The server's certificate ended at ${ends}: callers that check it are refused. Replace the file of server.tls.cert and restart.`,
  certificate_ends: ({ ends, days }: { ends: string; days: number }) =>
    `The server's certificate ends at ${ends}, in ${days} days: replace the file of server.tls.cert and restart.`,
  overhead_high: ({ ms, above_ms: aboveMs }: { ms: number; above_ms: number }) =>
    `Drover's own time is ${ms} ms at the 99th percentile of the last 5 minutes (over ${aboveMs} ms): look at the store's disk, the CPU and the size of bodies.`,
  errors_high: ({ percent }: { percent: string }) =>
    `${percent} % of the calls of the last 5 minutes failed by no fault of the caller: see 'drover logs' and 'drover stats --by provider'.`,

  provider_failed: ({ provider, attempts }: { provider: string; attempts: number }) =>
    `Every one of ${attempts} attempts at provider "${provider}" in the last minute failed: see its status page, and 'drover doctor'.`,
  provider_away: ({
    provider,
    checks,
    status,
    problem,
  }: {
    provider: string
    checks: number
    status: number | null
    problem: string | null
  }) =>
    `Provider "${provider}" is away, as ${checks} checks in a row have found: ${status === null ? problem : `it answers ${status}.`} Other targets are asked.`,
  provider_back: ({ provider }: { provider: string }) => `Provider "${provider}" answers again.`,
  provider_credit_low: ({ provider, left, currency }: { provider: string; left: string; currency: string }) =>
    `Provider ${provider} has ${left} ${currency} of prepaid credit left: top it up, or its calls will fail.`,
  key_refused_by_check: ({ provider }: { provider: string }) =>
    `Provider "${provider}" refuses a credential, as a check has found. Check the key and the account behind it.`,
  key_refused: ({ provider, credential, minutes }: { provider: string; credential: string; minutes: number | null }) =>
    `Provider "${provider}" refuses its credential ${credential}${minutes === null ? ', the only one' : `: it is not used for ${minutes} minutes`}. Check the key and the account behind it.`,
  key_rests: ({ provider, credential, seconds }: { provider: string; credential: string; seconds: number }) =>
    `Provider "${provider}" limits its credential ${credential}: it rests for ${seconds} s.`,
  target_failed: ({ target, problem }: { target: string; problem: string }) =>
    `${target} failed again and again (${problem}): other targets are asked in its place.`,
  target_back: ({ target }: { target: string }) => `${target} answers again.`,

  document_issued: ({ number, total, account }: { number: string; total: string; account: string }) =>
    `${number} over ${total} was issued to ${account}. 'drover invoices file ${number}' gives it.`,
  invoice_overdue: (of: { number: string; account: string; usd: string; day: string }) =>
    `${of.usd} USD of ${of.number} of ${of.account} were due on ${of.day} and are not paid.`,
  refund_asked: ({ order, method, reason }: { order: string; method: string; reason: string }) =>
    `A refund of order ${order} (${method}) is asked for: ${reason}`,
  refund_failed: ({ problem, ...of }: Refund & { problem: string }) =>
    `${refund(of)} failed: ${problem}. Its credit was given back; refund another way.`,
  refund_waits: ({ note, ...of }: Refund & { note: string }) => `${refund(of)} waits: ${note}.`,
  refund_came_back: ({ problem, is_closed: isClosed, ...of }: Refund & { problem: string; is_closed: boolean }) =>
    `${refund(of)} came back after it had left: ${problem}. ${isClosed ? 'The account is closed and takes no credit: pay it out another way' : 'Its credit was given back; refund another way'}.`,
  refund_left_waits: ({ note, ...of }: Refund & { note: string }) => `${refund(of)} had left and waits: ${note}.`,
  paid_twice: ({ order, transaction, method }: { order: string; transaction: string; method: string }) =>
    `Order ${order} was paid a second time (${transaction}). Nothing was credited for it: pay it back at ${method}.`,
  paid_otherwise: ({ order, paid, note }: { order: string; paid: string; note: string }) =>
    `${paid} came for order ${order}: ${note}. 'drover payments show ${order}' says what; resolve or refund it.`,
  not_credited: ({ order, paid, note }: { order: string; paid: string; note: string }) =>
    `${paid} came for order ${order} and could not be credited: ${note}.`,
  dispute_opened: ({ order, amount, method }: { order: string; amount: string; method: string }) =>
    `The payer's bank took ${amount} of order ${order} back: its credit is taken from the account, and what was spent is owed. Answer the dispute at ${method}.`,
  dispute_won: ({ order, amount }: { order: string; amount: string }) =>
    `The dispute about order ${order} is won: ${amount} is credited again.`,
  dispute_lost: ({ order, amount }: { order: string; amount: string }) =>
    `The dispute about order ${order} is lost: ${amount} stays with the payer.`,
  card_refused: (of: { ending: string; usd: string; problem: string; is_off: boolean }) =>
    `The card ending in ${of.ending} could not be charged ${of.usd} USD: ${of.problem}. ${of.is_off ? 'Automatic top-up is off now' : 'It is tried again later'}.`,
  bills_differ: (of: {
    method: string
    day: string
    differences: number
    ours: number
    theirs: number
    amounts: number
    fees: number
  }) =>
    `The bill of ${of.method} for ${of.day} and our orders differ ${of.differences} times: ${of.ours} only ours, ${of.theirs} only theirs, ${of.amounts} amounts, ${of.fees} fees. 'drover reconcile payments --method ${of.method} --date ${of.day}' lists them.`,
  test_reaches: () => 'This is a test: Drover reaches you this way.',
} as const

const say = sayer(eventSentences)

/** What an event says, as the event has it: the text, and the same by its code. */
export const telling = <C extends keyof typeof eventSentences>(
  code: C,
  ...given: Filling<(typeof eventSentences)[C]>
): { readonly message: string; readonly said: Sentence } => {
  const said = say(code, ...given)
  return { message: said.text, said }
}
