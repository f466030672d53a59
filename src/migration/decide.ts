/** What happens next to a migration by itself. Pure: state, judgement and time give one change, or none. */

import type { Sentence } from '#base/sentence.ts'
import type { Change, Itinerary, State } from './itinerary.ts'
import { isLive } from './itinerary.ts'
import type { Judgement } from './judgement.ts'
import { reason } from './reasons.ts'
import type { ShadowStanding } from './shadow-standing.ts'
import type { Verdict } from './verdict.ts'
import { verdictOf } from './verdict.ts'

export type Next = { readonly change: Change; readonly why: Sentence }

export type Question = {
  readonly itinerary: Itinerary
  readonly state: State
  readonly judgement: Judgement
  readonly practicalFloor: number
  /** What copies have shown; absent or `null`: they are not asked. */
  readonly shadow?: ShadowStanding | null
  readonly nowMs: number
}

/** Every node has heard of a rollback by then, or has stopped by itself. */
export const settleMs = 2_000

/** Why the gate of the step is not open; `null` = it is. Time is not asked here. */
export const gateLack = ({ itinerary, state, judgement }: Question, passed: boolean): Sentence | null => {
  const step = itinerary.steps[state.step]
  if (step === undefined || step.weightBasisPoints >= 10_000) return null
  const { candidate } = judgement.units
  if (step.sampleMin !== null)
    return candidate >= step.sampleMin ? null : reason('too_few', { met: candidate, needed: step.sampleMin })
  if (passed) return null
  const open = judgement.findings.filter(
    ({ kind, dryRun, onFail, passed: one }) => kind === 'absolute' && !dryRun && onFail === 'rollback' && !one,
  )
  return reason('not_shown', { metrics: open.map(({ metric }) => metric), conversations: candidate })
}

/** Whether every share that has a limit is shown to be below what is accepted: the margin, or a limit that is wider. */
const isBelowMargin = ({ judgement, itinerary }: Question): boolean => {
  const limited = judgement.findings.filter(
    ({ kind, dryRun, onFail }) => kind === 'absolute' && !dryRun && onFail === 'rollback',
  )
  return (
    limited.length > 0 &&
    limited.every(
      ({ candidate, limit }) =>
        candidate !== null &&
        candidate.seen > 0 &&
        candidate.interval.high < Math.max(limit, itinerary.inconclusive.margin),
    )
  )
}

const inconclusive = (question: Question, lack: Sentence): Next => {
  const { itinerary, state } = question
  const step = itinerary.steps[state.step]
  const number = state.step + 1
  const { action, extensionsMax, margin } = itinerary.inconclusive
  const isLast = state.step + 1 >= itinerary.steps.length
  if (action === 'promote_if_upper_bound_below_margin' && !isLast && isBelowMargin(question))
    return {
      change: { kind: 'promote' },
      why: reason('below_margin', { step: number, lack, margin }),
    }
  if (action === 'extend' && state.extensions < extensionsMax && step !== undefined)
    return {
      change: { kind: 'extend', byMs: step.durationMs },
      why: reason('prolonged', { step: number, lack, by_ms: step.durationMs }),
    }
  return {
    change: { kind: 'pause', reason: 'inconclusive' },
    why: reason('gate_shut', { step: number, lack }),
  }
}

const atGate = (question: Question, passed: boolean): Next | null => {
  const { itinerary, state, nowMs } = question
  const step = itinerary.steps[state.step]
  if (step === undefined || nowMs < state.stepMs + step.durationMs + state.extendedMs) return null
  if (nowMs < (state.heldUntilMs ?? 0)) return null
  const lack = gateLack(question, passed)
  if (lack !== null) return inconclusive(question, lack)
  if (step.isManual) return null
  const isLast = state.step + 1 >= itinerary.steps.length
  if (isLast) return { change: { kind: 'complete' }, why: reason('last_step_over') }
  const next = itinerary.steps[state.step + 1]
  return {
    change: { kind: 'promote' },
    why: reason('gate_open', { step: state.step + 1, next_percent: (next?.weightBasisPoints ?? 0) / 100 }),
  }
}

/** Whether the step waits for nothing but a person: its time is over, its gate is open, and nothing speaks against it. */
export const waitsForPerson = (question: Question): boolean => {
  const { itinerary, state, judgement, practicalFloor, nowMs } = question
  const step = itinerary.steps[state.step]
  if (step?.isManual !== true || (state.phase !== 'ramping' && state.phase !== 'baking')) return false
  if (nowMs < state.stepMs + step.durationMs + state.extendedMs) return false
  const verdict = verdictOf(judgement, { practicalFloor })
  return verdict.kind === 'go' && gateLack(question, verdict.passed) === null
}

const obeying = (question: Question, verdict: Exclude<Verdict, { kind: 'go' }>): Next | null => {
  const { itinerary, state } = question
  if (verdict.kind === 'rollback' && itinerary.isAutomatic) return { change: { kind: 'rollback' }, why: verdict.why }
  if (state.phase === 'paused') return null
  const pause = verdict.kind === 'rollback' ? ('worse_than_baseline' as const) : verdict.reason
  return { change: { kind: 'pause', reason: pause }, why: verdict.why }
}

/** Of the step that only copies calls: on to the first step when its time is over, unless the candidate is worse there. */
const inShadow = ({ itinerary, state, shadow = null, nowMs }: Question): Next | null => {
  if (state.phase === 'paused' || shadow === null || nowMs < (state.heldUntilMs ?? 0)) return null
  const { questions, repeated, worse } = shadow
  if (worse.length > 0 && state.shadowAccepted !== true)
    return {
      change: { kind: 'pause', reason: 'worse_in_shadow' },
      why: reason('worse_in_shadow', { respects: worse, questions }),
    }
  if (nowMs < state.stepMs + itinerary.shadowMs + state.extendedMs) return null
  if (questions === 0)
    return {
      change: { kind: 'pause', reason: 'inconclusive' },
      why: reason('nothing_in_shadow'),
    }
  return {
    change: { kind: 'promote' },
    why: reason('shadow_over', { questions, is_repeated: repeated > 0 }),
  }
}

/** A migration that is paused is still watched: what asks for a rollback gets one. */
export const decide = (question: Question): Next | null => {
  const { itinerary, state, judgement, practicalFloor, nowMs } = question
  if (state.phase === 'rolling_back')
    return nowMs >= state.sinceMs + settleMs ? { change: { kind: 'settle' }, why: reason('all_settled') } : null
  if (!isLive(state) || nowMs < state.stepMs + itinerary.initialDelayMs) return null
  if (state.step < 0) return inShadow(question)
  const verdict = verdictOf(judgement, { practicalFloor })
  if (verdict.kind !== 'go') return obeying(question, verdict)
  if (state.phase === 'paused') return null
  const deadlineMs = state.startedMs + itinerary.deadlineMs
  // Once: who lets it go on after that knows how late it is.
  if (nowMs > deadlineMs && state.stepMs <= deadlineMs && state.step + 1 < itinerary.steps.length)
    return {
      change: { kind: 'pause', reason: 'deadline' },
      why: reason('past_deadline', { within_ms: itinerary.deadlineMs }),
    }
  return atGate(question, verdict.passed)
}
