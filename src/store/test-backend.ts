/** A backend as the contracts need it. */

import type { TestContext } from 'node:test'
import type { Clock } from '#base/clock.ts'
import type { Store } from './face.ts'

/** A clock that stands until a test moves it. Timers fire when their time is reached. */
export type HandClock = Clock & { readonly advance: (byMs: number) => void }

/** Starts at the given wall clock time; the monotonic clock starts at 0. */
export const handClock = (startMs: number): HandClock => {
  let elapsedMs = 0
  let timers: { readonly atMs: number; readonly callback: () => void }[] = []
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, callback) => {
      const timer = { atMs: elapsedMs + delayMs, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance: (byMs) => {
      elapsedMs += byMs
      const due = timers.filter(({ atMs }) => atMs <= elapsedMs)
      timers = timers.filter(({ atMs }) => atMs > elapsedMs)
      for (const { callback } of due) callback()
    },
  }
}

export type OpenBackend = {
  readonly name: string
  /** An empty store, closed when the test is over. */
  readonly open: (context: TestContext, clock: Clock) => Promise<Store>
}
