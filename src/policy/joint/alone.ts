/** Limits while the common counter is away: the node's share, from what was heard of the whole last, counting calls under way. */

import type { Clock } from '#base/clock.ts'
import type { Limiter, LimitState, Taken, Ticket } from '#policy/port.ts'
import type { JointBucket } from './bucket.ts'
import { leave, stateOf, tally, wholeInMs } from './bucket.ts'

/** Nobody knows when a call under way will end. */
const concurrencyRetryMs = 1000

export type AloneOptions = {
  /** Enforces a node's share of rates. */
  readonly shares: Limiter
  readonly nodes: () => number
  readonly bucketOf: (ticket: Ticket) => JointBucket
  readonly newSlot: () => string
  readonly clock: Clock
}

export type Alone = {
  readonly take: (tickets: readonly Ticket[]) => Promise<Taken>
  /** Corrects a rate that was taken here. */
  readonly giveBack: (ticket: Ticket, used: number | null) => Promise<void>
}

type RateTicket = Extract<Ticket, { kind: 'rate' }>

export const makeAlone = ({ shares, nodes, bucketOf, newSlot, clock }: AloneOptions): Alone => {
  const shareOf = ({ limit }: Ticket): number => (limit <= 0 ? 0 : Math.max(1, Math.floor(limit / nodes())))
  const note = (ticket: Ticket, amount: number): void => {
    const { alone, share } = bucketOf(ticket)
    for (const kept of [alone, share]) tally(kept, amount, { ticket, nodes: nodes(), nowMs: clock.monotonicMs() })
  }

  /** Units of the share that were used: by this node, or its part of what all had used as it was heard last, whichever is more. */
  const fill = async (ticket: RateTicket): Promise<void> => {
    const bucket = bucketOf(ticket)
    const nowMs = clock.monotonicMs()
    const share = shareOf(ticket)
    const now = { ticket, nodes: nodes(), nowMs }
    const heard = (share * wholeInMs(bucket, nowMs)) / ticket.periodMs
    const used = Math.min(share, Math.max(heard, tally(bucket.own, 0, now)))
    const missing = Math.ceil(used - tally(bucket.share, 0, now))
    if (missing <= 0) return
    // Before anything is awaited: calls that come at the same time fill the share once.
    tally(bucket.share, missing, now)
    await shares.take([{ ...ticket, amount: missing }])
  }

  /** The slots of a call, and the limit that has none left for it, if one has. */
  const takeSlots = (tickets: readonly Ticket[]): { readonly undo: () => void; readonly full: Ticket | null } => {
    const taken: JointBucket[] = []
    const undo = (): void => {
      for (const bucket of taken) leave(bucket, bucket.held.splice(-1))
    }
    for (const ticket of tickets) {
      const bucket = bucketOf(ticket)
      if (bucket.held.length >= shareOf(ticket)) {
        undo()
        return { undo: () => {}, full: ticket }
      }
      bucket.held.push(newSlot())
      taken.push(bucket)
    }
    return { undo, full: null }
  }

  const slotState = (ticket: Ticket): LimitState => {
    const remaining = Math.max(0, shareOf(ticket) - bucketOf(ticket).held.length)
    return { ticket, remaining, resetMs: 0 }
  }
  const statesOf = (tickets: readonly Ticket[], rates: readonly LimitState[]): readonly LimitState[] => {
    const told = new Map(rates.map((state) => [state.ticket, state]))
    return tickets.map(
      (ticket) =>
        told.get(ticket) ??
        (ticket.kind === 'concurrency' ? slotState(ticket) : stateOf(bucketOf(ticket), clock.monotonicMs())),
    )
  }

  return {
    take: async (tickets) => {
      const rates = tickets.filter((ticket): ticket is RateTicket => ticket.kind === 'rate')
      for (const ticket of rates) await fill(ticket)
      const { undo, full } = takeSlots(tickets.filter(({ kind }) => kind === 'concurrency'))
      if (full !== null) {
        const retryAfterMs = full.limit <= 0 ? null : concurrencyRetryMs
        return { ok: false, refused: full, retryAfterMs, states: statesOf(tickets, []) }
      }
      const taken = await shares.take(rates)
      if (!taken.ok) {
        undo()
        return { ...taken, states: statesOf(tickets, taken.states) }
      }
      for (const ticket of rates) note(ticket, ticket.amount)
      return { ok: true, states: statesOf(tickets, taken.states) }
    },
    giveBack: async (ticket, used) => {
      if (ticket.kind === 'rate' && used !== null) note(ticket, used - ticket.amount)
      await shares.giveBack([{ ticket, used }])
    },
  }
}
