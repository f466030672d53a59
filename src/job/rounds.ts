/** The beat of what is done over and over: a round, a wait, the next round. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'

export type Rounds = {
  /** Does one round; gives the wait until the next in milliseconds where it is another than the usual, else `null`. */
  readonly round: (isClosed: () => boolean) => Promise<number | null>
  readonly everyMs: number
  /** Whether this node is to do it, asked before each round; absent = it is. */
  readonly isMine?: (() => boolean) | undefined
  /** Until the first round; absent = as between rounds. */
  readonly firstMs?: number
  /** What is logged of a round that rejects; the next one comes at its usual time. */
  readonly failure: { readonly level: 'debug' | 'warn'; readonly message: string }
  readonly clock: Clock
  readonly log: Log
}

export type Beat = {
  /** Asks for a round now, or, while one runs, for another behind it. */
  readonly wake: () => void
  readonly close: () => Promise<void>
}

/** Goes on until `close`, which waits for the round under way. Rounds never overlap. */
export const goRound = ({
  round,
  everyMs,
  firstMs = everyMs,
  isMine = () => true,
  failure,
  clock,
  log,
}: Rounds): Beat => {
  let closed = false
  let isRunning = false
  let isWanted = false
  let cancel = (): void => {}
  let running = Promise.resolve()
  const once = async (): Promise<void> => {
    let delayMs: number | null = null
    isRunning = true
    isWanted = false
    try {
      if (isMine()) delayMs = await round(() => closed)
    } catch (thrown) {
      log[failure.level](failure.message, { problem: asProblem(thrown).message })
    }
    isRunning = false
    if (!closed) wait(isWanted ? 0 : (delayMs ?? everyMs))
  }
  const wait = (delayMs: number): void => {
    cancel = clock.after(delayMs, () => {
      running = once()
    })
  }
  wait(firstMs)
  return {
    wake: () => {
      isWanted = true
      if (isRunning || closed) return
      cancel()
      wait(0)
    },
    close: async () => {
      closed = true
      cancel()
      await running
    },
  }
}
