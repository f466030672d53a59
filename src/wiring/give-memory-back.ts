/**
 * Gives memory back. V8 collects when it must: a rush of streams that all begin at once fills the heap with what each left behind
 * on its way, four times what it holds, before V8 looks; and a process that has become idle keeps all of it, while its neighbours on
 * the machine go without.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '#base/clock.ts'

const lookEveryMs = 2_000
/** Growth since the last collection that is worth one. */
const idleGrowthBytesMin = 33_554_432
/** A collection stops the process for some tens of milliseconds: under load it takes so much, and as much again as was left by the last. */
const busyGrowthBytesMin = 100_663_296
const busyGrowthShareMin = 0.5

export type MemoryWatch = {
  readonly clock: Clock
  /** Exchanges that are open now: while there are some, only large growth is worth a collection. */
  readonly openExchanges: () => number
}

/** Watches until the returned function is called; does not keep the process alive. */
export const giveMemoryBack = ({ clock, openExchanges }: MemoryWatch): (() => void) => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  let levelBytes = process.memoryUsage.rss()
  let heapLevelBytes = process.memoryUsage().heapUsed
  let wasIdle = false
  let cancel = (): void => {}
  const isWorthIt = (idle: boolean): boolean => {
    if (idle) return wasIdle && process.memoryUsage.rss() > levelBytes + idleGrowthBytesMin
    const grownBytes = process.memoryUsage().heapUsed - heapLevelBytes
    return grownBytes > Math.max(busyGrowthBytesMin, heapLevelBytes * busyGrowthShareMin)
  }
  const look = (): void => {
    const idle = openExchanges() === 0
    if (isWorthIt(idle)) {
      collect()
      levelBytes = process.memoryUsage.rss()
      heapLevelBytes = process.memoryUsage().heapUsed
    }
    wasIdle = idle
    cancel = clock.after(lookEveryMs, look)
  }
  cancel = clock.after(lookEveryMs, look)
  return () => cancel()
}
