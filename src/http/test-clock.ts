/** A clock that stands still until a test moves it. */

import type { Clock } from '#base/clock.ts'

export type TestClock = Clock & {
  /** Moves time on, and calls what falls due, in order. */
  readonly advance: (byMs: number) => void
  /** Timers that are neither due nor cancelled. */
  readonly pending: () => number
}

/** A clock that stands until it is moved. */
export const testClock = (): TestClock => {
  let nowMs = 0
  const timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>()
  const advance = (byMs: number): void => {
    const endMs = nowMs + byMs
    for (;;) {
      const [next] = [...timers].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)
      if (next === undefined) break
      timers.delete(next)
      nowMs = next.dueMs
      next.callback()
    }
    nowMs = endMs
  }
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, callback) => {
      const timer = { dueMs: nowMs + delayMs, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance,
    pending: () => timers.size,
  }
}
