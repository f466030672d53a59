/** Deletes what has had its time, again and again, until it is stopped. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'

const sweptAtOnceMax = 200
const sweepsMax = 1_000

export type SweepOrder = {
  /** Deletes at most `limit`; gives how many. */
  readonly sweep: (nowMs: number, limit: number) => Promise<number>
  readonly everyMs: number
  readonly clock: Clock
  readonly log: Log
  /** For people. */
  readonly what: string
}

/** Gives what stops it, once the sweep under way has ended. */
export const repeatSweep = ({ sweep, everyMs, clock, log, what }: SweepOrder): (() => Promise<void>) => {
  let closed = false
  let cancel = (): void => {}
  let sweeping: Promise<void> = Promise.resolve()
  const run = async (): Promise<void> => {
    try {
      for (let sweeps = 0; sweeps < sweepsMax && !closed; sweeps += 1)
        if ((await sweep(clock.nowMs(), sweptAtOnceMax)) < sweptAtOnceMax) break
    } catch (thrown) {
      log.warn(`${what} could not be swept`, { problem: asProblem(thrown).message })
    }
    plan()
  }
  const plan = (): void => {
    if (closed) return
    cancel = clock.after(everyMs, () => {
      sweeping = run()
    })
  }
  plan()
  return async () => {
    closed = true
    cancel()
    await sweeping
  }
}
