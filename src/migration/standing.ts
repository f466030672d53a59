/** How a migration stands, in words for a person: state, why, and what happens next and when. Pure. */

import type { Sentence } from '#base/sentence.ts'
import { wholeWeight } from './assign.ts'
import type { Compiled } from './compiled.ts'
import { gateLack } from './decide.ts'
import type { Phase } from './itinerary.ts'
import type { Judgement } from './judgement.ts'
import { conversationsToPass } from './plan.ts'
import type { MigrationRow } from './port.ts'
import { reason } from './reasons.ts'
import { verdictOf } from './verdict.ts'

const hourMs = 3_600_000

export type Standing = {
  readonly sentence: Sentence
  /** What comes next; `null` = nothing by itself. */
  readonly next: Sentence | null
}

export type StandingQuestion = {
  readonly row: MigrationRow
  readonly compiled: Compiled
  readonly judgement: Judgement
  /** Of the last decision. */
  readonly why: Sentence
  readonly nowMs: number
}

/** Conversations that the candidate still lacks at the gate; `null` = none, or no number of them helps. */
const lacking = ({ row, compiled, judgement }: StandingQuestion): number | null => {
  const step = compiled.itinerary.steps[row.state.step]
  if (step === undefined) return null
  const met = judgement.units.candidate
  if (step.sampleMin !== null) return Math.max(0, step.sampleMin - met)
  const needed = compiled.judge.tests.flatMap((test) => {
    if (test.kind !== 'absolute' || test.dryRun || test.onFail !== 'rollback') return []
    const found = judgement.findings.find(({ kind, metric }) => kind === 'absolute' && metric === test.metric)
    const share = found?.candidate?.share ?? 0
    return [conversationsToPass(share, test)]
  })
  if (needed.includes(null)) return null
  return Math.max(0, ...needed.map((count) => (count ?? 0) - met))
}

/** How many conversations an hour meet the candidate at its weight now, by all that came since the start. */
export const candidatesPerHour = (
  { units }: Pick<Judgement, 'units'>,
  { startedMs, weightBasisPoints }: Pick<MigrationRow['state'], 'startedMs' | 'weightBasisPoints'>,
  nowMs: number,
): number =>
  (((units.baseline + units.candidate) * hourMs) / Math.max(1, nowMs - startedMs)) * (weightBasisPoints / wholeWeight)

/** How long the gate still takes at the pace since the start. */
const forecast = (question: StandingQuestion, weightPercent: number): Sentence => {
  const { row, judgement, nowMs } = question
  const lacked = lacking(question)
  if (lacked === null) return reason('no_number_helps')
  const count = Math.ceil(lacked)
  const perHour = candidatesPerHour(judgement, row.state, nowMs)
  if (perHour === 0) return reason('none_has_come', { count })
  const waitMs = (factor: number): number => (lacked * hourMs) / (perHour * factor)
  const raised = weightPercent < 50 ? Math.min(50, weightPercent * 2) : null
  return reason('takes_about', {
    count,
    wait_ms: waitMs(1),
    raised_percent: raised,
    raised_wait_ms: raised === null ? null : waitMs(raised / weightPercent),
  })
}

const whatFollows = (weightPercent: number, isManual: boolean): Sentence => {
  if (weightPercent === 0) return reason(isManual ? 'then_person_completes' : 'then_complete')
  return reason(isManual ? 'then_person' : 'then_goes_to', { percent: weightPercent })
}

const nextOf = (question: StandingQuestion): Sentence | null => {
  const { row, compiled, judgement, nowMs } = question
  const { state } = row
  const { itinerary, judge } = compiled
  const weightPercent = state.weightBasisPoints / 100
  if (state.phase === 'paused') {
    const isOpen = state.pause === 'inconclusive' && state.step >= 0
    return reason('paused_until_person', { forecast: isOpen ? forecast(question, weightPercent) : null })
  }
  if (state.phase === 'scheduled') return reason('starts_by_itself', { again: state.planned?.withoutPreflight == null })
  const heldMs = Math.max(0, (state.heldUntilMs ?? 0) - nowMs)
  if (state.phase === 'shadow')
    return reason('shadow_goes_on', {
      in_ms: Math.max(0, state.stepMs + itinerary.shadowMs + state.extendedMs - nowMs),
      first_percent: (itinerary.steps[state.startStep ?? 0]?.weightBasisPoints ?? 0) / 100,
      held_ms: heldMs,
    })
  if (state.phase !== 'ramping' && state.phase !== 'baking') return null
  const step = itinerary.steps[state.step]
  if (step === undefined) return null
  const inMs = Math.max(0, state.stepMs + step.durationMs + state.extendedMs - nowMs)
  const verdict = verdictOf(judgement, judge)
  const passed = verdict.kind === 'go' && verdict.passed
  const lack = gateLack({ itinerary, state, judgement, practicalFloor: judge.practicalFloor, nowMs }, passed)
  const what = whatFollows((itinerary.steps[state.step + 1]?.weightBasisPoints ?? 0) / 100, step.isManual)
  return lack === null
    ? reason('next_is', { in_ms: inMs, what, held_ms: heldMs })
    : reason('next_if_open', { in_ms: inMs, what, lack, forecast: forecast(question, weightPercent) })
}

const stateOf = ({ row, compiled, nowMs }: StandingQuestion): Sentence => {
  const { state } = row
  const at = {
    percent: state.weightBasisPoints / 100,
    step: state.step + 1,
    steps: compiled.itinerary.steps.length,
    for_ms: Math.max(0, nowMs - state.sinceMs),
  }
  switch (state.phase) {
    case 'draft':
      return reason('is_draft')
    case 'scheduled':
      return reason('is_scheduled', {
        at_ms: state.planned?.atMs ?? 0,
        again: state.planned?.withoutPreflight == null,
      })
    case 'shadow':
      return reason('is_shadow', { for_ms: at.for_ms })
    case 'paused':
      return reason('is_paused', { ...at, reason: state.pause ?? 'manual' })
    case 'ramping':
    case 'baking':
      return reason(`is_${state.phase}`, at)
    case 'rolling_back':
      return reason('is_rolling_back')
    case 'rolled_back':
    case 'completed':
    case 'aborted':
      return reason(`is_${state.phase}`, { for_ms: at.for_ms })
  }
}

/** Before, its baseline is still to be measured; after a way back nothing rests on it. */
const judged: readonly Phase[] = ['shadow', 'ramping', 'baking', 'paused', 'completed']

/** Metrics of the file that have no test at all, though it says limits: what completes without them is not shown to keep those. */
const untestedIn = ({ row, compiled: { file, judge } }: StandingQuestion): readonly string[] => {
  if (!judged.includes(row.state.phase)) return []
  return file.analysis.metrics
    .filter(({ threshold_range: range, relative }) => range !== undefined || relative !== undefined)
    .map(({ name }) => name)
    .filter((name) => !judge.tests.some(({ metric }) => metric === name))
}

/** One sentence of state, and what comes next. */
export const standingOf = (question: StandingQuestion): Standing => ({
  sentence: reason('standing', {
    name: question.row.name,
    state: stateOf(question),
    why: question.why,
    untested: untestedIn(question),
  }),
  next: nextOf(question),
})
