/** Brings one change of state about: the decision with what it was made on, kept once, told to people. */

import type { Emit, EventName } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import { idFrom } from '#base/id.ts'
import type { Sentence } from '#base/sentence.ts'
import { asSaid } from '#base/sentence.ts'
import type { TrailEntry } from '#base/trail-entry.ts'
import type { Compiled } from './compiled.ts'
import type { CellJson } from './evidence-text.ts'
import type { Change, ChangeKind, State } from './itinerary.ts'
import { stateAfter } from './itinerary.ts'
import type { BaselineFacts } from './judge.ts'
import type { Decision, MigrationRow, MigrationStore } from './port.ts'
import type { Preflight } from './preflight.ts'
import type { Traffic } from './traffic.ts'

export type Conducting = {
  readonly row: MigrationRow
  readonly compiled: Compiled
  readonly change: Change
  readonly why: Sentence
  /** `drover`, or who it was. */
  readonly actor: string
  readonly evidence: readonly CellJson[]
  readonly nowMs: number
  /** What copies had found; absent: they were not asked. */
  readonly shadow?: string | undefined
  /** What was looked at before a start. */
  readonly preflight?: Preflight | undefined
  /** Of a start at a date: the baseline by then. */
  readonly facts?: BaselineFacts | undefined
}

/** @throws Problem `conflict` where the change cannot happen now. */
export const decisionFor = (conducting: Conducting): Decision => {
  const { row, compiled, change, why, actor, evidence, nowMs, shadow, preflight, facts } = conducting
  return {
    migration: row.id,
    number: row.version + 1,
    timeMs: nowMs,
    actor,
    change,
    why: why.text,
    said: why,
    from: row.state.phase,
    after: stateAfter(row.state, change, { itinerary: compiled.itinerary, nowMs }),
    evidence,
    ...(shadow !== undefined && { shadow }),
    ...(preflight !== undefined && { preflight }),
    ...(facts !== undefined && { facts }),
  }
}

const events: Readonly<Partial<Record<ChangeKind, EventName>>> = {
  start: 'promote',
  promote: 'promote',
  complete: 'promote',
  hold: 'gate',
  pause: 'pause',
  rollback: 'rollback',
  abort: 'rollback',
  schedule: 'promote',
}

const factsOf = ({ phase, step, weightBasisPoints, planned }: State) => ({
  phase,
  step: step + 1,
  percent: weightBasisPoints / 100,
  starts_at_ms: planned?.atMs ?? null,
})

/** Tells people of a decision; the same decision is told once, however often this is called. */
export const tellDecision = (
  emit: Emit,
  row: MigrationRow,
  { change, why, said, after, number, actor }: Decision,
): void => {
  const name = events[change.kind]
  if (name === undefined) return
  emit({
    // A gate that is held again and again is told of once.
    ...(change.kind === 'hold' && {
      id: idFrom('evt', after.stepMs, `${row.id}/${after.epoch}/${after.step}/held`),
    }),
    name,
    account: null,
    object: row.name,
    ...telling('migration_decided', { name: row.name, ...factsOf(after), why: said ?? asSaid(why) }),
    figure: null,
    facts: {
      migration: row.name,
      decision: number,
      change: change.kind,
      by: actor,
      phase: after.phase,
      step: after.step,
      weight_percent: after.weightBasisPoints / 100,
      pause_reason: after.pause,
    },
  })
}

export type ConductPorts = {
  readonly store: Pick<MigrationStore, 'decideMigration'>
  readonly emit: Emit
  /** Takes the traffic of this node back at once. */
  readonly stop: Traffic['stop']
  readonly trail: TrailEntry | null
}

export type Conducted = { readonly row: MigrationRow; readonly decision: Decision }

/**
 * Keeps the decision and tells of it. One that takes traffic back is in force on this node before it is kept: the store may be slow. `null` = another one came first, and the migration is to be read again.
 * @throws Problem `conflict` where the change cannot happen now.
 */
export const conduct = async (
  conducting: Conducting,
  { store, emit, stop, trail }: ConductPorts,
): Promise<Conducted | null> => {
  const { row } = conducting
  const decision = decisionFor(conducting)
  if (decision.after.weightBasisPoints === 0) stop(row.id)
  if (!(await store.decideMigration({ decision, trail }))) return null
  tellDecision(emit, row, decision)
  return {
    row: { ...row, state: decision.after, version: decision.number, checkedMs: decision.timeMs },
    decision,
  }
}

/** Tells people that the gate of a step is open and waits for them: once for each step. */
export const tellGate = (emit: Emit, { id, name, state }: MigrationRow): void =>
  emit({
    id: idFrom('evt', state.stepMs, `${id}/${state.epoch}/${state.step}/gate`),
    name: 'gate',
    account: null,
    object: name,
    ...telling('migration_waits', { name, step: state.step + 1, percent: state.weightBasisPoints / 100 }),
    figure: null,
    facts: { migration: name, step: state.step, weight_percent: state.weightBasisPoints / 100 },
  })

const dayMs = 86_400_000

/** Tells people that a figure has risen since completion: once a day for each. */
export const tellDrift = (
  emit: Emit,
  { id, name }: { readonly id: string; readonly name: string },
  how: { readonly figure: string; readonly nowMs: number },
): void => {
  const { figure, nowMs } = how
  emit({
    id: idFrom('evt', nowMs - (nowMs % dayMs), `${id}/${figure}/drift`),
    name: 'drift',
    account: null,
    object: name,
    ...telling('migration_drifted', { name, figure }),
    figure: null,
    facts: { migration: name, watched: figure },
  })
}
