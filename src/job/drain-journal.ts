/** Brings the ends of calls from a node's journal into the store, each once however often it is tried. */

import type { CallBooks, Journal, PartBooks, SettleRequest } from '#ledger/port.ts'
import type { JournalCall } from './journal-call.ts'

/** Calls in one transaction: others of the account get their turn in between. */
const partsMax = 100

export type DrainPorts = {
  readonly store: Pick<CallBooks, 'settle' | 'voidHold'> & Pick<PartBooks, 'draw'>
  readonly journal: Pick<Journal, 'journalDrop'>
}

const settlementOf = ({ end }: JournalCall): SettleRequest[] => (end?.kind === 'settled' ? [end.request] : [])

/** Settled calls of one lease, in parts of it. */
const drawAll = async (
  { store, journal }: DrainPorts,
  calls: readonly JournalCall[],
  drained: (calls: readonly JournalCall[]) => void,
): Promise<void> => {
  for (let start = 0; start < calls.length; start += partsMax) {
    const some = calls.slice(start, start + partsMax)
    const [first] = some
    if (first === undefined || first.lease === null) return
    const parts = some.flatMap(settlementOf)
    await store.draw({ hold: first.lease, account: first.account, parts, lateIsLoss: true })
    drained(some)
    await journal.journalDrop(some.map(({ call }) => call))
  }
}

/** The others: metered calls, and those that came to nothing. No more at once than the store's queue holds, however long it was away. */
const endEach = async (
  { store, journal }: DrainPorts,
  calls: readonly JournalCall[],
  drained: (calls: readonly JournalCall[]) => void,
): Promise<void> => {
  for (let start = 0; start < calls.length; start += partsMax) {
    const some = calls.slice(start, start + partsMax)
    await Promise.all(
      some.map(({ end }) =>
        end?.kind === 'settled' ? store.settle(end.request) : end === null ? null : store.voidHold(end.request),
      ),
    )
    drained(some)
    await journal.journalDrop(some.map(({ call }) => call))
  }
}

/** Brings ended calls into the store; `drained` is told of each as soon as the store has it. Rejects where the store does. */
export const drainCalls = async (
  ports: DrainPorts,
  ended: readonly JournalCall[],
  drained: (calls: readonly JournalCall[]) => void,
): Promise<void> => {
  const drawn = ended.filter(({ lease, end }) => lease !== null && end?.kind === 'settled')
  const byLease = Map.groupBy(drawn, ({ lease }) => lease)
  const others = ended.filter((one) => !drawn.includes(one))
  const groups = [...byLease.values()].map((calls) => drawAll(ports, calls, drained))
  const results = await Promise.allSettled([...groups, endEach(ports, others, drained)])
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
