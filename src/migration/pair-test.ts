/**
 * T5: pairs that disagree. Under "neither is worse" each pair of which exactly one side fails is a fair coin; the same kind of mixture as T1 holds it against ½.
 */

import { lnBeta, lnBetaAbove } from './beta-function.ts'

/** Pairs in which only the candidate's side, only the other side failed. */
export type Pairs = { readonly candidate: number; readonly other: number }

/** ln E against "the candidate's side is the worse one of at most half of the pairs that disagree". */
export const lnPairsWorse = ({ candidate, other }: Pairs): number =>
  lnBeta(1 + candidate, 1 + other) +
  lnBetaAbove(0.5, 1 + candidate, 1 + other) -
  lnBeta(1, 1) -
  Math.log(0.5) +
  (candidate + other) * Math.LN2
