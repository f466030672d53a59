/** Brings the figures of an embedded store up with its log, as a running server does while calls come in. */

import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'

const tellEverySteps = 1_000

/** `progress` is told how many calls are not in the figures yet. */
export async function rollUp(
  file: string,
  progress: (left: number) => void,
): Promise<{ readonly elapsedMs: number; readonly longestStepMs: number }> {
  const settings = { durability: 'process', clock: systemClock(), log: silentLog } as const
  const store = await openSqliteStore({ url: `sqlite:${file}`, ...settings })
  const startedMs = performance.now()
  let [longestStepMs, steps] = [0, 0]
  for (let left = 1; left > 0; steps += 1) {
    const beganMs = performance.now()
    left = await store.rollForward()
    longestStepMs = Math.max(longestStepMs, performance.now() - beganMs)
    if (steps % tellEverySteps === 0) progress(left)
  }
  await store.close()
  return { elapsedMs: performance.now() - startedMs, longestStepMs }
}
