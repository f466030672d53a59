/**
 * Gives memory back when a rush is over. V8 collects when it allocates: a process that has become idle keeps what its
 * rush left behind, and its neighbours on the machine go without.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '#base/clock.ts'

const lookEveryMs = 2_000
/** Growth since the last collection that is worth one. */
const growthBytesMin = 33_554_432

export type IdleMemory = {
  readonly clock: Clock
  /** Exchanges that are open now: a collection stops the process for tens of milliseconds, so it waits for two looks without any. */
  readonly openExchanges: () => number
}

/** Watches until the returned function is called; does not keep the process alive. */
export const watchIdleMemory = ({ clock, openExchanges }: IdleMemory): (() => void) => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  let levelBytes = process.memoryUsage.rss()
  let wasIdle = false
  let cancel = (): void => {}
  const look = (): void => {
    const idle = openExchanges() === 0
    if (idle && wasIdle && process.memoryUsage.rss() > levelBytes + growthBytesMin) {
      collect()
      levelBytes = process.memoryUsage.rss()
    }
    wasIdle = idle
    cancel = clock.after(lookEveryMs, look)
  }
  cancel = clock.after(lookEveryMs, look)
  return () => cancel()
}
