/**
 * How far two endpoints agree on whether to call a tool, after Moonshot's K2-Vendor-Verifier: the reference's answer is taken for
 * the truth, F1 is what the other reaches. What the reference reaches against itself is the noise floor, without which a
 * comparison fails the original as well. Pure.
 */

import { signTest } from '#probe/interval.ts'

/** `null`: no answer came, after repeats. */
export type Trigger = boolean | null

/** F1 of calls that the reference makes as well; 1 where neither ever calls. An answer that did not come is a miss. */
export const triggerF1 = (reference: readonly Trigger[], other: readonly Trigger[]): number => {
  let both = 0
  let missed = 0
  let extra = 0
  for (const [place, wanted] of reference.entries()) {
    const got = other[place] ?? null
    if (wanted === true && got === true) both += 1
    else if (wanted === true) missed += 1
    else if (got === true) extra += 1
  }
  return both + missed + extra === 0 ? 1 : (2 * both) / (2 * both + missed + extra)
}

export type Comparison = {
  readonly f1: number
  /** The reference against itself. */
  readonly floor: number
  /** Cases where only the target, or only the repeated reference, differs from the reference. */
  readonly targetOnly: number
  readonly floorOnly: number
  /** Chance of so one-sided a result if the target were no worse than the reference is to itself. */
  readonly chance: number
}

/** Compares the target with the reference, on cases where the reference answered twice. */
export const compareTriggers = (
  target: readonly Trigger[],
  reference: readonly Trigger[],
  again: readonly Trigger[],
): Comparison => {
  const places = reference.flatMap((value, place) => (value === null || (again[place] ?? null) === null ? [] : [place]))
  const at = (list: readonly Trigger[]): readonly Trigger[] => places.map((place) => list[place] ?? null)
  const [own, first, second] = [at(target), at(reference), at(again)]
  const differs = (list: readonly Trigger[], place: number): boolean => list[place] !== first[place]
  const targetOnly = first.filter((_, place) => differs(own, place) && !differs(second, place)).length
  const floorOnly = first.filter((_, place) => !differs(own, place) && differs(second, place)).length
  return {
    f1: triggerF1(first, own),
    floor: triggerF1(first, second),
    targetOnly,
    floorOnly,
    chance: signTest(targetOnly, targetOnly + floorOnly),
  }
}
