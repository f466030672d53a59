/** Starts migrations whose date has come. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Sentence } from '#base/sentence.ts'
import { conduct } from '#migration/conduct.ts'
import type { Next } from '#migration/decide.ts'
import type { MigrationRow, MigrationStore } from '#migration/port.ts'
import type { Preflight } from '#migration/preflight.ts'
import { lookedAt, preflightRefusals } from '#migration/preflight.ts'
import { reason } from '#migration/reasons.ts'
import type { Traffic } from '#migration/traffic.ts'
import type { PreflightQuestion } from '#rehearsal/looking.ts'
import type { Known } from './hear-migrations.ts'

/** One that could not be begun is tried again after this: every try asks both providers. */
const againMs = 60_000

export type BeginMigrations = {
  readonly store: Pick<MigrationStore, 'decideMigration'>
  /** Looks at what must hold before traffic moves; rejects where this server ends meanwhile. */
  readonly preflight: (question: PreflightQuestion) => Promise<Preflight>
  /** The plan as it is at the date: the baseline of the last hours, and what stands against the start by then. */
  readonly plan: (
    row: MigrationRow,
  ) => Promise<Pick<MigrationRow, 'facts'> & { readonly refusals: readonly Sentence[] }>
  readonly stop: Traffic['stop']
  readonly emit: Emit
  readonly clock: Clock
  readonly log: Log
}

/** Begins what was to start at a date that has come, each once at a time and beside the rounds: a preflight takes its time. */
export const makeBeginner = ({ store, preflight, plan, stop, emit, clock, log }: BeginMigrations) => {
  const under = new Map<string, Promise<void>>()
  const triedMs = new Map<string, number>()
  const begin = async ({ row, compiled }: Known): Promise<void> => {
    const { startStep = 0, planned } = row.state
    const skip = planned?.withoutPreflight ?? null
    const { facts, refusals: against } = await plan(row)
    const question = { file: compiled.file, startStep, need: facts.busiest ?? null }
    const found = skip === null && against.length === 0 ? await preflight(question) : undefined
    const refusals = found === undefined ? against : preflightRefusals(found)
    // Meanwhile another one may have begun to move the same calls.
    const late = refusals.length === 0 && found !== undefined ? (await plan(row)).refusals : []
    const isPlan = found === undefined || late.length > 0
    const next: Next =
      refusals.length + late.length === 0
        ? { change: { kind: 'start', startStep }, why: reason('date_came', { looked: lookedAt(found, skip) }) }
        : {
            change: { kind: 'abort' },
            why: reason('date_refused', { refusals: [...refusals, ...late], is_plan: isPlan }),
          }
    const nowMs = clock.nowMs()
    const isBegun = next.change.kind === 'start'
    const conducting = {
      row,
      compiled,
      ...next,
      actor: 'drover at its date',
      evidence: [],
      nowMs,
      preflight: found,
      facts: isBegun ? facts : undefined,
    }
    await conduct(conducting, { store, emit, stop, trail: null })
  }
  return {
    beginDue: (known: readonly Known[]): void => {
      for (const one of known) {
        const { id, name, state } = one.row
        const isDue = state.phase === 'scheduled' && clock.nowMs() >= (state.planned?.atMs ?? 0)
        const sinceMs = clock.monotonicMs() - (triedMs.get(id) ?? Number.NEGATIVE_INFINITY)
        if (!isDue || under.has(id) || sinceMs < againMs) continue
        triedMs.set(id, clock.monotonicMs())
        const beginning = begin(one)
          .catch((thrown: unknown) =>
            log.warn('a migration could not be begun', { migration: name, problem: asProblem(thrown).message }),
          )
          .finally(() => under.delete(id))
        under.set(id, beginning)
      }
    },
    settled: async (): Promise<void> => void (await Promise.all(under.values())),
  }
}
