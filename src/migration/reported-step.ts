/** To which epoch and step a turn belongs that a caller who splits its traffic itself has reported. Pure. */

import { asideSteps } from './aside.ts'
import { wholeWeight } from './assign.ts'
import type { State } from './itinerary.ts'

export type ReportedSplit = {
  readonly startMs: number
  readonly durationMs: number
  /** By which its caller split, from 0 to 100; `null` = it did not say. */
  readonly percent: number | null
  /** Of the evidence, as its caller has last heard; `null` = it has not. */
  readonly epoch: number | null
}

/** From when on something was in force. */
export type Standing = Pick<State, 'epoch' | 'step'> & { readonly fromMs: number }

export type Itinerant = {
  readonly state: Pick<State, 'epoch' | 'step' | 'stepMs'>
  /** By step, in parts of ten thousand. */
  readonly weightsBasisPoints: readonly number[]
  /** Of its decisions, the oldest first; only asked for turns that began before the step did. */
  readonly past: readonly Standing[]
}

/** Whether what is in force now says where the turn belongs, and the past need not be known. */
export const isOfNow = ({ startMs }: Pick<ReportedSplit, 'startMs'>, { stepMs }: Pick<State, 'stepMs'>): boolean =>
  startMs >= stepMs

/**
 * The percentage says which step split the turn, whatever the migration is at by then. Without one it belongs to the step that was in force from its beginning to its end,
 * and where that changed meanwhile to none.
 */
export const reportedStep = (
  turn: ReportedSplit,
  { state, weightsBasisPoints, past }: Itinerant,
): Pick<Standing, 'epoch' | 'step'> => {
  const at = (timeMs: number): Pick<Standing, 'epoch' | 'step'> =>
    timeMs >= state.stepMs ? state : (past.findLast(({ fromMs }) => fromMs <= timeMs) ?? past[0] ?? state)
  const began = at(turn.startMs)
  // What the caller has heard may be of an earlier migration of this name.
  const epoch = turn.epoch !== null && turn.epoch <= state.epoch ? turn.epoch : began.epoch
  if (turn.percent !== null) {
    const weight = Math.round((turn.percent / 100) * wholeWeight)
    const step = weightsBasisPoints.indexOf(weight)
    return { epoch, step: step < 0 ? asideSteps.other_percent : step }
  }
  const ended = at(turn.startMs + turn.durationMs)
  const isKnown = isOfNow(turn, state) || past.some(({ fromMs }) => fromMs <= turn.startMs)
  return { epoch, step: isKnown && began.step === ended.step && began.step >= 0 ? began.step : asideSteps.step_changed }
}
