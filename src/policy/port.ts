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
