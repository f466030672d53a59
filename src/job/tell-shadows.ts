/** Tells the store what this node has found by copying calls, and hears what the others have spent on that. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { MigrationStore } from '#migration/port.ts'
import { dayOf } from '#migration/shadow-budget.ts'
import type { ShadowLog } from '#migration/shadow-log.ts'
import { joinShadowLogs, shadowLogOf, shadowLogText } from '#migration/shadow-log.ts'
import type { Shadows } from '#relay/shadow.ts'
import { goRound } from './rounds.ts'

/** What nodes spend past a cap together is what they begin within one of these. */
const everyMs = 2_000

export type TellShadows = {
  readonly store: Pick<MigrationStore, 'keepShadow' | 'shadows'>
  readonly shadows: Shadows
  /** Names this process. */
  readonly source: string
  readonly clock: Clock
  readonly log: Log
}

const round = ({ store, shadows, source, clock }: TellShadows) => {
  const told = new Map<string, ShadowLog>()
  return async (): Promise<null> => {
    for (const [migration, log] of shadows.logs()) {
      if (told.get(migration) !== log) await store.keepShadow({ migration, source, log: shadowLogText(log) })
      told.set(migration, log)
      const others = (await store.shadows(migration)).filter((row) => row.source !== source)
      const day = dayOf(clock.nowMs())
      const spent = joinShadowLogs(others.map((row) => shadowLogOf(row.log)))
      const isToday = spent.day === day
      shadows.heard({
        migration,
        day,
        nanoUsd: isToday ? spent.dayNanoUsd : 0n,
        tokens: isToday ? spent.dayTokens : 0,
      })
    }
    return null
  }
}

/** Goes on until `close`, which ends the copies under way and tells what they have found. */
export const tellShadows = (telling: TellShadows): { readonly close: () => Promise<void> } => {
  const { shadows, clock, log } = telling
  const once = round(telling)
  const failure = { level: 'warn', message: 'what copies have found could not be told' } as const
  const rounds = goRound({ round: once, everyMs, failure, clock, log })
  return {
    close: async () => {
      await rounds.close()
      await shadows.close()
      try {
        await once()
      } catch (thrown) {
        log.warn(failure.message, { problem: asProblem(thrown).message })
      }
    },
  }
}
