/**
 * Carries migrations on: tells the store what this node saw, reads what the store says, and, on the node that leads, looks at the evidence and decides. What this node
 * decides is in force on it as soon as it is kept; the others read it within two rounds.
 */

import type { Emit } from '#base/event.ts'
import { asProblem } from '#base/problem.ts'
import { conduct, tellDrift, tellGate } from '#migration/conduct.ts'
import type { Next } from '#migration/decide.ts'
import { decide, waitsForPerson } from '#migration/decide.ts'
import type { CellJson } from '#migration/evidence-text.ts'
import { evidenceOf } from '#migration/evidence-text.ts'
import { isPointDue, pointOf } from '#migration/history-point.ts'
import type { Change } from '#migration/itinerary.ts'
import { isLive } from '#migration/itinerary.ts'
import type { Judgement } from '#migration/judgement.ts'
import { judgementOf } from '#migration/judgement.ts'
import { reason } from '#migration/reasons.ts'
import { joinedShadows, shadowStandingOf } from '#migration/shadow-standing.ts'
import type { Tripped } from '#migration/traffic.ts'
import type { AskVeto } from './ask-veto.ts'
import { makeVeto } from './ask-veto.ts'
import type { BeginMigrations } from './begin-migrations.ts'
import { makeBeginner } from './begin-migrations.ts'
import type { HearMigrations, Known } from './hear-migrations.ts'
import { isUnderWay, makeRefresh } from './hear-migrations.ts'
import { goRound } from './rounds.ts'
import type { TellMigrations } from './tell-migrations.ts'
import { makeFeedbackCounter, makeFlush, makePinTeller, makeReportCounter } from './tell-migrations.ts'

/** A rollback reaches every node within two of these, and at once where the store tells of it. */
const everyMs = 500
/** While any migration has an interval that is shorter. */
const leastMs = 100
/** While there is none under way, and nothing to tell: one is begun by a person, whose node reads it at once. */
const idleMs = 2_000

export type DriveMigrations = HearMigrations &
  TellMigrations &
  Pick<BeginMigrations, 'preflight' | 'plan'> &
  Pick<AskVeto, 'askRecipient'> & {
    readonly leads: () => boolean
    readonly emit: Emit
  }

export type MigrationDriver = {
  /** The store tells that something has changed. */
  readonly wake: () => void
  /** Reads what the store says now: whoever has changed something waits for it. */
  readonly refresh: () => Promise<void>
  readonly close: () => Promise<void>
}

/** What a decision is made on: a replay at the same time comes to the same. */
type Ground = { readonly cells: readonly CellJson[]; readonly shadow?: string | undefined; readonly nowMs: number }

/** Looks at the evidence of a migration, and at what the reflex of this node has found. */
const makeDecider = (driving: DriveMigrations, veto: Pick<ReturnType<typeof makeVeto>, 'mayGo'>) => {
  const { store, traffic, emit, clock, log } = driving
  const evaluatedMs = new Map<string, number>()
  const pointMs = new Map<string, number>()
  /** After a restart, or from another node, there may be one more than is due. */
  const keepPoint = async ({ row }: Known, judgement: Judgement, isAlways: boolean): Promise<void> => {
    const { startedMs, epoch, step } = row.state
    const timeMs = clock.nowMs()
    if (!isAlways && !isPointDue(pointMs.get(row.id) ?? null, { startedMs, nowMs: timeMs })) return
    pointMs.set(row.id, timeMs)
    await store.keepPoint(pointOf(judgement, { migration: row.id, epoch, timeMs, step }))
  }

  const carryOut = async (
    { row, compiled }: Known,
    next: Next,
    { cells: evidence, shadow, nowMs }: Ground,
  ): Promise<void> => {
    const conducting = { row, compiled, ...next, actor: 'drover', evidence, shadow, nowMs }
    const conducted = await conduct(conducting, { store, emit, stop: traffic.stop, trail: null })
    const said = { migration: row.name, change: next.change.kind, why: next.why.text }
    if (conducted !== null) log.info('a migration was decided on', said)
  }
  return {
    isDue: (one: Known): boolean => {
      const { row, compiled } = one
      if (!isUnderWay(one)) return false
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
      const told =
        row.state.step < 0 ? joinedShadows((await store.shadows(row.id)).map(({ log: text }) => text)) : undefined
      const shadow = shadowStandingOf(told, compiled.file)
      const question = { itinerary, state: row.state, judgement, practicalFloor: judge.practicalFloor, shadow, nowMs }
      const wanted = decide(question)
      const next = wanted !== null && veto.mayGo(one, wanted) ? wanted : null
      if (next !== null) await carryOut(one, next, { cells, shadow: told, nowMs })
      else await store.checkMigration(row.id, nowMs)
      if (isLive(row.state)) await keepPoint(one, judgement, next !== null)
      if (next === null && waitsForPerson(question)) tellGate(emit, row)
    },
    /** The reflex has already stopped this node; now the others are told. */
    heed: async (one: Known, { move, isShared }: Tripped): Promise<void> => {
      const { row, compiled } = one
      if (!isLive(row.state)) return
      const { window, failures } = move.breaker
      const goesBack = !isShared && compiled.itinerary.isAutomatic
      if (!goesBack && row.state.phase === 'paused') return
      const cells = await store.evidence(row.id, row.state.epoch)
      const why = reason('reflex', { failures, window, is_shared: isShared })
      const pause = isShared ? 'shared_incident' : 'worse_than_baseline'
      const change: Change = goesBack ? { kind: 'rollback' } : { kind: 'pause', reason: pause }
      await carryOut(one, { change, why }, { cells, nowMs: clock.nowMs() })
    },
  }
}

