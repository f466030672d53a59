/** What this node saw of migrations, and what callers have reported, added to the evidence. */

import type { Clock } from '#base/clock.ts'
import { isLive } from '#migration/itinerary.ts'
import type { EvidenceBatch, MigrationStore } from '#migration/port.ts'
import { batchTurnsMax } from '#migration/port.ts'
import type { Traffic } from '#migration/traffic.ts'
import { holdMaxMs } from '#migration/waiting-turns.ts'
import type { Known } from './hear-migrations.ts'

/** A batch costs about as much as twenty more turns in it. */
const tellEveryMs = 2_000
/** Of one round, so that a store that was away for long is caught up with bit by bit. */
const batchesMax = 20

export type TellMigrations = {
  readonly store: MigrationStore
  readonly traffic: Traffic
  /** Names this process. */
  readonly source: string
  readonly clock: Clock
}

/**
 * Tells what this node has seen, where it has not done so for a while, and for no longer than `withinMs`. What is told and not known to have arrived is told again, under the same
 * number.
 */
export const makeFlush = ({ store, traffic, source, clock }: TellMigrations) => {
  const unsent: EvidenceBatch[] = []
  let sequence = 0
  let toldMs = Number.NEGATIVE_INFINITY
  return async (withinMs: number): Promise<void> => {
    const nowMs = clock.monotonicMs()
    if (nowMs - toldMs < Math.min(tellEveryMs, withinMs)) return
    toldMs = nowMs
    for (let batches = 0; batches < batchesMax; batches += 1) {
      if (unsent.length === 0)
        for (const { move, turns } of traffic.take(clock.nowMs(), batchTurnsMax)) {
          sequence += 1
          const { id: migration, epoch, columns } = move
          unsent.push({ migration, epoch, source, sequence, columns, turns })
        }
      const [first] = unsent
      if (first === undefined) return
      await store.addEvidence(first)
      unsent.shift()
    }
  }
}

/** Reports of callers are told by when they began, as the relay's own turns are: none is counted before those that began earlier have had their time. */
export const makeReportCounter =
  ({ store, clock }: TellMigrations) =>
  async ({ row, compiled }: Known): Promise<void> => {
    if (compiled.file.split !== 'client' || !isLive(row.state)) return
    const { columns } = compiled.judge
    const of = { migration: row.id, epoch: row.state.epoch, columns, limit: batchTurnsMax }
    for (let batches = 0; batches < batchesMax; batches += 1) {
      const counted = await store.countReports({ ...of, beganBeforeMs: clock.nowMs() - holdMaxMs })
      if (counted < batchTurnsMax) return
    }
  }
