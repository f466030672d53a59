/** The steps of a migration as a state machine. Every change of state is a decision that is written down; the state is what the decisions come to. */

import { Problem } from '#base/problem.ts'
import { wholeWeight } from './assign.ts'
import type { MigrationFile } from './settings.ts'
import { weightOf } from './settings.ts'
import type { PauseReason } from './verdict.ts'

export const phases = [
  'draft',
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
  | { readonly kind: 'start'; readonly startStep: number }
  | { readonly kind: 'promote' }
  | { readonly kind: 'pause'; readonly reason: PauseReason }
  | { readonly kind: 'resume' }
  | { readonly kind: 'extend'; readonly byMs: number }
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
}

/** The itinerary of a file, in numbers. */
export type Itinerary = {
  readonly steps: readonly {
    readonly weightBasisPoints: number
    readonly durationMs: number
    readonly isBake: boolean
    readonly sampleMin: number | null
    readonly isManual: boolean
  }[]
  readonly initialDelayMs: number
  readonly deadlineMs: number
  readonly isAutomatic: boolean
  readonly inconclusive: { readonly action: 'pause' | 'extend'; readonly extensionsMax: number }
}

const dayMs = 86_400_000

/** The steps of a file as the state machine goes by them. */
export const itineraryOf = (file: MigrationFile): Itinerary => ({
  steps: file.steps.map((step) => ({
    weightBasisPoints: weightOf(step),
    durationMs: Math.max(step.bake?.duration ?? step.pause?.duration ?? 0, step.require_peak ? dayMs : 0),
    isBake: step.bake !== undefined,
    sampleMin: step.min_sample ?? null,
    isManual: step.gate === 'manual',
  })),
  initialDelayMs: file.analysis.initial_delay,
  deadlineMs: file.progress_deadline,
  isAutomatic: file.rollback.auto,
  inconclusive: { action: file.inconclusive.action, extensionsMax: file.inconclusive.max_extensions },
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

const live: readonly Phase[] = ['ramping', 'baking', 'paused']
/** Whether conversations are assigned, and evidence is looked at. */
export const isLive = ({ phase }: Pick<State, 'phase'>): boolean => live.includes(phase)

/** Whether nothing can happen to it any more. */
export const isOver = ({ phase }: Pick<State, 'phase'>): boolean => phase === 'rolled_back' || phase === 'aborted'

/** From which phases something can happen. */
const from: Readonly<Record<ChangeKind, readonly Phase[]>> = {
  start: ['draft'],
  promote: live,
  pause: ['ramping', 'baking'],
  resume: ['paused'],
  extend: live,
  rollback: [...live, 'completed'],
  settle: ['rolling_back'],
  // Of one that is complete: traffic goes again where the configuration says, which names the candidate by then.
  abort: ['draft', ...live, 'completed'],
  complete: live,
}

const mends: Readonly<Record<Phase, string>> = {
  draft: "'drover migrate start' starts it",
  ramping: 'it is under way',
  baking: 'it is under way',
  paused: "'drover migrate resume' lets it go on",
  rolling_back: 'traffic is on its way back',
  rolled_back: 'traffic is at the baseline; start it anew from its file',
  completed: "traffic is at the candidate; 'drover migrate rollback' takes it back",
  aborted: 'traffic is at the baseline; start it anew from its file',
}

const phaseAt = (itinerary: Itinerary, step: number): Phase =>
  itinerary.steps[step]?.isBake === true ? 'baking' : 'ramping'

const entering = (itinerary: Itinerary, step: number, nowMs: number): Partial<State> => ({
  phase: phaseAt(itinerary, step),
  step,
  weightBasisPoints: itinerary.steps[step]?.weightBasisPoints ?? wholeWeight,
  stepMs: nowMs,
  extendedMs: 0,
  extensions: 0,
  pause: null,
})

/** Pauses that the evidence asked for. */
const judged: readonly PauseReason[] = ['shared_incident', 'degraded_control', 'worse_than_baseline']

/** The same sums would pause it again at once: whoever lets it go on says that they are explained, and takes the chance of error anew. */
const epochAfter = ({ epoch, pause }: State): number => (pause !== null && judged.includes(pause) ? epoch + 1 : epoch)

const changesOf = (state: State, change: Change, { itinerary, nowMs }: At): Partial<State> => {
  const isPast = state.step + 1 >= itinerary.steps.length
  switch (change.kind) {
    case 'start':
      return { ...entering(itinerary, change.startStep, nowMs), startedMs: nowMs }
    case 'promote':
      return isPast
        ? { phase: 'completed', weightBasisPoints: wholeWeight, pause: null }
        : entering(itinerary, state.step + 1, nowMs)
    case 'pause':
      return { phase: 'paused', pause: change.reason }
    case 'resume':
      return {
        phase: phaseAt(itinerary, state.step),
        pause: null,
        stepMs: nowMs,
        extendedMs: 0,
        epoch: epochAfter(state),
      }
    case 'extend':
      return {
        extendedMs: state.extendedMs + change.byMs,
        extensions: state.extensions + 1,
        ...(state.phase === 'paused' && {
          phase: phaseAt(itinerary, state.step),
          pause: null,
          epoch: epochAfter(state),
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
      message: `'${change.kind}' is not possible while the migration is ${state.phase}: ${mends[state.phase]}.`,
    })
  const changed = changesOf(state, change, at)
  const isNew = changed.phase !== undefined && changed.phase !== state.phase
  return { ...state, ...changed, sinceMs: isNew || changed.step !== undefined ? at.nowMs : state.sinceMs }
}
