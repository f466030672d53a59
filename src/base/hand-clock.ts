/** A clock that stands until a test moves it. */

import type { Clock } from '#base/clock.ts'

export type HandClock = Clock & { readonly advance: (byMs: number) => void }

/**
 * Starts at the given wall clock time; the monotonic clock starts at 0. Timers fire in their order as time passes them, also
 * those that a timer has set.
 */
export const handClock = (startMs = 0): HandClock => {
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
      const endMs = elapsedMs + byMs
      for (;;) {
        const [next] = timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        elapsedMs = Math.max(elapsedMs, next.atMs)
        next.callback()
      }
      elapsedMs = endMs
    },
  }
}
