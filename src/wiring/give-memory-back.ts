/**
 * Gives memory back. V8 collects when it must: a rush of streams that all begin at once fills the heap with what each left behind
 * on its way, four times what it holds, before V8 looks; and a process that has become idle keeps all of it, while its neighbours on
 * the machine go without.
 */

import type { Clock } from '#base/clock.ts'
import type { Collector } from '#base/collect.ts'
import { collector } from '#base/collect.ts'

const lookEveryMs = 2_000
/**
 * What is collected takes compiled code with it: V8 compiles for the shapes of objects, and lets go of what it compiled when no object of
 * such a shape is left, as in an idle relay. Some 240 functions of a call were lost each time, and the next second of 500 calls had a p99 of 25
 * to 130 ms in place of 7. So a pause between two calls is not idle. What a rush has left goes after half a minute, by a collection that leaves
 * half of what was compiled (and the shapes, by a flag in bin/drover); what calls leave as a rule goes after five, with all that can go.
 */
const [shortIdleLooks, longIdleLooks] = [15, 150]
/** Who has begun fewer exchanges has nothing compiled that is worth keeping. */
const warmExchangesMin = 1_000
/** Growth that is worth a collection: for five minutes of silence, of a rush that is over, and under load. */
const [idleGrowthBytesMin, rushGrowthBytesMin, busyGrowthBytesMin] = [33_554_432, 201_326_592, 100_663_296]
/** A collection stops the process for some tens of milliseconds: under load it takes as much, and as much again as was left by the last. */
const busyGrowthShareMin = 0.5
/**
 * Who has begun no more than so many exchanges between two looks, and has none open, is idle: probes of health come as often. That none
 * is open says little by itself. At 200 calls a second of 2 ms that is so two times in three.
 */
const idleExchangesMax = 4

/** What a process holds, and how it is made to look through it. */
export type Memory = Collector & {
  readonly residentBytes: () => number
  readonly heapBytes: () => number
}

/** The memory of this process. */
export const processMemory = (): Memory => ({
  residentBytes: () => process.memoryUsage.rss(),
  heapBytes: () => process.memoryUsage().heapUsed,
  ...collector(),
})

export type MemoryWatch = {
  readonly clock: Clock
  readonly memory: Memory
  /** Exchanges that are open now, and all that have begun so far: while there are some, only large growth is worth a collection. */
  readonly exchanges: { readonly openExchanges: () => number; readonly begunExchanges: () => number }
}

/** Watches until the returned function is called; does not keep the process alive. */
export const giveMemoryBack = ({ clock, memory, exchanges }: MemoryWatch): (() => void) => {
  let levelBytes = memory.residentBytes()
  let emptiedBytes = 0
  let heapLevelBytes = memory.heapBytes()
  let begunCount = exchanges.begunExchanges()
  let idleLooks = 0
  let cancel = (): void => {}
  /** What is worth doing now. */
  const worth = (): 'collect' | 'empty' | null => {
    if (idleLooks === 0) {
      const grownBytes = memory.heapBytes() - heapLevelBytes
      return grownBytes > Math.max(busyGrowthBytesMin, heapLevelBytes * busyGrowthShareMin) ? 'collect' : null
    }
    if (idleLooks < shortIdleLooks) return null
    // What a start leaves behind is the first to go.
    if (emptiedBytes === 0 && begunCount < warmExchangesMin) return 'empty'
    const residentBytes = memory.residentBytes()
    if (idleLooks >= longIdleLooks && residentBytes - emptiedBytes > idleGrowthBytesMin) return 'empty'
    return residentBytes - levelBytes > rushGrowthBytesMin ? 'collect' : null
  }
  const look = (): void => {
    const begunBefore = begunCount
    begunCount = exchanges.begunExchanges()
    const idle = exchanges.openExchanges() === 0 && begunCount - begunBefore <= idleExchangesMax
    idleLooks = idle ? idleLooks + 1 : 0
    const how = worth()
    if (how !== null) {
      memory[how]()
      levelBytes = memory.residentBytes()
      heapLevelBytes = memory.heapBytes()
      if (how === 'empty') emptiedBytes = levelBytes
    }
    cancel = clock.after(lookEveryMs, look)
  }
  cancel = clock.after(lookEveryMs, look)
  return () => cancel()
}
