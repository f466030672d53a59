/** Keeps the figures of usage up with the log of calls. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { UsageStore } from '#report/port.ts'
import type { Rounds } from './rounds.ts'
import { goRound } from './rounds.ts'

const everyMs = 1_000
/** Of a round, so that one that never catches up still ends when the server stops. */
const stepsMax = 10_000

export type RollUsage = {
  readonly store: Pick<UsageStore, 'rollForward'>
  readonly isMine?: Rounds['isMine']
  readonly clock: Clock
  readonly log: Log
}

/** Goes on until `close`, which waits for the step under way. A store that is away is asked again. */
export const rollUsage = ({ store, isMine, clock, log }: RollUsage): { readonly close: () => Promise<void> } =>
  goRound({
    round: async (isClosed) => {
      for (let steps = 0; steps < stepsMax && !isClosed(); steps += 1) if ((await store.rollForward()) === 0) break
      return null
    },
    everyMs,
    isMine,
    failure: { level: 'debug', message: 'the figures of usage could not be brought up' },
    clock,
    log,
  })
