/**
 * What a batch takes of the limits of a day: each line a request, and its tokens as a call's. Those of a minute are for calls: a provider runs lines
 * at a pace of its own.
 */

import { decideAdmission } from '#policy/admission.ts'
import { policies } from '#policy/index.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { planOf } from '#policy/plan.ts'
import { limitRefusal } from '#policy/rate.ts'
import type { Ticket } from '#policy/ticket.ts'
import type { RelayPorts } from '#relay/journey.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import type { BindingRow } from '#resource/port.ts'
import type { Asking } from './asking.ts'
import type { Planned } from './batch-plan.ts'
import type { BatchWork, CountedLines } from './batch-work.ts'

const dayMs = 86_400_000

type Counting = { readonly snapshot: Snapshot; readonly key: KeyFacts }
type Counted = NonNullable<BatchWork['counted']>

type DayTicket = Extract<Ticket, { readonly kind: 'rate' }>

const dayTickets = ({ snapshot, key }: Counting, { requests, tokens, models }: Counted): readonly DayTicket[] => {
  const account = snapshot.accounts.get(key.account)
  const decision = decideAdmission(policies, {
    key,
    plan: account === undefined ? null : planOf(snapshot.customers.plans, account, key.test),
    limits: snapshot.limits,
    models,
    estimate: { inputTokens: tokens, outputTokensMax: 0 },
  })
  if (decision.refusal !== null) return []
  return decision.tickets
    .filter((ticket): ticket is DayTicket => ticket.kind === 'rate' && ticket.periodMs >= dayMs)
    .map((ticket) => (ticket.unit === 'requests' ? { ...ticket, amount: requests } : ticket))
}

/**
 * Takes the lines of a batch, all or none; gives what gives them back where the batch is not made.
 * @throws Problem `rate_limit_exceeded`; `invalid_request_error` for more tokens than a limit ever lets through in a day.
 */
export const takeLines = async (
  { exchange, ports, snapshot, key }: Asking,
  { counted }: Pick<Planned, 'counted'>,
): Promise<() => Promise<void>> => {
  const tickets = dayTickets({ snapshot, key }, counted)
  if (tickets.length === 0) return async () => {}
  const order = { tickets, flow: key.id, untilMs: Number.POSITIVE_INFINITY, signal: exchange.inbound.signal }
  const { taken, refused } = await ports.waitingRoom.take(order)
  if (!taken.ok) throw limitRefusal(taken, refused)
  return () => ports.waitingRoom.giveBack(tickets.map((ticket) => ({ ticket, used: 0 })))
}

export type EndedBatch = { readonly batch: BindingRow; readonly work: BatchWork; readonly snapshot: Snapshot }

/** Corrects what was taken by what the lines of a batch that has ended have used. A key that is gone has no limits any more. */
export const correctLines = async (
  { waitingRoom }: Pick<RelayPorts, 'waitingRoom'>,
  { batch, work, snapshot }: EndedBatch,
  used: CountedLines,
): Promise<void> => {
  const { counted } = work
  const key = [...snapshot.keys.values()].find(({ id }) => id === batch.key)
  if (counted === undefined || key === undefined) return
  const tickets = dayTickets({ snapshot, key }, counted)
  if (tickets.length > 0)
    await waitingRoom.giveBack(
      tickets.map((ticket) => ({ ticket, used: ticket.unit === 'requests' ? used.requests : used.tokens })),
    )
}
