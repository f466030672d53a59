/** What books that are leased are made of. */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import type { Purse } from '#ledger/lease.ts'
import { emptyPurse } from '#ledger/lease.ts'
import type { CallBooks, InterruptedCalls, Journal, LeaseBooks, PartBooks } from '#ledger/port.ts'

export type LeasedBooksOptions = {
  readonly store: CallBooks & Pick<PartBooks, 'draw'> & LeaseBooks & InterruptedCalls
  readonly journal: Journal
  /** In whose name leases are held. */
  readonly owner: string
  readonly abandonAfterMs: number
  /** Whether there is no other node that could have been lent anything. */
  readonly isAlone: () => boolean
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
}

export type LeasedBooks = CallBooks & {
  /** Trips to the store that calls waited for, and calls, since the start. */
  readonly figures: () => { readonly calls: number; readonly trips: number }
  /** Brings everything into the store and returns the leases, as far as the store is there. */
  readonly close: () => Promise<void>
}

/** A lease as its node has it. */
export type Lease = Purse & {
  readonly key: string
  readonly name: string
  readonly account: string
  /** Whether the store has it. */
  isOpen: boolean
  usedMs: number
  recalledMs: number
  /** Held since the last look, for the size of the next loan. */
  wantedNanoUsd: bigint
  /** What the store was last told that calls need of it; `null` = it is not known what it has heard. */
  toldNanoUsd: bigint | null
  /** What cut the last loan. */
  cappedBy: 'credit' | 'budget' | null
  /** What is under way in the store for this lease: one thing at a time, so that its sum is always known. Never rejects. */
  trip: Promise<void> | null
}

/** One that the store does not have yet. */
export const newLease = (of: Pick<Lease, 'key' | 'name' | 'account'> & { readonly nowMs: number }): Lease => {
  const { nowMs: usedMs, ...names } = of
  const never = Number.NEGATIVE_INFINITY
  return {
    ...emptyPurse(),
    ...names,
    ...{ isOpen: false, usedMs, recalledMs: never, wantedNanoUsd: 0n, toldNanoUsd: null, cappedBy: null, trip: null },
  }
}
