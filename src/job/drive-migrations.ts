/**
 * Carries migrations on: tells the store what this node saw, reads what the store says, and, on the node that leads, looks at the evidence and decides. What this node
 * decides is in force on it as soon as it is kept; the others read it within two rounds.
 */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Compiled } from '#migration/compiled.ts'
import { compile, moveOf } from '#migration/compiled.ts'
import { conduct, tellDrift, tellGate } from '#migration/conduct.ts'
import type { Next } from '#migration/decide.ts'
import { decide, waitsForPerson } from '#migration/decide.ts'
import type { DriftWatch } from '#migration/drift.ts'
import { driftWatchesOf } from '#migration/drift.ts'
import type { CellJson } from '#migration/evidence-text.ts'
import { evidenceOf } from '#migration/evidence-text.ts'
import { isLive } from '#migration/itinerary.ts'
import { judgementOf } from '#migration/judgement.ts'
import type { EvidenceBatch, MigrationRow, MigrationStore } from '#migration/port.ts'
import { batchTurnsMax } from '#migration/port.ts'
import type { Move, Traffic, Tripped } from '#migration/traffic.ts'
import { goRound } from './rounds.ts'

/** A rollback reaches every node within two of these. */
const everyMs = 500
/** While any migration has an interval that is shorter. */
const leastMs = 100
/** Of one round, so that a store that was away for long is caught up with bit by bit. */
const batchesMax = 20

export type DriveMigrations = {
  readonly store: MigrationStore
  readonly traffic: Traffic
  /** Names this process. */
  readonly source: string
  readonly leads: () => boolean
  readonly emit: Emit
  readonly clock: Clock
  readonly log: Log
}

export type MigrationDriver = {
  /** Reads what the store says now: whoever has changed something waits for it. */
  readonly refresh: () => Promise<void>
  readonly close: () => Promise<void>
}

type Known = { readonly row: MigrationRow; readonly compiled: Compiled }

/** Files that were read, so that each is read once. */
const makeReader = (log: Log) => {
  const read = new Map<string, Compiled | null>()
  return (rows: readonly MigrationRow[]): readonly Known[] => {
    for (const id of read.keys()) if (!rows.some((row) => row.id === id)) read.delete(id)
    return rows.flatMap((row) => {
      if (!read.has(row.id)) {
        try {
          read.set(row.id, compile(row))
        } catch (thrown) {
          // A file of a later version: its calls stay where they are.
          log.error('the file of a migration cannot be read', {
            migration: row.name,
            problem: asProblem(thrown).message,
          })
          read.set(row.id, null)
        }
      }
      const compiled = read.get(row.id) ?? null
      return compiled === null ? [] : [{ row, compiled }]
    })
  }
}

/** What is told and not known to have arrived is told again, under the same number. */
const makeFlush = ({ store, traffic, source, clock }: DriveMigrations) => {
  const unsent: EvidenceBatch[] = []
  let sequence = 0
  return async (): Promise<void> => {
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
const makeRefresh = ({ store, traffic, clock, log }: DriveMigrations) => {
  const read = makeReader(log)
  const driftOf = makeDriftReader(store)
  return async (): Promise<readonly Known[]> => {
    const askedMs = clock.monotonicMs()
    const known = read(await store.migrations())
    const nowMs = clock.nowMs()
    const moves: Move[] = []
    for (const one of known) moves.push(moveOf(one.row, one.compiled, { nowMs, drift: await driftOf(one) }))
    traffic.configure(moves, askedMs)
    return known
  }
}

/** Looks at the evidence of a migration, and at what the reflex of this node has found. */
const makeDecider = (driving: DriveMigrations) => {
  const { store, emit, clock, log } = driving
  const evaluatedMs = new Map<string, number>()

  const carryOut = async ({ row, compiled }: Known, next: Next, evidence: readonly CellJson[]): Promise<void> => {
    const conducting = { row, compiled, ...next, actor: 'drover', evidence, nowMs: clock.nowMs() }
    const conducted = await conduct(conducting, { store, emit, trail: null })
    const said = { migration: row.name, change: next.change.kind, why: next.why }
    if (conducted !== null) log.info('a migration was decided on', said)
  }
  return {
    isDue: ({ row, compiled }: Known): boolean => {
      if (!isLive(row.state) && row.state.phase !== 'rolling_back') return false
      const lastMs = evaluatedMs.get(row.id) ?? Number.NEGATIVE_INFINITY
      return clock.monotonicMs() - lastMs >= compiled.file.analysis.interval
    },
    evaluate: async (one: Known): Promise<void> => {
      const { row, compiled } = one
      const { judge, weights, itinerary } = compiled
      evaluatedMs.set(row.id, clock.monotonicMs())
      const cells = await store.evidence(row.id, row.state.epoch)
      const judgement = judgementOf(judge, evidenceOf(cells), weights)
      const nowMs = clock.nowMs()
      const question = { itinerary, state: row.state, judgement, practicalFloor: judge.practicalFloor, nowMs }
      const next = decide(question)
      if (next !== null) return carryOut(one, next, cells)
      await store.checkMigration(row.id, nowMs)
      if (waitsForPerson(question)) tellGate(emit, row)
    },
    /** The reflex has already stopped this node; now the others are told. */
    heed: async (one: Known, { move, isShared }: Tripped): Promise<void> => {
      const { row, compiled } = one
      if (!isLive(row.state)) return
      const { window, failures } = move.breaker
      const seen = `${failures} of the last ${window} calls to the candidate failed on one node`
      const cells = await store.evidence(row.id, row.state.epoch)
      if (!isShared && compiled.itinerary.isAutomatic)
        return carryOut(one, { change: { kind: 'rollback' }, why: seen }, cells)
      if (row.state.phase === 'paused') return
      const reason = isShared ? 'shared_incident' : 'worse_than_baseline'
      const why = isShared ? `${seen}, and as many to the baseline` : seen
      await carryOut(one, { change: { kind: 'pause', reason }, why }, cells)
    },
  }
}

/** Goes on until `close`, which tells what this node has seen by then. */
export const driveMigrations = (driving: DriveMigrations): MigrationDriver => {
  const { traffic, leads, emit, clock, log } = driving
  const flush = makeFlush(driving)
  const refresh = makeRefresh(driving)
  const decider = makeDecider(driving)
  const round = async (): Promise<number | null> => {
    await flush()
    let known = await refresh()
    for (const tripped of traffic.tripped()) {
      const one = known.find(({ row }) => row.id === tripped.move.id)
      if (one !== undefined) await decider.heed(one, tripped)
      known = await refresh()
    }
    for (const { move, figure } of traffic.drifted()) tellDrift(emit, move, { figure, nowMs: clock.nowMs() })
    if (leads())
      for (const one of known.filter(decider.isDue)) {
        await decider.evaluate(one)
        await refresh()
      }
    const intervals = known
      .filter(({ row }) => isLive(row.state))
      .map(({ compiled }) => compiled.file.analysis.interval)
    return Math.max(leastMs, Math.min(everyMs, ...intervals))
  }
  const rounds = goRound({
    round,
    everyMs,
    firstMs: 0,
    failure: { level: 'warn', message: 'migrations could not be carried on' },
    clock,
    log,
  })
  return {
    refresh: async () => void (await refresh()),
    close: async () => {
      await rounds.close()
      try {
        await flush()
      } catch (thrown) {
        log.warn('what this node saw of migrations could not be told', { problem: asProblem(thrown).message })
      }
    },
  }
}
