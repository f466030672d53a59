/**
 * Keeps this node's snapshot at what the store says, whichever node changed it: asked a few times a second, and at once where
 * the store hints at a change. Tells how long ago the store was heard.
 */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { ClusterStore, StoreChanges } from './port.ts'

/** A change must be on every node within a second. */
const askEveryMs = 250
/** Whoever decides on what the store said longer ago asks it first. */
const freshMs = 750
/** Calls wait no longer for a store that does not answer, and not again until it has. */
const answerMaxMs = 1000

export type Following = {
  readonly store: Pick<ClusterStore, 'trailEnd' | 'changesAfter' | 'onHint'>
  /** Where the trail was before everything was read at the start. */
  readonly from: number
  /** Takes changes into the snapshot; they are told again where it rejects. */
  readonly apply: (changes: StoreChanges) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export type Follower = {
  /** Milliseconds since the store was last asked with success. */
  readonly unheardMs: () => number
  /**
   * `null` = the snapshot is as new as a change may take to be on every node, or the node is cut off from the store and knows it. Else it
   * resolves when either is so, within a second: a process that was held up has not asked for changes, and asks before it decides.
   */
  readonly fresh: () => Promise<void> | null
  /** Resolves when the snapshot has what the store had when this was asked; rejects where the store is away. */
  readonly catchUp: () => Promise<void>
  readonly close: () => Promise<void>
}

type Freshening = {
  readonly isFresh: () => boolean
  /** Asks the store once, or waits for what is asked. */
  readonly hear: () => Promise<void>
  readonly clock: Clock
}

/** Keeps those waiting who must not decide yet, and nobody where the store does not answer. */
const freshnessOf = ({ isFresh, hear, clock }: Freshening) => {
  let isCutOff = false
  let freshening: Promise<void> | null = null
  const freshen = async (): Promise<void> => {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    // A process that was held up finds the timer due and the answer there: the answer has the first word, hence the second timer.
    let stop = clock.after(answerMaxMs, () => {
      stop = clock.after(0, resolve)
    })
    await Promise.race([hear(), late])
    stop()
    isCutOff = !isFresh()
    freshening = null
  }
  return {
    heard: (): void => {
      isCutOff = false
    },
    fresh: (): Promise<void> | null => {
      if (isCutOff || isFresh()) return null
      freshening ??= freshen()
      return freshening
    },
  }
}

/** Resolves when the snapshot has all that the store had when it was asked, then follows until `close`. Rejects where the store is away. */
export const followStore = async ({ store, from, apply, clock, log }: Following): Promise<Follower> => {
  let position = from
  let heardMs = clock.monotonicMs()
  let closed = false
  let cancel = (): void => {}
  let running: Promise<void> | null = null
  let isWanted = false
  let isQuiet = true
  const isFresh = (): boolean => closed || clock.monotonicMs() - heardMs <= freshMs
  const freshness = freshnessOf({
    isFresh,
    hear: async () => {
      // One that is under way may have asked too long ago.
      await running
      if (isFresh()) return
      look()
      await running
    },
    clock,
  })

  /** Gives whether there may be more. */
  const takeChanges = async (): Promise<boolean> => {
    const askedMs = clock.monotonicMs()
    let isMore = false
    if ((await store.trailEnd()) !== position) {
      const changes = await store.changesAfter(position)
      await apply(changes)
      position = changes.position
      isMore = changes.everything
    }
    // What was changed after the question may be missing: it is heard as of then.
    heardMs = askedMs
    freshness.heard()
    return isMore
  }
  const ask = async (): Promise<void> => {
    try {
      isWanted = (await takeChanges()) || isWanted
      if (!isQuiet) log.info('the store is heard again')
      isQuiet = true
    } catch (thrown) {
      if (isQuiet) log.warn('the store is not heard: changes are missed', { problem: asProblem(thrown).message })
      isQuiet = false
    }
  }

  const next = (delayMs: number): void => {
    cancel()
    if (!closed) cancel = clock.after(delayMs, look)
  }
  const look = (): void => {
    if (running !== null) {
      isWanted = true
      return
    }
    running = ask().finally(() => {
      running = null
      next(isWanted ? 0 : askEveryMs)
      isWanted = false
    })
  }
  // What others changed while this node was reading: whoever calls it next finds it there.
  while (await takeChanges());
  store.onHint(() => {
    if (!closed) look()
  })
  next(askEveryMs)
  return {
    unheardMs: () => clock.monotonicMs() - heardMs,
    fresh: freshness.fresh,
    catchUp: async () => {
      const askedMs = clock.monotonicMs()
      // One that is under way may have asked before; whatever begins after it has not.
      await running
      look()
      await running
      if (heardMs < askedMs)
        throw new Problem('store_unavailable', { message: 'The store is not heard: changes may have been missed.' })
    },
    close: async () => {
      closed = true
      cancel()
      await running
    },
  }
}
