/** The steps of a migration as a state machine. Every change of state is a decision that is written down; the state is what the decisions come to. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { wholeWeight } from './assign.ts'
import type { MigrationFile } from './settings.ts'
import { weightOf } from './settings.ts'
import type { PauseReason } from './verdict.ts'

export const phases = [
  'draft',
  'scheduled',
  'shadow',
  'ramping',
  'baking',
  'paused',
  'rolling_back',
  'rolled_back',
  'completed',
  'aborted',
] as const
export type Phase = (typeof phases)[number]

/** What can happen to a migration. */
export type Change =
  /** It is to start at a later date; `withoutPreflight`: why it then starts without a preflight, `null` = it does not. */
  | {
      readonly kind: 'schedule'
      readonly startStep: number
      readonly atMs: number
      readonly withoutPreflight: string | null
    }
  | { readonly kind: 'start'; readonly startStep: number }
  | { readonly kind: 'promote' }
  | { readonly kind: 'pause'; readonly reason: PauseReason }
  | { readonly kind: 'resume' }
  /** `isAsked`: by a person, which takes nothing of what it may be prolonged by itself. */
  | { readonly kind: 'extend'; readonly byMs: number; readonly isAsked?: true }
  /** Somebody who was asked has something against the next step: the gate is not looked at for so long. */
  | { readonly kind: 'hold'; readonly forMs: number }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'settle' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'complete' }

export type ChangeKind = Change['kind']

export type State = {
  readonly phase: Phase
  /** Evidence is of one epoch: what was counted before does not weigh any more. */
  readonly epoch: number
  /** From 0; -1 = none yet. */
  readonly step: number
  /** Of the candidate, as new conversations are assigned. */
  readonly weightBasisPoints: number
  /** When the step began, the migration, and the phase. */
  readonly stepMs: number
  readonly startedMs: number
  readonly sinceMs: number
  /** How long the step lasts beyond its duration, and how often it was prolonged by itself. */
  readonly extendedMs: number
  readonly extensions: number
  readonly pause: PauseReason | null
  /** The step that it starts with; absent: the first. */
  readonly startStep?: number
  /** Of one that is scheduled: when it starts, and why without a preflight. */
  readonly planned?: { readonly atMs: number; readonly withoutPreflight: string | null }
  /** A person went on although the candidate was worse in the shadow. */
  readonly shadowAccepted?: true
  /** Until when its gate is held; absent: it is not. */
  readonly heldUntilMs?: number
}

/** What is done at the end of a step whose gate is not open. */
export type InconclusiveAction = 'pause' | 'extend' | 'promote_if_upper_bound_below_margin'

/** The itinerary of a file, in numbers. */
export type Itinerary = {
  readonly steps: readonly {
    readonly weightBasisPoints: number
    readonly durationMs: number
    readonly isBake: boolean
    readonly sampleMin: number | null
    readonly isManual: boolean
  }[]
  /** How long calls are only copied before the first step; 0 = not at all. */
  readonly shadowMs: number
  readonly initialDelayMs: number
  readonly deadlineMs: number
  readonly isAutomatic: boolean
  readonly inconclusive: {
    readonly action: InconclusiveAction
    readonly extensionsMax: number
    /** Of shares: what is accepted where the limit is lower. */
    readonly margin: number
  }
}

const dayMs = 86_400_000

/** The steps of a file as the state machine goes by them. */
export const itineraryOf = (file: MigrationFile): Itinerary => ({
  steps: file.steps.map((step) => ({
    weightBasisPoints: weightOf(step),
    durationMs: Math.max(step.bake?.duration ?? 0, step.pause?.duration ?? 0, step.require_peak ? dayMs : 0),
    isBake: step.bake !== undefined,
    sampleMin: step.min_sample ?? null,
    isManual: step.gate === 'manual',
  })),
  shadowMs: file.shadow?.duration ?? 0,
  initialDelayMs: file.analysis.initial_delay,
  deadlineMs: file.progress_deadline,
  isAutomatic: file.rollback.auto,
  inconclusive: {
    action: file.inconclusive.action,
    extensionsMax: file.inconclusive.max_extensions,
    margin: file.inconclusive.margin,
  },
})

export const draftState: State = {
  phase: 'draft',
  epoch: 1,
  step: -1,
  weightBasisPoints: 0,
  stepMs: 0,
  startedMs: 0,
  sinceMs: 0,
  extendedMs: 0,
  extensions: 0,
  pause: null,
}

/** The candidate's weight by step, in [0, 1]. */
export const weightsOf = ({ steps }: Itinerary): readonly number[] =>
  steps.map(({ weightBasisPoints }) => weightBasisPoints / wholeWeight)

const live: readonly Phase[] = ['shadow', 'ramping', 'baking', 'paused']
/** Whether calls are copied or conversations assigned, and what that shows is looked at. */
export const isLive = ({ phase }: Pick<State, 'phase'>): boolean => live.includes(phase)

/** Whether nothing can happen to it any more. */
export const isOver = ({ phase }: Pick<State, 'phase'>): boolean => phase === 'rolled_back' || phase === 'aborted'

