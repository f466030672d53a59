/** How late the event loop is and how full the heap: looked at ten times a second. */

import { getHeapStatistics } from 'node:v8'
import type { Clock } from '#base/clock.ts'

const lookEveryMs = 100
/** The least of so many looks counts, so that one long task is no overload. */
const looks = 5

export type PressureGauge = {
  readonly loopDelayMs: () => number
  readonly heapPercent: () => number
  readonly close: () => void
}

const heapNow = (): number => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return (100 * used) / limit
}

/** Looks until closed; `heapPercentNow` is given by tests. */
export const openPressureGauge = (clock: Clock, heapPercentNow: () => number = heapNow): PressureGauge => {
  const late: number[] = []
  let heapPercent = heapPercentNow()
  let dueMs = clock.monotonicMs() + lookEveryMs
  let cancel = (): void => {}
  const look = (): void => {
    const nowMs = clock.monotonicMs()
    late.push(Math.max(0, nowMs - dueMs))
    if (late.length > looks) late.shift()
    heapPercent = heapPercentNow()
    dueMs = nowMs + lookEveryMs
    cancel = clock.after(lookEveryMs, look)
  }
  cancel = clock.after(lookEveryMs, look)
  return {
    loopDelayMs: () => (late.length < looks ? 0 : Math.min(...late)),
    heapPercent: () => heapPercent,
    close: () => cancel(),
  }
}
