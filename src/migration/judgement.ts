/** What the evidence says, test by test. A pure function of the sums: the same sums give the same judgement, on every node and on every replay. */

import type { Cell, CellName, Evidence, SizeSums, Stratum } from './evidence.ts'
import { cellKey } from './evidence.ts'
import type { AbsoluteTest, Judge, MeanTest, RelativeTest, Test } from './judge.ts'
import { splitAlpha } from './judge.ts'
import type { Difference } from './mean-test.ts'
import { differenceOf } from './mean-test.ts'
import type { MetricName } from './metric.ts'
import type { Arm } from './observation.ts'
import type { Interval, Share } from './proportion-test.ts'
import { lnAbove, lnBelow, shareInterval } from './proportion-test.ts'
import type { ArmHits } from './relative-test.ts'
import { lnWorse } from './relative-test.ts'
import { lnSplitWrong } from './split-guard.ts'

export type ArmFigure = Share & { readonly share: number | null; readonly interval: Interval }

/** How one test stands. */
export type Finding = {
  readonly metric: MetricName
  readonly kind: Test['kind']
  readonly limit: number
  /** Of a time: a conversation is a hit when one of its turns took longer than this, in milliseconds; `null` = it is no time. */
  readonly aboveMs: number | null
  /** What it is that was found. */
  readonly crossed: boolean
  /** Of an absolute test: that the candidate is shown to be within the limit. */
  readonly passed: boolean
  /** Of an absolute test: that the baseline breaks the limit as well. */
  readonly baselineCrossed: boolean
  /** ln E and the ln 1/α that it must reach; `null` for means, which have a band instead. */
  readonly lnE: number | null
  readonly lnNeeded: number
  readonly candidate: ArmFigure | null
  readonly baseline: ArmFigure | null
  readonly difference: Difference | null
  readonly onFail: 'rollback' | 'pause'
  readonly critical: boolean
  readonly dryRun: boolean
}

export type Judgement = {
  readonly findings: readonly Finding[]
  /** Units fall to the arms in another proportion than they should. */
  readonly splitWrong: boolean
  readonly lnSplit: number
  /** Conversations, and turns that stand alone, that met each arm. */
  readonly units: Readonly<Record<Arm, number>>
}

/** The candidate's weight in each step, in [0, 1]. */
export type Weights = readonly number[]

const strata: readonly Stratum[] = ['conversation', 'turn']
const whole = { low: 0, high: 1 }

const cellsOf = (evidence: Evidence, arm: Arm): readonly Cell[] =>
  [...evidence.values()].filter((cell) => cell.arm === arm)

const shareOf = (evidence: Evidence, arm: Arm, column: number): Share => {
  let hits = 0
  let seen = 0
  for (const { units } of cellsOf(evidence, arm)) {
    hits += units.hits[column] ?? 0
    seen += units.seen[column] ?? 0
  }
  return { hits, seen }
}

const figureOf = (share: Share, alpha: number): ArmFigure => ({
  ...share,
  share: share.seen === 0 ? null : share.hits / share.seen,
  interval: share.seen === 0 ? whole : shareInterval(share, alpha),
})

type Split = { readonly weight: number; readonly candidate: Cell | null; readonly baseline: Cell | null }

/** Steps and strata in which both arms were assigned, in the order of the steps. */
const splitsOf = (evidence: Evidence, weights: Weights): readonly Split[] =>
  weights.flatMap((weight, step) => {
    if (weight <= 0 || weight >= 1) return []
    return strata.flatMap((stratum) => {
      const of = (arm: CellName['arm']): Cell | null => evidence.get(cellKey({ step, arm, stratum })) ?? null
      const [candidate, baseline] = [of('candidate'), of('baseline')]
      return candidate === null && baseline === null ? [] : [{ weight, candidate, baseline }]
    })
  })

const hitsOf = (splits: readonly Split[], column: number): readonly ArmHits[] =>
  splits.map(({ weight, candidate, baseline }) => ({
    weight,
    candidate: candidate?.units.hits[column] ?? 0,
    baseline: baseline?.units.hits[column] ?? 0,
  }))

const swapped = (hits: readonly ArmHits[]): readonly ArmHits[] =>
  hits.map(({ weight, candidate, baseline }) => ({ weight: 1 - weight, candidate: baseline, baseline: candidate }))

const aboveOf = ({ columns }: Judge, { column }: Test): number | null => {
  const found = columns[column]
  return found?.kind === 'mark' ? found.above : null
}

const startOf = (test: Test, judge: Judge) => ({
  metric: test.metric,
  kind: test.kind,
  aboveMs: aboveOf(judge, test),
  passed: false,
  baselineCrossed: false,
  difference: null,
  onFail: test.onFail,
  critical: test.critical,
  dryRun: test.dryRun,
})

const needed = (test: Test): number => -Math.log(test.alpha)

/** Plain shares against the limit, once enough were seen. */
const isOver = ({ hits, seen }: Share, limit: number, sampleMin: number): boolean =>
  seen >= sampleMin && hits / seen > limit

