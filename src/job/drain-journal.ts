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

type Draining = DrainPorts & { readonly drained: (calls: readonly JournalCall[]) => void }

/** No more at once than the store's queue holds, however long it was away. */
const inParts = async (
  { journal, drained }: Draining,
  calls: readonly JournalCall[],
  bring: (some: readonly JournalCall[]) => Promise<unknown>,
): Promise<void> => {
  for (let start = 0; start < calls.length; start += partsMax) {
    const some = calls.slice(start, start + partsMax)
    await bring(some)
    drained(some)
    await journal.journalDrop(some.map(({ call }) => call))
  }
}

/** Settled calls of one lease, in parts of it. */
const drawAll = async (draining: Draining, calls: readonly JournalCall[]): Promise<void> => {
  const [first] = calls
  if (first === undefined || first.lease === null) return
  const { lease: hold, account } = first
  await inParts(draining, calls, (some) =>
    draining.store.draw({ hold, account, parts: some.flatMap(settlementOf), lateIsLoss: true }),
  )
}

/** The others: metered calls, and those that came to nothing. */
const endEach = (draining: Draining, calls: readonly JournalCall[]): Promise<void> =>
  inParts(draining, calls, (some) =>
    Promise.all(
      some.map(({ end }) =>
        end?.kind === 'settled'
          ? draining.store.settle(end.request)
          : end === null
            ? null
            : draining.store.voidHold(end.request),
      ),
    ),
  )

/** Brings ended calls into the store; `drained` is told of each as soon as the store has it. Rejects where the store does. */
export const drainCalls = async (
  ports: DrainPorts,
  ended: readonly JournalCall[],
  drained: (calls: readonly JournalCall[]) => void,
): Promise<void> => {
  const drawn = ended.filter(({ lease, end }) => lease !== null && end?.kind === 'settled')
  const byLease = Map.groupBy(drawn, ({ lease }) => lease)
  const others = ended.filter((one) => !drawn.includes(one))
  const draining = { ...ports, drained }
  const groups = [...byLease.values()].map((calls) => drawAll(draining, calls))
  const results = await Promise.allSettled([...groups, endEach(draining, others)])
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
