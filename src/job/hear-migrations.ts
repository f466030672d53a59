/** The migrations as the store has them: read when their marks say that one has changed, and in force on this node as soon as they are read. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Compiled } from '#migration/compiled.ts'
import { compile, momentOf, moveOf } from '#migration/compiled.ts'
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

/** Rows are read only when their marks say that one of them has changed: the files in them are long. What has not changed, a row or all of them, is the same value as before. */
const makeRowReader = (store: MigrationStore) => {
  let read: { readonly marks: string; rows: readonly MigrationRow[] } | null = null
  return async (): Promise<readonly MigrationRow[]> => {
    const found = await store.migrationMarks()
    const marks = found.map(({ id, version }) => `${id} ${version}`).join(',')
    if (read?.marks !== marks) read = { marks, rows: await store.migrations() }
    const checked = new Map(found.map(({ id, checkedMs }) => [id, checkedMs]))
    const isChecked = (row: MigrationRow): boolean => (checked.get(row.id) ?? row.checkedMs) !== row.checkedMs
    if (read.rows.some(isChecked))
      read.rows = read.rows.map((row) =>
        isChecked(row) ? { ...row, checkedMs: checked.get(row.id) ?? row.checkedMs } : row,
      )
    return read.rows
  }
}

/** What a row is compiled of: its file stays, its facts are measured anew where it begins at a date. */
const sourceOf = ({ id, facts }: MigrationRow): string => `${id} ${JSON.stringify(facts)}`

/** Files that were read, so that each is read once with the same facts. */
const makeReader = (log: Log) => {
  const read = new Map<string, Compiled | null>()
  let last: { readonly rows: readonly MigrationRow[]; readonly known: readonly Known[] } = { rows: [], known: [] }
  const compiledOf = (row: MigrationRow): Compiled | null => {
    try {
      return compile(row)
    } catch (thrown) {
      // A file of a later version: its calls stay where they are.
      log.error('the file of a migration cannot be read', { migration: row.name, problem: asProblem(thrown).message })
      return null
    }
  }
  return (rows: readonly MigrationRow[]): readonly Known[] => {
    if (rows === last.rows) return last.known
    const before = new Map(last.known.map((one) => [one.row, one]))
    const kept = new Set(rows.map(sourceOf))
    for (const source of read.keys()) if (!kept.has(source)) read.delete(source)
    const known = rows.flatMap((row) => {
      const same = before.get(row)
      if (same !== undefined) return same
      const source = sourceOf(row)
      const compiled = read.has(source) ? (read.get(source) ?? null) : compiledOf(row)
      read.set(source, compiled)
      return compiled === null ? [] : { row, compiled }
    })
    last = { rows, known }
    return known
  }
}

const noDrift: readonly DriftWatch[] = []

/** What completed migrations are held against, read once for each. */
const makeDriftReader = (store: MigrationStore) => {
  const read = new Map<string, readonly DriftWatch[]>()
  return async ({ row, compiled }: Known): Promise<readonly DriftWatch[]> => {
    const known = read.get(row.id)
    if (known !== undefined) return known
    const evidence = evidenceOf(await store.evidence(row.id, row.state.epoch))
    const found = driftWatchesOf(compiled.judge.columns, evidence)
    read.set(row.id, found)
    return found
  }
}

/** What nodes carry out: the same value as long as neither its row nor its moment has changed. */
const makeMoves = () => {
  let last = new Map<Known, Move>()
  return (all: readonly { readonly one: Known; readonly drift: readonly DriftWatch[] }[], nowMs: number) => {
    const next = new Map<Known, Move>()
    for (const { one, drift } of all) {
      const before = last.get(one)
      const moment = momentOf(one.row, one.compiled, { nowMs, drift })
      const isSame = before?.isWatched === moment.isWatched && before.drift === moment.drift
      next.set(one, isSame ? before : moveOf(one.row, one.compiled, moment))
    }
    last = next
    return [...next.values()]
  }
}

/** The migrations as the store has them, in force on this node as soon as they are read. */
export const makeRefresh = ({ store, traffic, clock, log }: HearMigrations) => {
  const rows = makeRowReader(store)
  const read = makeReader(log)
  const driftOf = makeDriftReader(store)
  const moves = makeMoves()
  return async (): Promise<readonly Known[]> => {
    const askedMs = clock.monotonicMs()
    const known = read(await rows())
    const nowMs = clock.nowMs()
    const all: { one: Known; drift: readonly DriftWatch[] }[] = []
    for (const one of known) {
      const isComplete = one.row.state.phase === 'completed'
      all.push({ one, drift: isComplete ? await driftOf(one) : noDrift })
    }
    traffic.configure(moves(all, nowMs), askedMs)
    return known
  }
}
