/** The migrations as the store has them: read when their marks say that one has changed, and in force on this node as soon as they are read. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Compiled } from '#migration/compiled.ts'
import { compile, moveOf } from '#migration/compiled.ts'
import type { DriftWatch } from '#migration/drift.ts'
import { driftWatchesOf } from '#migration/drift.ts'
import { evidenceOf } from '#migration/evidence-text.ts'
import { isLive } from '#migration/itinerary.ts'
import type { MigrationRow, MigrationStore } from '#migration/port.ts'
import type { Move, Traffic } from '#migration/traffic.ts'

export type HearMigrations = {
  readonly store: MigrationStore
  readonly traffic: Traffic
  readonly clock: Clock
  readonly log: Log
}

export type Known = { readonly row: MigrationRow; readonly compiled: Compiled }

/** Whether its evidence is looked at, or it is on its way back. */
export const isUnderWay = ({ row: { state } }: Known): boolean => isLive(state) || state.phase === 'rolling_back'

/** Rows are read only when their marks say that one of them has changed: the files in them are long. */
const makeRowReader = (store: MigrationStore) => {
  let read: { readonly marks: string; readonly rows: readonly MigrationRow[] } | null = null
  return async (): Promise<readonly MigrationRow[]> => {
    const found = await store.migrationMarks()
    const marks = JSON.stringify(found.map(({ id, version }) => [id, version]))
    if (read?.marks !== marks) read = { marks, rows: await store.migrations() }
    const checked = new Map(found.map(({ id, checkedMs }) => [id, checkedMs]))
    return read.rows.map((row) => ({ ...row, checkedMs: checked.get(row.id) ?? row.checkedMs }))
  }
}

/** What a row is compiled of: its file stays, its facts are measured anew where it begins at a date. */
const sourceOf = ({ id, facts }: MigrationRow): string => `${id} ${JSON.stringify(facts)}`

/** Files that were read, so that each is read once with the same facts. */
const makeReader = (log: Log) => {
  const read = new Map<string, Compiled | null>()
  return (rows: readonly MigrationRow[]): readonly Known[] => {
    const sources = new Set(rows.map(sourceOf))
    for (const source of read.keys()) if (!sources.has(source)) read.delete(source)
    return rows.flatMap((row) => {
      const source = sourceOf(row)
      if (!read.has(source)) {
        try {
          read.set(source, compile(row))
        } catch (thrown) {
          // A file of a later version: its calls stay where they are.
          log.error('the file of a migration cannot be read', {
            migration: row.name,
            problem: asProblem(thrown).message,
          })
          read.set(source, null)
        }
      }
      const compiled = read.get(source) ?? null
      return compiled === null ? [] : [{ row, compiled }]
    })
  }
}

/** What completed migrations are held against, read once for each. */
const makeDriftReader = (store: MigrationStore) => {
  const read = new Map<string, readonly DriftWatch[]>()
  return async ({ row, compiled }: Known): Promise<readonly DriftWatch[]> => {
    if (row.state.phase !== 'completed') return []
    const known = read.get(row.id)
    if (known !== undefined) return known
    const evidence = evidenceOf(await store.evidence(row.id, row.state.epoch))
    const found = driftWatchesOf(compiled.judge.columns, evidence)
    read.set(row.id, found)
    return found
  }
}

/** The migrations as the store has them, in force on this node as soon as they are read. */
export const makeRefresh = ({ store, traffic, clock, log }: HearMigrations) => {
  const rows = makeRowReader(store)
  const read = makeReader(log)
  const driftOf = makeDriftReader(store)
  return async (): Promise<readonly Known[]> => {
    const askedMs = clock.monotonicMs()
    const known = read(await rows())
    const nowMs = clock.nowMs()
    const moves: Move[] = []
    for (const one of known) moves.push(moveOf(one.row, one.compiled, { nowMs, drift: await driftOf(one) }))
    traffic.configure(moves, askedMs)
    return known
  }
}
