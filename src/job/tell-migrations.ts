/** What this node saw of migrations, and what callers have reported, added to the evidence. */

import type { Clock } from '#base/clock.ts'
import { isLive } from '#migration/itinerary.ts'
import type { EvidenceBatch, KeptPins, MigrationStore } from '#migration/port.ts'
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
 * number. `isLast`: this process ends, and waits for no call that goes on; what it has seen by then is told all the same.
 */
export const makeFlush = ({ store, traffic, source, clock }: TellMigrations) => {
  const unsent: EvidenceBatch[] = []
  let sequence = 0
  let toldMs = Number.NEGATIVE_INFINITY
  return async (withinMs: number, isLast = false): Promise<void> => {
    const nowMs = clock.monotonicMs()
    if (nowMs - toldMs < Math.min(tellEveryMs, withinMs)) return
    toldMs = nowMs
    const ripeMs = clock.nowMs() + (isLast ? holdMaxMs : 0)
    for (let batches = 0; batches < batchesMax; batches += 1) {
      if (unsent.length === 0)
        for (const { move, turns } of traffic.take(ripeMs, batchTurnsMax)) {
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

/** Of one reading. */
const pinsPerPage = 1_000

/** Where conversations are that a higher weight would move, told and heard: as often as what this node has seen is told. */
export const makePinTeller = ({ store, traffic, clock }: TellMigrations) => {
  const readTo = new Map<string, number>()
  const untold: KeptPins[] = []
  let toldMs = Number.NEGATIVE_INFINITY
  const hear = async (migration: string, idleMs: number): Promise<void> => {
    const sinceMs = clock.nowMs() - idleMs
    for (let pages = 0; pages < batchesMax; pages += 1) {
      const page = await store.pins({ migration, after: readTo.get(migration) ?? 0, sinceMs, limit: pinsPerPage })
      traffic.heardPins(migration, page, clock.nowMs())
      const last = page.at(-1)?.number
      if (last !== undefined) readTo.set(migration, last)
      if (page.length < pinsPerPage) return
    }
  }
  return async (known: readonly Known[], withinMs: number): Promise<void> => {
    const nowMs = clock.monotonicMs()
    if (nowMs - toldMs < Math.min(tellEveryMs, withinMs)) return
    toldMs = nowMs
    if (untold.length === 0)
      for (const { move, pins } of traffic.takePins(batchTurnsMax))
        untold.push({ migration: move.id, pins, idleBeforeMs: clock.nowMs() - move.pinIdleMs })
    for (let first = untold[0]; first !== undefined; first = untold[0]) {
      await store.keepPins(first)
      untold.shift()
    }
    for (const { row, compiled } of known)
      if (isLive(row.state) && compiled.file.split === 'relay' && compiled.file.assignment.mid_conversation === 'pin')
        await hear(row.id, compiled.file.assignment.pin_idle_ttl)
    for (const id of readTo.keys()) if (!known.some(({ row }) => row.id === id)) readTo.delete(id)
  }
}

/** A turn is told by then; what was said of one that is not counted so much later was said of none. */
const feedbackAsideMs = 10 * 60_000

/** What people said of answers, added to the turns that it was said of. */
export const makeFeedbackCounter =
  ({ store, clock }: TellMigrations) =>
  async ({ row, compiled }: Known): Promise<void> => {
    const { columns } = compiled.judge
    if (!isLive(row.state) || !columns.some(({ metric }) => metric === 'feedback-bad-share')) return
    const of = { migration: row.id, columns, limit: batchTurnsMax }
    for (let batches = 0; batches < batchesMax; batches += 1)
      if ((await store.countFeedback({ ...of, asideBeforeMs: clock.nowMs() - feedbackAsideMs })) < batchTurnsMax) return
  }

/** Reports of callers are told by when they began, as the relay's own turns are: none is counted before those that began earlier have had their time. */
export const makeReportCounter =
  ({ store, clock }: TellMigrations) =>
  async ({ row, compiled }: Known): Promise<void> => {
    if (compiled.file.split !== 'client' || !isLive(row.state)) return
    const { columns } = compiled.judge
    const of = { migration: row.id, columns, limit: batchTurnsMax }
    for (let batches = 0; batches < batchesMax; batches += 1) {
      const counted = await store.countReports({ ...of, beganBeforeMs: clock.nowMs() - holdMaxMs })
      if (counted < batchTurnsMax) return
    }
  }