/** How often evidence is looked at. */
const shortestMs = (known: readonly Known[]): number =>
  Math.min(...known.map(({ compiled }) => compiled.file.analysis.interval))

/** Goes on until `close`, which tells what this node has seen by then. Nothing that is told, or decided, keeps this node from hearing of a decision. */
export const driveMigrations = (driving: DriveMigrations): MigrationDriver => {
  const { traffic, leads, emit, clock, log } = driving
  const flush = makeFlush(driving)
  const tellPins = makePinTeller(driving)
  const refresh = makeRefresh(driving)
  const countReports = makeReportCounter(driving)
  const countFeedback = makeFeedbackCounter(driving)
  const veto = makeVeto({ ...driving, stop: traffic.stop })
  const decider = makeDecider(driving, veto)
  const beginner = makeBeginner({ ...driving, stop: traffic.stop })
  let heard: readonly Known[] = []
  const pauseMs = (known: readonly Known[]): number => {
    const underWay = known.filter(isUnderWay)
    if (underWay.length === 0) return idleMs
    return Math.max(leastMs, Math.min(everyMs, shortestMs(underWay)))
  }
  const heedReflex = async (): Promise<void> => {
    for (const tripped of traffic.tripped()) {
      const one = (await refresh()).find(({ row }) => row.id === tripped.move.id)
      if (one !== undefined) await decider.heed(one, tripped)
      await refresh()
    }
  }
  /** What is told and counted is evidence that comes later; none of it, however often it fails, keeps what is there from being looked at. */
  const beside = async (what: string, doing: Promise<void>): Promise<void> => {
    try {
      await doing
    } catch (thrown) {
      log.warn('of a round of the migrations a part failed', { part: what, problem: asProblem(thrown).message })
    }
  }
  const work = async (): Promise<number | null> => {
    await heedReflex()
    await beside('telling what this node saw', flush(shortestMs(heard.filter(isUnderWay))))
    for (const { move, figure } of traffic.drifted()) tellDrift(emit, move, { figure, nowMs: clock.nowMs() })
    heard = await refresh()
    const underWay = heard.filter(isUnderWay)
    if (underWay.length > 0) await beside('telling where conversations are', tellPins(heard, shortestMs(underWay)))
    if (leads()) {
      beginner.beginDue(heard)
      for (const one of heard.filter(decider.isDue)) {
        await beside(`counting reports of ${one.row.name}`, countReports(one))
        await beside(`counting feedback of ${one.row.name}`, countFeedback(one))
        await decider.evaluate(one)
        await refresh()
      }
    }
    return pauseMs(heard)
  }
  const failure = { level: 'warn', message: 'migrations could not be carried on' } as const
  const hearing = goRound({ round: async () => pauseMs(await refresh()), everyMs, failure, clock, log })
  const working = goRound({ round: work, everyMs, firstMs: 0, failure, clock, log })
  traffic.onTripped(working.wake)
  return {
    wake: hearing.wake,
    refresh: async () => {
      if ((await refresh()).some(isUnderWay)) working.wake()
    },
    close: async () => {
      await Promise.all([hearing.close(), working.close()])
      await Promise.all([beginner.settled(), veto.settled()])
      try {
        await flush(0, true)
      } catch (thrown) {
        log.warn('what this node saw of migrations could not be told', { problem: asProblem(thrown).message })
      }
    },
  }
}
