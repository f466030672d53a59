/** Tells the store what calls need of what a node was lent, so that no more than that is shown as held. */

import { asProblem } from '#base/problem.ts'
import { neededOf } from '#ledger/lease.ts'
import type { Lease, LeasedBooksOptions } from './node-lease.ts'

type Telling = Pick<LeasedBooksOptions, 'store' | 'log'>

/** Never rejects: what the store could not be told it is told with the next round. */
const tellLease = async ({ store, log }: Telling, lease: Lease): Promise<void> => {
  const { name, account } = lease
  const underWayNanoUsd = neededOf(lease)
  lease.toldNanoUsd = underWayNanoUsd
  try {
    await store.noteLease({ lease: name, account, underWayNanoUsd })
  } catch (thrown) {
    lease.toldNanoUsd = null
    log.debug('the store could not be told what calls need of a lease', { problem: asProblem(thrown).message })
  }
}

/**
 * Where the store believes that no call needs anything of a lease and one does, it is told at once, and nobody waits for that: else the call
 * would look as if it had ended. Any other difference waits for the next round.
 */
export const tellFirst = (telling: Telling, lease: Lease): void => {
  if (lease.toldNanoUsd === 0n && neededOf(lease) > 0n) void tellLease(telling, lease)
}

/** Tells of those that need another amount than the store was told. */
export const tellLeases = async (telling: Telling, leases: Iterable<Lease>): Promise<void> => {
  const untold = [...leases].filter(
    (lease) => lease.isOpen && lease.trip === null && lease.toldNanoUsd !== neededOf(lease),
  )
  await Promise.all(untold.map((lease) => tellLease(telling, lease)))
}
