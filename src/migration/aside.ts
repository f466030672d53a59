/**
 * Turns that no step of this evidence has split: they count against limits, and in no comparison of the arms. Each reason is a step of its own, below the first one.
 */

export const asideSteps = {
  /** Of a conversation that goes on since before the evidence began anew: which of them go on may depend on their arm. */
  carried: -1,
  /** Its caller went by a percentage that no step has. */
  other_percent: -2,
  /** Its caller did not say by which percentage it went, and the step changed in its time. */
  step_changed: -3,
} as const

export type AsideReason = keyof typeof asideSteps

export const asideReasons = Object.keys(asideSteps) as readonly AsideReason[]
