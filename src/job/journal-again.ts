/**
 * What a node's journal did not take because its disk was full: ends of calls, which the store keeps as well, and calls that it is to forget.
 * Whoever ended a call waits until one of the two has it.
 */

import { Problem } from '#base/problem.ts'
import type { Journal } from '#ledger/port.ts'
import type { JournalCall } from './journal-call.ts'
import { journalRow } from './journal-call.ts'

/** What whoever waited in vain is told. */
export const neitherTookIt =
  'The end of the call is not written yet: the disk of the journal does not take it, and the store does not answer. It is tried again until one of them does.'

type Waiting = { readonly call: JournalCall; readonly has: () => void; readonly had: Promise<void> }

export type JournalAgain = {
  /** Resolves when the journal or the store has the end of this call. */
  readonly kept: (call: JournalCall) => Promise<void>
  /** Whether neither has it yet. */
  readonly isWaiting: (id: string) => boolean
  /** The store has it. */
  readonly drained: (id: string) => void
  /** Takes calls out of the journal, now or later; never rejects. */
  readonly drop: (ids: readonly string[]) => Promise<void>
  /** Asks the journal again for everything that it did not take; rejects where it still does not. */
  readonly round: () => Promise<void>
}

export const journalAgain = (journal: Pick<Journal, 'journalKeep' | 'journalDrop'>): JournalAgain => {
  const waiting = new Map<string, Waiting>()
  const undropped = new Set<string>()
  const drained = (id: string): void => {
    waiting.get(id)?.has()
    waiting.delete(id)
  }
  const dropAll = async (): Promise<void> => {
    const ids = [...undropped]
    if (ids.length === 0) return
    await journal.journalDrop(ids)
    for (const id of ids) undropped.delete(id)
  }
  return {
    kept: (call) => {
      const known = waiting.get(call.call)
      if (known !== undefined) return known.had
      const { promise: had, resolve: has } = Promise.withResolvers<void>()
      waiting.set(call.call, { call, has, had })
      return had
    },
    isWaiting: (id) => waiting.has(id),
    drained,
    drop: async (ids) => {
      for (const id of ids) undropped.add(id)
      await dropAll().catch((thrown: unknown) => {
        // It is asked again with the next round: what the journal has too much does nothing when it is told again.
        if (!(thrown instanceof Problem)) throw thrown
      })
    },
    round: async () => {
      const calls = [...waiting.values()].map(({ call }) => call)
      if (calls.length > 0) await journal.journalKeep(calls.map(journalRow))
      for (const { call } of calls) drained(call)
      await dropAll()
    },
  }
}
