/**
 * What shadowing has found so far, as integers that add up in any order. A candidate is held against the noise floor: the same question is put to the baseline a second
 * time, and the candidate must not disagree with the first answer more often than the baseline does with itself (T5: of the questions on which exactly one of the
 * two disagrees, neither is the worse one).
 */

import { lnPairsWorse } from './pair-test.ts'
import type { Answer, Comparator, Comparison } from './shadow-compare.ts'
import { comparators, compareAnswers, firstDifference } from './shadow-compare.ts'
import type { Preference } from './shadow-judge.ts'

/** One question: the answer that the caller got, the candidate's, and the baseline's second one where it was asked for. */
export type Shadowed = {
  readonly primary: Answer
  readonly candidate: Answer
  readonly repeat: Answer | null
  /** What a judge preferred, of the caller's answer (`one`) and each of the others; absent or `null` = none was asked, or gave no verdict. */
  readonly judged?: { readonly candidate: Preference | null; readonly repeat: Preference | null }
}

export type ComparatorSums = {
  /** Questions on which the candidate could be compared, and on which it differed. */
  readonly compared: number
  readonly differed: number
  /** Of those that the baseline answered twice: on which only the candidate, only the baseline, both differed from the first answer. */
  readonly repeated: number
  readonly candidateOnly: number
  readonly repeatOnly: number
  readonly both: number
}

export type ShadowSums = {
  readonly questions: number
  readonly by: Readonly<Record<Comparator, ComparatorSums>>
  /** Whether a tool was called: by both, by the candidate alone, by the baseline alone. */
  readonly calls: { readonly both: number; readonly candidate: number; readonly baseline: number }
  /** By the first respect in which they differed. */
  readonly first: Readonly<Record<Comparator, number>>
  /** Answers between which a judge decided: for the candidate, for the baseline, for neither, and for a place. */
  readonly judged: {
    readonly candidate: number
    readonly baseline: number
    readonly tie: number
    readonly swapped: number
  }
  /** The same prompts as both providers count them, in tokens: their tokenizers compared. */
  readonly prompts: { readonly pairs: number; readonly baseline: number; readonly candidate: number }
}

const none: ComparatorSums = { compared: 0, differed: 0, repeated: 0, candidateOnly: 0, repeatOnly: 0, both: 0 }

const perComparator = <T>(of: (name: Comparator) => T): Readonly<Record<Comparator, T>> =>
  Object.fromEntries(comparators.map((name) => [name, of(name)])) as Record<Comparator, T>

export const noShadows: ShadowSums = {
  questions: 0,
  by: perComparator(() => none),
  calls: { both: 0, candidate: 0, baseline: 0 },
  first: perComparator(() => 0),
  judged: { candidate: 0, baseline: 0, tie: 0, swapped: 0 },
  prompts: { pairs: 0, baseline: 0, candidate: 0 },
}

const promptsOf = ({ inputTokens: baseline }: Answer, { inputTokens: candidate }: Answer): ShadowSums['prompts'] =>
  typeof baseline === 'number' && typeof candidate === 'number' ? { pairs: 1, baseline, candidate } : noShadows.prompts

const oneOf = (candidate: boolean | null, repeat: boolean | null): ComparatorSums => {
  if (candidate === null) return none
  const differs = candidate ? 0 : 1
  if (repeat === null) return { ...none, compared: 1, differed: differs }
  const isBoth = !candidate && !repeat
  return {
    compared: 1,
    differed: differs,
    repeated: 1,
    candidateOnly: !candidate && repeat ? 1 : 0,
    repeatOnly: candidate && !repeat ? 1 : 0,
    both: isBoth ? 1 : 0,
  }
}

/** Whether an answer is no worse than the one that the caller got; `null` = nobody judged. */
const heldUp = (preference: Preference | null | undefined): boolean | null =>
  preference === null || preference === undefined ? null : preference !== 'one'

const judgedOf = (preference: Preference | null | undefined): ShadowSums['judged'] => ({
  candidate: preference === 'other' ? 1 : 0,
  baseline: preference === 'one' ? 1 : 0,
  tie: preference === 'tie' ? 1 : 0,
  swapped: preference === 'swapped' ? 1 : 0,
})

const sumsOf = ({ primary, candidate, repeat, judged }: Shadowed): ShadowSums => {
  const compared = { ...compareAnswers(primary, candidate), judged: heldUp(judged?.candidate) }
  const floor: Comparison | null =
    repeat === null ? null : { ...compareAnswers(primary, repeat), judged: heldUp(judged?.repeat) }
  const first = firstDifference(compared)
  const [isCalled, byCandidate] = [primary.tools.length > 0, candidate.tools.length > 0]
  return {
    questions: 1,
    by: perComparator((name) => oneOf(compared[name], floor?.[name] ?? null)),
    calls: {
      both: isCalled && byCandidate ? 1 : 0,
      candidate: byCandidate && !isCalled ? 1 : 0,
      baseline: isCalled && !byCandidate ? 1 : 0,
    },
    first: perComparator((name) => (name === first ? 1 : 0)),
    judged: judgedOf(judged?.candidate),
    prompts: promptsOf(primary, candidate),
  }
}

const added = <T extends Readonly<Record<string, number>>>(one: T, other: T): T =>
  Object.fromEntries(Object.entries(one).map(([name, count]) => [name, count + (other[name] ?? 0)])) as unknown as T

/** Sums of two nodes, or of two hours. */
export const joinShadows = (one: ShadowSums, other: ShadowSums): ShadowSums => ({
  questions: one.questions + other.questions,
  by: perComparator((name) => added(one.by[name], other.by[name])),
  calls: added(one.calls, other.calls),
  first: added(one.first, other.first),
  judged: added(one.judged, other.judged),
  prompts: added(one.prompts, other.prompts),
})

/** The sums with one question more. */
export const addShadow = (sums: ShadowSums, shadowed: Shadowed): ShadowSums => joinShadows(sums, sumsOf(shadowed))

export type Finding = {
  readonly comparator: Comparator
  readonly compared: number
  /** How often the candidate differed, and how often the baseline differed from itself, in [0, 1]; `null` = nothing was compared. */
  readonly share: number | null
  readonly floor: number | null
  /** ln of the evidence that the candidate is the worse one. */
  readonly lnE: number
  readonly isWorse: boolean
}

const shareOf = (count: number, of: number): number | null => (of === 0 ? null : count / of)

/**
 * What can be said now. The chance that any comparator is ever called worse while the candidate is no worse than the baseline is `alpha` at most, however often
 * one looks: it is split over those in which it may be called worse (`respects`). Without second answers nothing is called worse.
 */
export const findingsOf = (
  { by }: ShadowSums,
  alpha: number,
  respects: readonly Comparator[] = comparators,
): readonly Finding[] =>
  comparators.map((comparator) => {
    const { compared, differed, repeated, candidateOnly, repeatOnly, both } = by[comparator]
    const lnE = candidateOnly + repeatOnly === 0 ? 0 : lnPairsWorse({ candidate: candidateOnly, other: repeatOnly })
    return {
      comparator,
      compared,
      share: shareOf(differed, compared),
      floor: shareOf(repeatOnly + both, repeated),
      lnE,
      isWorse: respects.includes(comparator) && lnE >= Math.log(respects.length / alpha),
    }
  })

/** How well the candidate calls tools when the baseline does: the harmonic mean of precision and recall, in [0, 1]; `null` = neither called any. */
export const callScoreOf = ({ calls: { both, candidate, baseline } }: ShadowSums): number | null =>
  shareOf(2 * both, 2 * both + candidate + baseline)