/** From which phases something can happen. */
const from: Readonly<Record<ChangeKind, readonly Phase[]>> = {
  schedule: ['draft'],
  start: ['draft', 'scheduled'],
  promote: live,
  pause: ['shadow', 'ramping', 'baking'],
  resume: ['paused'],
  extend: live,
  hold: live,
  rollback: [...live, 'completed'],
  settle: ['rolling_back'],
  // Of one that is complete: traffic goes again where the configuration says, which names the candidate by then.
  abort: ['draft', 'scheduled', ...live, 'completed'],
  complete: live,
}

const mends: Readonly<Record<Phase, string>> = {
  draft: "'drover migrate start' starts it",
  scheduled: "it starts by itself at its date, 'drover migrate abort' cancels it",
  shadow: 'it is under way',
  ramping: 'it is under way',
  baking: 'it is under way',
  paused: "'drover migrate resume' lets it go on",
  rolling_back: 'traffic is on its way back',
  rolled_back: 'traffic is at the baseline; start it anew from its file',
  completed: "traffic is at the candidate; 'drover migrate rollback' takes it back",
  aborted: 'traffic is at the baseline; start it anew from its file',
}

const phaseAt = (itinerary: Itinerary, step: number): Phase => {
  if (step < 0) return 'shadow'
  return itinerary.steps[step]?.isBake === true ? 'baking' : 'ramping'
}

const entering = (itinerary: Itinerary, step: number, nowMs: number): Partial<State> => ({
  phase: phaseAt(itinerary, step),
  step,
  weightBasisPoints: itinerary.steps[step]?.weightBasisPoints ?? wholeWeight,
  stepMs: nowMs,
  extendedMs: 0,
  extensions: 0,
  pause: null,
})

/** Calls are copied, and nothing moves. */
const shadowing = (nowMs: number): Partial<State> => ({
  phase: 'shadow',
  step: -1,
  weightBasisPoints: 0,
  stepMs: nowMs,
})

/** Pauses that the evidence asked for. */
const judged: readonly PauseReason[] = ['shared_incident', 'degraded_control', 'worse_than_baseline']

/** The same sums would pause it again at once: whoever lets it go on says that they are explained, and takes the chance of error anew. */
const epochAfter = ({ epoch, pause }: State): number => (pause !== null && judged.includes(pause) ? epoch + 1 : epoch)

const accepting = ({ pause }: State): Partial<State> => (pause === 'worse_in_shadow' ? { shadowAccepted: true } : {})

/** A person who goes on has heard what held the gate: the next one is not held by it. */
const released = ({ heldUntilMs }: State, nowMs: number): Partial<State> =>
  heldUntilMs !== undefined && heldUntilMs > nowMs ? { heldUntilMs: nowMs } : {}

const changesOf = (state: State, change: Change, { itinerary, nowMs }: At): Partial<State> => {
  const isPast = state.step + 1 >= itinerary.steps.length
  switch (change.kind) {
    case 'schedule':
      return {
        phase: 'scheduled',
        startStep: change.startStep,
        planned: { atMs: change.atMs, withoutPreflight: change.withoutPreflight },
        startedMs: nowMs,
      }
    case 'start':
      return itinerary.shadowMs > 0
        ? { ...shadowing(nowMs), startStep: change.startStep, startedMs: nowMs }
        : { ...entering(itinerary, change.startStep, nowMs), startedMs: nowMs }
    case 'hold':
      return { heldUntilMs: nowMs + change.forMs }
    case 'promote':
      if (state.step < 0) return { ...entering(itinerary, state.startStep ?? 0, nowMs), ...released(state, nowMs) }
      return isPast
        ? { phase: 'completed', weightBasisPoints: wholeWeight, pause: null }
        : { ...entering(itinerary, state.step + 1, nowMs), ...released(state, nowMs) }
    case 'pause':
      return { phase: 'paused', pause: change.reason }
    case 'resume':
      return {
        phase: phaseAt(itinerary, state.step),
        pause: null,
        stepMs: nowMs,
        extendedMs: 0,
        epoch: epochAfter(state),
        ...accepting(state),
      }
    case 'extend':
      return {
        extendedMs: state.extendedMs + change.byMs,
        extensions: state.extensions + (change.isAsked === true ? 0 : 1),
        ...(state.phase === 'paused' && {
          phase: phaseAt(itinerary, state.step),
          pause: null,
          epoch: epochAfter(state),
          ...accepting(state),
        }),
      }
    case 'rollback':
      return { phase: 'rolling_back', weightBasisPoints: 0, pause: null }
    case 'settle':
      return { phase: 'rolled_back' }
    case 'abort':
      return { phase: 'aborted', weightBasisPoints: 0, pause: null }
    case 'complete':
      return { phase: 'completed', weightBasisPoints: wholeWeight, pause: null }
  }
}

type At = { readonly itinerary: Itinerary; readonly nowMs: number }

/**
 * The state after a change.
 * @throws Problem `conflict` where it cannot happen now, with what can.
 */
export const stateAfter = (state: State, change: Change, at: At): State => {
  if (!from[change.kind].includes(state.phase))
    throw new Problem('conflict', {
      ...saying('change_impossible', { change: change.kind, phase: state.phase, mend: mends[state.phase] }),
    })
  const changed = changesOf(state, change, at)
  const isNew = changed.phase !== undefined && changed.phase !== state.phase
  return { ...state, ...changed, sinceMs: isNew || changed.step !== undefined ? at.nowMs : state.sinceMs }
}
