/** Makes the months of the log ahead, and drops those whose time is over: one node does it for all. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { CallMonths } from './port.ts'
import type { Rounds } from './rounds.ts'
import { goRound } from './rounds.ts'

const everyMs = 600_000
const firstMs = 3_000

export type KeepMonths = {
  readonly store: CallMonths
  /** How long calls are kept. */
  readonly callsMs: number
  readonly isMine?: Rounds['isMine']
  readonly clock: Clock
  readonly log: Log
}

/** Goes on until `close`. What could not be done for others who read the log is tried again at the next round. */
export const keepMonths = ({
  store,
  callsMs,
  isMine,
  clock,
  log,
}: KeepMonths): { readonly close: () => Promise<void> } => {
  const round = async (): Promise<null> => {
    const nowMs = clock.nowMs()
    const made = await store.makeMonths(nowMs)
    if (made.length > 0) log.info('months of the log are made ahead', { months: made.join(', ') })
    const dropped = await store.dropMonths(nowMs - callsMs)
    if (dropped.length > 0) log.info('months of the log whose time is over are dropped', { months: dropped.join(', ') })
    return null
  }
  const failure = { level: 'warn', message: 'months of the log could not be made or dropped' } as const
  return goRound({ round, everyMs, firstMs, isMine, failure, clock, log })
}
