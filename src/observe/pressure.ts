/** How late the event loop is, how far the line before it reaches back, and how full the heap is: looked at ten times a second. */

import { getHeapStatistics } from 'node:v8'
import type { Clock } from '#base/clock.ts'

const lookEveryMs = 100

export type PressureGauge = {
  /** The lesser of two looks in a row, so that one long task is no overload; a look that is overdue counts as it stands now. */
  readonly loopDelayMs: () => number
  /** Of those who wait to be begun with; again the lesser of two looks. */
  readonly lineDelayMs: () => number
  readonly heapPercent: () => number
  readonly close: () => void
}

const heapNow = (): number => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return (100 * used) / limit
}

export type Looks = {
  readonly lineNowMs: () => number
  /** Given by tests. */
  readonly heapPercentNow?: () => number
}

/** Looks until closed. */
export const openPressureGauge = (clock: Clock, { lineNowMs, heapPercentNow = heapNow }: Looks): PressureGauge => {
  let [lastLateMs, lateBeforeMs] = [0, 0]
  let [lastLineMs, lineBeforeMs] = [0, 0]
  let heapPercent = heapPercentNow()
  let dueMs = clock.monotonicMs() + lookEveryMs
  let cancel = (): void => {}
  const look = (): void => {
    const nowMs = clock.monotonicMs()
    lateBeforeMs = lastLateMs
    lastLateMs = Math.max(0, nowMs - dueMs)
    lineBeforeMs = lastLineMs
    lastLineMs = lineNowMs()
    heapPercent = heapPercentNow()
    dueMs = nowMs + lookEveryMs
    cancel = clock.after(lookEveryMs, look)
  }
  cancel = clock.after(lookEveryMs, look)
  return {
    // A busy loop looks seldom: waiting for the look that is due would let in all that came meanwhile.
    loopDelayMs: () => Math.min(lastLateMs, Math.max(lateBeforeMs, clock.monotonicMs() - dueMs)),
    lineDelayMs: () => Math.min(lastLineMs, lineBeforeMs),
    heapPercent: () => heapPercent,
    close: () => cancel(),
  }
}
