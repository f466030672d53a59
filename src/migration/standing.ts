/** How a migration stands, in words for a person: state, why, and what happens next and when. Pure. */

import { rfc3339 } from '#base/clock.ts'
import { wholeWeight } from './assign.ts'
import type { Compiled } from './compiled.ts'
import { gateLack, sayDuration } from './decide.ts'
import type { Judgement } from './judgement.ts'
import { conversationsToPass } from './plan.ts'
import type { MigrationRow } from './port.ts'
import { verdictOf } from './verdict.ts'

const hourMs = 3_600_000

export type Standing = {
  readonly sentence: string /** What comes next; `null` = nothing by itself. */
  readonly next: string | null
}

export type StandingQuestion = {
  readonly row: MigrationRow
  readonly compiled: Compiled
  readonly judgement: Judgement
  /** Of the last decision. */
  readonly why: string
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
const forecast = (question: StandingQuestion, weightPercent: number): string => {
  const { row, judgement, nowMs } = question
  const count = lacking(question)
  if (count === null)
    return "with the candidate's own shares no number of conversations shows the limits to be kept: accept a wider limit, or go back"
  const perHour = candidatesPerHour(judgement, row.state, nowMs)
  if (perHour === 0) return `${Math.ceil(count)} more conversations are needed, and none has come yet`
  const wait = (factor: number): string => sayDuration((count * hourMs) / (perHour * factor))
  const raised =
    weightPercent < 50
      ? `; at ${Math.min(50, weightPercent * 2)} % it would take ${wait(Math.min(50, weightPercent * 2) / weightPercent)}`
      : ''
  return `${Math.ceil(count)} more conversations are needed, about ${wait(1)} at today's traffic${raised}`
}

const nextOf = (question: StandingQuestion): string | null => {
  const { row, compiled, judgement, nowMs } = question
  const { state } = row
  const { itinerary, judge } = compiled
  if (state.phase === 'paused') {
    const resume = "'drover migrate resume' goes on, 'rollback' goes back"
    return state.pause === 'inconclusive' && state.step >= 0
      ? `${forecast(question, state.weightBasisPoints / 100)}. ${resume}`
      : resume
  }
  if (state.phase === 'scheduled')
    return "it starts by itself, if its preflight passes; 'drover migrate abort' cancels it"
  const heldMs = (state.heldUntilMs ?? 0) - nowMs
  const held = heldMs > 0 ? ` Its gate is held for another ${sayDuration(heldMs)}.` : ''
  if (state.phase === 'shadow') {
    const shadowLeftMs = Math.max(0, state.stepMs + itinerary.shadowMs + state.extendedMs - nowMs)
    const first = (itinerary.steps[state.startStep ?? 0]?.weightBasisPoints ?? 0) / 100
    return `in ${sayDuration(shadowLeftMs)} it goes to ${first} %, unless copies show the candidate to be worse.${held}`
  }
  if (state.phase !== 'ramping' && state.phase !== 'baking') return null
  const step = itinerary.steps[state.step]
  if (step === undefined) return null
  const leftMs = state.stepMs + step.durationMs + state.extendedMs - nowMs
  const verdict = verdictOf(judgement, judge)
  const passed = verdict.kind === 'go' && verdict.passed
  const lack = gateLack({ itinerary, state, judgement, practicalFloor: judge.practicalFloor, nowMs }, passed)
  const weight = (itinerary.steps[state.step + 1]?.weightBasisPoints ?? 0) / 100
  const what =
    weight === 0
      ? 'it is complete'
      : step.isManual
        ? `a person may promote it to ${weight} %`
        : `it goes to ${weight} %`
  const when = leftMs > 0 ? `in ${sayDuration(leftMs)}` : 'now'
  return lack === null
    ? `${when} ${what}${held}`
    : `${when} ${what}, if its gate is open by then: ${lack}; ${forecast(question, state.weightBasisPoints / 100)}`
}

/** One sentence of state, and what comes next. */
export const standingOf = (question: StandingQuestion): Standing => {
  const { row, compiled, why, nowMs } = question
  const { state, name } = row
  const steps = compiled.itinerary.steps.length
  const at = `${state.weightBasisPoints / 100} % of conversations (step ${state.step + 1} of ${steps})`
  const since = sayDuration(Math.max(0, nowMs - state.sinceMs))
  const words: Readonly<Record<typeof state.phase, string>> = {
    draft: 'has not been started',
    scheduled: `starts at ${rfc3339(state.planned?.atMs ?? 0)}${state.planned?.withoutPreflight == null ? ', after another preflight' : ''}`,
    shadow: `copies calls in the shadow, for ${since}; nothing moves yet`,
    ramping: `sends ${at} to the candidate, for ${since}`,
    baking: `bakes at ${at}, for ${since}`,
    paused: `is paused (${state.pause ?? 'manual'}) at ${at}, for ${since}`,
    rolling_back: 'is on its way back to the baseline',
    rolled_back: `was rolled back ${since} ago; all traffic goes to the baseline`,
    completed: `is complete since ${since}; all traffic goes to the candidate`,
    aborted: `was aborted ${since} ago; traffic goes where the configuration says`,
  }
  return { sentence: `"${name}" ${words[state.phase]}. Last decision: ${why}.`, next: nextOf(question) }
}
