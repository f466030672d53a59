/** What people may be told of while a server runs: one closed list of names, and the shape of each happening. */

import type { Sentence } from './sentence.ts'

type Kind = {
  readonly severity: 'info' | 'warning' | 'critical'
  /** For the manual and the console: when it happens. */
  readonly summary: string
  /** What its `figure` counts, where it has one; `alerts` compare it with `above` or `below`. */
  readonly figure?: 'milliseconds' | 'percent' | 'usd' | 'days'
}

const kind = (severity: Kind['severity'], summary: string, figure?: Kind['figure']): Kind =>
  figure === undefined ? { severity, summary } : { severity, summary, figure }

export const eventKinds = {
  balance_low: kind('warning', "An account's credit, less what is held, has fallen to the alert's `below`.", 'usd'),
  budget_threshold: kind('warning', 'A budget has reached one of its thresholds in its period.', 'percent'),
  certificate_expiry: kind('warning', "The server's certificate ends within the alert's `below` (14 days).", 'days'),
  credit_expiring: kind(
    'info',
    "Credit of an account ends within the alert's `below` (7 days) and is not spent.",
    'days',
  ),
  credential_dead: kind('critical', 'A provider refuses a credential (401, 403): it is not used any more.'),
  credential_expiry: kind('warning', "A key ends within the alert's `below` (7 days).", 'days'),
  credential_resting: kind('info', 'A provider limits a credential (429): it rests until its reset.'),
  document_issued: kind('info', 'An invoice, a statement or a credit note was issued.'),
  drift: kind(
    'warning',
    'After a migration was complete its candidate gives more tokens, or its first parts later, than during it.',
  ),
  error_rate: kind('critical', 'The share of calls that failed by no fault of the caller, over 5 minutes.', 'percent'),
  gate: kind('info', 'A migration waits at a gate for a person or a veto.'),
  invoice_overdue: kind('warning', 'An invoice on account is past its day and is not paid.'),
  overhead_p99: kind(
    'warning',
    "Drover's own share of the time to the first byte, at the 99th percentile over 5 minutes.",
    'milliseconds',
  ),
  payment_disputed: kind('critical', "A payer's bank has taken a payment back, or has decided on it."),
  payment_mismatch: kind('critical', 'Money came that is not what its order asked for: nothing was credited.'),
  payment_stuck: kind('critical', 'Money came and could not be credited, or a refund could not be paid out.'),
  pause: kind('warning', 'A migration was paused.'),
  promote: kind('info', 'A migration went up a step.'),
  provider_down: kind('critical', 'Every attempt at a provider has failed for a minute.'),
  provider_up: kind('info', 'A provider that was down answers again.'),
  reconcile_difference: kind('warning', 'Books and a statement from outside differ by more than 1 %.', 'percent'),
  refund_requested: kind('info', 'A customer asks for the money of an order back: a person decides.'),
  rollback: kind('critical', 'A migration was rolled back.'),
  spend_unusual: kind('warning', "A key's spend of the last hour is far out of its own pattern."),
  target_down: kind('warning', 'A model at a provider failed again and again: it is not asked for a while.'),
  target_up: kind('info', 'A model at a provider that was left out answers again.'),
  tokens_unusual: kind('warning', "A key's tokens a call of the last hour are far out of its own pattern."),
  upstream_balance_low: kind(
    'critical',
    "The operator's prepaid balance at a provider has fallen to its alarm.",
    'usd',
  ),
} as const satisfies Readonly<Record<string, Kind>>

export type EventName = keyof typeof eventKinds

/** What each node sees for itself, of several that see the same; beside it what ends it, where that is told as well. */
export const seenByEach: Readonly<Partial<Record<EventName, EventName | null>>> = {
  balance_low: null,
  certificate_expiry: null,
  credential_dead: null,
  credential_resting: null,
  error_rate: null,
  overhead_p99: null,
  provider_down: 'provider_up',
  provider_up: 'provider_down',
  spend_unusual: null,
  target_down: 'target_up',
  target_up: 'target_down',
  tokens_unusual: null,
}

/** One happening. Facts hold no secret and no body of a call: they are sent to people and to other systems. */
export type Event = {
  /** `evt_…`. The same id is kept and told once, however often it is given. */
  readonly id: string
  readonly name: EventName
  readonly timeMs: number
  /** Whose it is; `null` = the operator's own. */
  readonly account: string | null
  /** What it is about: an id, or a provider's name. */
  readonly object: string
  /** One sentence for a person: what, how much, what to do. */
  readonly message: string
  /** The same by its code; absent: it was kept by an earlier version. */
  readonly said?: Sentence
  /** In the unit that the kind names; `null` = it has none. */
  readonly figure: number | null
  readonly facts: Readonly<Record<string, string | number | boolean | null>>
}

/** Where happenings go. Never throws and never waits: whoever emits has a call to carry on with. */
export type Emit = (
  event: Omit<Event, 'id' | 'timeMs' | 'said'> & { readonly id?: string; readonly said: Sentence },
) => void
