/**
 * Whether units fall to the arms as the weights say. Where they do not, something loses or doubles outcomes of one arm, and no comparison holds. A sequential
 * test of a multinomial with known chances (Lindon & Malek, NeurIPS 2022): reaches 1/α with a probability of at most α while the split is right.
 */

import { lnBeta } from './beta-function.ts'

/** Units of each arm that were assigned while the candidate's weight was `weight`, 0 < weight < 1. */
export type ArmUnits = { readonly weight: number; readonly candidate: number; readonly baseline: number }

/** How many units the prior counts for: splits that are off by a tenth are found, smaller ones later. */
const priorUnits = 500

export const lnSplitWrong = (counts: readonly ArmUnits[]): number => {
  let lnE = 0
  for (const { weight, candidate, baseline } of counts) {
    const a = priorUnits * weight
    const b = priorUnits * (1 - weight)
    lnE += lnBeta(a + candidate, b + baseline) - lnBeta(a, b)
    lnE -= candidate * Math.log(weight) + baseline * Math.log1p(-weight)
  }
  return lnE
}
