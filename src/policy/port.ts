/** What policies need kept. */

import type { Taken, Ticket } from './ticket.ts'

export type { PlanFacts } from './plan.ts'
export type { LimitState, QueueBound, Taken, Ticket } from './ticket.ts'

export type Limiter = {
  /** All tickets or none. */
  readonly take: (tickets: readonly Ticket[]) => Promise<Taken>
  /** Gives concurrency back, once per taken ticket, and corrects token amounts (`used` may be more or less than taken). */
  readonly giveBack: (returned: readonly { readonly ticket: Ticket; readonly used: number | null }[]) => Promise<void>
}

/** What one trip to the joint counter asks of a bucket, and tells of it. */
export type Draw = {
  readonly ticket: Ticket
  /** What it must get, or nothing is taken of any bucket of the trip; `null` = it asks for nothing and is never refused. */
  readonly amount: number | null
  /** Units taken besides, as far as there are some, to be spent later without a trip. */
  readonly ahead: number
  /** Units used more (or less, where negative) than was taken before. Counted first, whatever becomes of the rest. Rates only. */
  readonly correction: number
  /** The bucket's birth, as it was heard last; `null` = it was never heard. */
  readonly birth: number | null
  /** Instead of the correction, for a bucket of another birth, which has lost it all: units of this node that count now. */
  readonly used: number
  /** For the same: units of all nodes that count now, as far as this one has heard of them. */
  readonly usedByAll: number
  /** The counter was reached anew since the bucket was heard, and may have lost the newest of it: it holds `usedByAll` at least. */
  readonly mayHaveLost: boolean
  /** Concurrency: a name for each unit that may be taken, used from the front. */
  readonly slots: readonly string[]
  /** Slots that are given back. */
  readonly left: readonly string[]
  /** Slots that are still in use: they live on, and are there again where the counter has lost them. */
  readonly kept: readonly string[]
}

export type DrawnPart = {
  /** Units taken besides the amount. */
  readonly ahead: number
  /** Units left after this draw. */
  readonly remaining: number
  readonly resetMs: number
  /** Differs where the counter has lost the bucket and begun anew; `null` = there is nothing of it. */
  readonly birth: number | null
  /** 0 = the amount fitted; else the milliseconds until it will; `null` = never. */
  readonly waitMs: number | null
}

/** One part for each draw, in its order. */
export type Drawn = { readonly ok: boolean; readonly parts: readonly DrawnPart[] }

/** Counts for several nodes together, on a server of its own. Every method rejects while that is away. */
export type JointCounter = {
  /** One trip: all amounts or none. `nodes` share what is left: ahead goes no more than half of a node's part. */
  readonly draw: (draws: readonly Draw[], nodes: number) => Promise<Drawn>
  /** Resolves when it answers and counts. */
  readonly ask: () => Promise<void>
  /** How often the way to it was lost or led elsewhere. What answers after that may be another server, or the same from an older snapshot. */
  readonly breaks: () => number
}
