/** Time as an argument. Only this folder and main.ts may read the machine's clocks. */

export type Clock = {
  /** Wall clock, UTC milliseconds. May step; never measure with it. */
  readonly nowMs: () => number
  /** Monotonic milliseconds with a fraction, from an arbitrary start. */
  readonly monotonicMs: () => number
  /** Calls back once after `delayMs`; the returned function cancels. The timer does not keep the process alive. */
  readonly after: (delayMs: number, callback: () => void) => () => void
}

/** The machine's own clocks. For main.ts; everybody else is given a clock. */
export const systemClock = (): Clock => ({
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
})

/** RFC 3339 in UTC with milliseconds: `2026-11-22T16:00:00.000Z`. */
export const rfc3339 = (timeMs: number): string => new Date(timeMs).toISOString()
