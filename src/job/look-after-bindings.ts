/** Looks at what providers do for callers while nobody waits for it, and forgets what has had its time. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { BindingRow, BindingStore } from '#resource/port.ts'
import { goRound } from './rounds.ts'

const everyMs = 500
/** Of one round, so that none of them holds the others up for long. */
const dueMax = 8
/** Who has taken one to look at it has it alone for so long; after a crash another may begin. */
const claimMs = 600_000
/** After a failure. */
const againMs = 30_000
const sweepEveryMs = 600_000
const sweptAtOnceMax = 200

export type LookAfterBindings = {
  readonly bindings: Pick<BindingStore, 'dueBindings' | 'claimBinding' | 'changeBinding' | 'sweepBindings'>
  /** One look; rejects where it is to be repeated. */
  readonly look: (row: BindingRow) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

/** Goes on until `close`, which waits for the looks under way. Each node may run it: of several one gets to look. */
export const lookAfterBindings = ({
  bindings,
  look,
  clock,
  log,
}: LookAfterBindings): { readonly close: () => Promise<void> } => {
  let sweptMs = clock.monotonicMs()

  const one = async (row: BindingRow): Promise<void> => {
    const untilMs = clock.nowMs() + claimMs
    if (row.nextMs === null || !(await bindings.claimBinding({ ...row, dueMs: row.nextMs, untilMs }))) return
    try {
      await look(row)
    } catch (thrown) {
      log.warn('a batch or job could not be looked at and is tried again', {
        id: row.id,
        provider: row.provider,
        problem: asProblem(thrown).message,
      })
      await bindings.changeBinding(row, { nextMs: clock.nowMs() + againMs })
    }
  }
  const sweep = async (): Promise<void> => {
    if (clock.monotonicMs() - sweptMs < sweepEveryMs) return
    sweptMs = clock.monotonicMs()
    await bindings.sweepBindings(clock.nowMs(), sweptAtOnceMax)
  }
  const round = async (): Promise<null> => {
    const due = await bindings.dueBindings(clock.nowMs(), dueMax)
    await Promise.all(due.map(one))
    await sweep()
    return null
  }
  return goRound({ round, everyMs, failure: { level: 'debug', message: 'what is due could not be read' }, clock, log })
}