const absolute = (test: AbsoluteTest, evidence: Evidence, judge: Judge): Finding => {
  const candidate = shareOf(evidence, 'candidate', test.column)
  const baseline = shareOf(evidence, 'baseline', test.column)
  const { limit } = test
  const lnNeeded = needed(test)
  const figures = { candidate: figureOf(candidate, test.alpha), baseline: figureOf(baseline, test.alpha) }
  const found = { ...startOf(test, judge), ...figures, limit, lnNeeded }
  if (judge.policy === 'thresholds') {
    const { thresholdSample } = judge
    return {
      ...found,
      crossed: isOver(candidate, limit, thresholdSample),
      passed: candidate.seen >= thresholdSample && candidate.hits / candidate.seen <= limit,
      baselineCrossed: isOver(baseline, limit, thresholdSample),
      lnE: null,
    }
  }
  if (limit <= 0 || limit >= 1) {
    const crossed = limit <= 0 && candidate.hits > 0
    return { ...found, crossed, passed: limit >= 1, baselineCrossed: limit <= 0 && baseline.hits > 0, lnE: null }
  }
  const lnE = lnAbove(candidate, limit)
  return {
    ...found,
    crossed: lnE >= lnNeeded,
    passed: lnBelow(candidate, limit) >= lnNeeded,
    baselineCrossed: lnAbove(baseline, limit) >= lnNeeded,
    lnE,
  }
}

const relative = (test: RelativeTest, given: Given): Finding => {
  const { evidence, splits, judge } = given
  const candidate = figureOf(shareOf(evidence, 'candidate', test.column), test.alpha)
  const baseline = figureOf(shareOf(evidence, 'baseline', test.column), test.alpha)
  const found = { ...startOf(test, judge), candidate, baseline, limit: test.maxRatio ?? test.minRatio ?? 1 }
  if (judge.policy === 'thresholds') {
    const enough = Math.min(candidate.seen, baseline.seen) >= judge.thresholdSample
    const [mine, theirs] = [candidate.share ?? 0, baseline.share ?? 0]
    const isHigh = test.maxRatio !== null && mine > theirs * test.maxRatio && mine > 0
    const isLow = test.minRatio !== null && mine < theirs * test.minRatio
    return { ...found, crossed: enough && (isHigh || isLow), lnE: null, lnNeeded: needed(test) }
  }
  const hits = hitsOf(splits, test.column)
  const lnHigh = test.maxRatio === null ? Number.NEGATIVE_INFINITY : lnWorse(hits, test.maxRatio)
  const lnLow = test.minRatio === null ? Number.NEGATIVE_INFINITY : lnWorse(swapped(hits), 1 / test.minRatio)
  // Two questions share the chance of error.
  const lnNeeded = needed(test) + (test.maxRatio !== null && test.minRatio !== null ? Math.LN2 : 0)
  const lnE = Math.max(lnHigh, lnLow)
  return { ...found, crossed: lnE >= lnNeeded, lnE, lnNeeded }
}

const noSums: SizeSums = { units: 0, count: 0n, total: 0n, countSquared: 0n, totalSquared: 0n, cross: 0n }

const mean = (test: MeanTest, { splits, judge }: Given): Finding => {
  const sums = (cell: Cell | null): SizeSums => cell?.units.sizes[test.size] ?? noSums
  const pairs = splits.map(({ candidate, baseline }) => ({ candidate: sums(candidate), baseline: sums(baseline) }))
  const difference = differenceOf(pairs, test.alpha)
  const limits = {
    high: test.maxRatio === null ? Number.POSITIVE_INFINITY : Math.log(test.maxRatio),
    low: test.minRatio === null ? Number.NEGATIVE_INFINITY : Math.log(test.minRatio),
  }
  const isPlain = judge.policy === 'thresholds'
  const low = isPlain ? difference?.difference : difference?.low
  const high = isPlain ? difference?.difference : difference?.high
  const crossed = (low ?? Number.NEGATIVE_INFINITY) > limits.high || (high ?? Number.POSITIVE_INFINITY) < limits.low
  return {
    ...startOf(test, judge),
    limit: test.maxRatio ?? test.minRatio ?? 1,
    crossed,
    lnE: null,
    lnNeeded: needed(test),
    candidate: null,
    baseline: null,
    difference,
  }
}

type Given = { readonly evidence: Evidence; readonly splits: readonly Split[]; readonly judge: Judge }

/** `weights` by step, as far as the itinerary goes. */
export const judgementOf = (judge: Judge, evidence: Evidence, weights: Weights): Judgement => {
  const splits = splitsOf(evidence, weights)
  const given = { evidence, splits, judge }
  const unitsOf = (arm: Arm): number => cellsOf(evidence, arm).reduce((sum, { units }) => sum + units.units, 0)
  const lnSplit = lnSplitWrong(
    splits.map(({ weight, candidate, baseline }) => ({
      weight,
      candidate: candidate?.units.units ?? 0,
      baseline: baseline?.units.units ?? 0,
    })),
  )
  return {
    findings: judge.tests.map((test) => {
      if (test.kind === 'absolute') return absolute(test, evidence, judge)
      return test.kind === 'relative' ? relative(test, given) : mean(test, given)
    }),
    splitWrong: lnSplit >= -Math.log(splitAlpha),
    lnSplit,
    units: { baseline: unitsOf('baseline'), candidate: unitsOf('candidate') },
  }
}
