/**
 * Another try where one may help: after a line that was lost, after a transaction that the server undid, and, while a node starts, after a lock
 * that others held for too long. Bounded.
 */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { CommitUnknown, isUndone, KeptWaiting, LineLost } from './failure.ts'

export type PersistSettings = {
  readonly clock: Clock
  readonly ids: Ids
  /** For so long a server that cannot be reached is tried again. */
  readonly patienceMs: number
  /** Whether the server is known to be away: then nobody waits for it. */
  readonly isAway: () => boolean
  /** Whether the node still starts: it has no callers who would rather be refused than wait, and to give up would only be to begin again. */
  readonly isStarting: () => boolean
  /** For so long a node that starts waits for a lock, again and again. */
  readonly startPatienceMs: number
}

/** Tries of a transaction that the server undid, because of others. */
const undoneMax = 10
const pauseFirstMs = 20
const pauseMostMs = 500
/** For so long a COMMIT without an answer is looked up. */
const lookUpMs = 20_000

type Tries = { undone: number; lost: number; isUnknown: boolean; readonly startedMs: number }

/** Runs work until it succeeds or there is no point in another try; `isUnknown` = an earlier COMMIT had no answer. */
export type Persist = <T>(once: (tries: { readonly isUnknown: boolean }) => Promise<T>) => Promise<T>

export const makePersist = (settings: PersistSettings): Persist => {
  const { clock, ids, patienceMs, isAway, isStarting, startPatienceMs } = settings
  const pause = (count: number): Promise<void> => {
    const delayMs = Math.min(pauseMostMs, pauseFirstMs * 2 ** count) * (0.5 + ids.chance() / 2)
    return new Promise((resolve) => clock.after(delayMs, resolve))
  }

  const mayTryAgain = (error: unknown, tries: Tries): boolean => {
    if (error instanceof CommitUnknown) tries.isUnknown = true
    if (isUndone(error)) {
      tries.undone += 1
      return tries.undone < undoneMax
    }
    const pastMs = clock.monotonicMs() - tries.startedMs
    if (error instanceof KeptWaiting) return isStarting() && pastMs < startPatienceMs
    if (!(error instanceof LineLost) && !(error instanceof CommitUnknown)) return false
    tries.lost += 1
    if (tries.isUnknown) return pastMs < lookUpMs
    return pastMs < patienceMs && !(isAway() && tries.lost > 1)
  }

  return async (once) => {
    const tries: Tries = { undone: 0, lost: 0, isUnknown: false, startedMs: clock.monotonicMs() }
    for (;;)
      try {
        return await once(tries)
      } catch (error) {
        if (!mayTryAgain(error, tries)) throw error
        await pause(tries.undone + tries.lost)
      }
  }
}
