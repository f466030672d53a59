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

/** Goes on until `close`, which waits for the round under way. Rounds never overlap. */
export const goRound = ({
  round,
  everyMs,
  firstMs = everyMs,
  isMine = () => true,
  failure,
  clock,
  log,
}: Rounds): { readonly close: () => Promise<void> } => {
  let closed = false
  let cancel = (): void => {}
  let running = Promise.resolve()
  const once = async (): Promise<void> => {
    let delayMs: number | null = null
    try {
      if (isMine()) delayMs = await round(() => closed)
    } catch (thrown) {
      log[failure.level](failure.message, { problem: asProblem(thrown).message })
    }
    if (!closed) wait(delayMs ?? everyMs)
  }
  const wait = (delayMs: number): void => {
    cancel = clock.after(delayMs, () => {
      running = once()
    })
  }
  wait(firstMs)
  return {
    close: async () => {
      closed = true
      cancel()
      await running
    },
  }
}
