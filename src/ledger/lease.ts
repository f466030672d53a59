/** The arithmetic of a lease in a node's memory. All amounts are nano-USD. */

import { periodAt } from './period.ts'
import type { HoldRequest } from './port.ts'

/** In whose name a node holds its leases: not a process's, so that a restart does not resolve them before it has reported. */
export const leaseOwner = (node: string): string => `lease:${node}`

/** How the names of leases begin, which are held as calls are. */
export const leasePrefix = 'lease/'

/** Before the end of a lease its node stops spending. */
export const leaseSlackMs = 5000
/** So long a lease may be spent after the store was last heard about it. */
export const leaseLengthMs = 60_000

/** What is lent, and what of it is spoken for. */
export type Purse = {
  /** What the store has held for the lease, less what calls have drawn of it there. */
  lentNanoUsd: bigint
  /** Kept back for calls under way. */
  heldNanoUsd: bigint
  /** Charged, and not drawn in the store yet. */
  pendingNanoUsd: bigint
  /** By the node's monotonic clock. */
  endsMs: number
}

/** A purse with nothing in it, whose time is over. */
export const emptyPurse = (): Purse => ({
  lentNanoUsd: 0n,
  heldNanoUsd: 0n,
  pendingNanoUsd: 0n,
  endsMs: Number.NEGATIVE_INFINITY,
})

/** What calls need: those under way, and those whose charge the store does not have yet. */
export const neededOf = ({ heldNanoUsd, pendingNanoUsd }: Purse): bigint => heldNanoUsd + pendingNanoUsd

/** What no call needs; it can go back. Never negative. */
export const idleOf = (purse: Purse): bigint => {
  const idle = purse.lentNanoUsd - neededOf(purse)
  return idle > 0n ? idle : 0n
}

/** What calls may still hold; nothing when the lease's time is nearly over. Never negative. */
export const roomOf = (purse: Purse, monotonicMs: number): bigint =>
  monotonicMs < purse.endsMs - leaseSlackMs ? idleOf(purse) : 0n

/** The constraints that a lease is of: the account, and each budget in its present period; calls of the same ones share it. */
export const leaseKey = ({ account, budgets, models, nowMs }: HoldRequest): string =>
  JSON.stringify([
    account,
    ...budgets.map(({ name, period, limitNanoUsd }) => [
      name,
      period,
      periodAt(period, nowMs).startMs,
      limitNanoUsd.toString(),
    ]),
    models ?? [],
  ])
