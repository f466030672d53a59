import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driftAfter, driftWatchesOf, hasDrifted } from './drift.ts'
import { addTurns } from './evidence.ts'
import type { MeanSums } from './mean-test.ts'
import { differenceOf } from './mean-test.ts'
import { lnPairsWorse } from './pair-test.ts'
import { lnAbove, lnBelow, shareInterval, shownBelow } from './proportion-test.ts'
import { lnMeanExp, lnWorse } from './relative-test.ts'
import {
  alarmBounds,
  passBounds,
  quantile,
  seededChance,
  unitsToAlarm,
  unitsToPass,
  unitsToRelativeAlarm,
} from './simulate.ts'
import { lnSplitWrong } from './split-guard.ts'
import { sampleTurn } from './test-turn.ts'

/** The long form, with ten thousand runs of each and the whole table, is `test/load/migration-simulate.ts`. */
const runs = 500
const needed = -Math.log(0.01)
const limit = 0.01

const many = (seed: number, run: (chance: () => number) => number | null): readonly number[] => {
  const chance = seededChance(seed)
  return Array.from({ length: runs }, () => run(chance) ?? Number.POSITIVE_INFINITY)
}
const alarms = (found: readonly number[]): number => found.filter(Number.isFinite).length / runs
/** Within what 500 runs can show: the medians of the design are held to 10 % by the long form. */
const isNear = (found: number, expected: number): void =>
  assert.ok(Math.abs(found / expected - 1) < 0.2, `${found} is not about ${expected}`)

test('three dead calls in a row are enough, 580 clean ones show less than 1 %', () => {
  assert.ok(lnAbove({ hits: 2, seen: 2 }, limit) < needed)
  assert.ok(lnAbove({ hits: 3, seen: 3 }, limit) >= needed)
  assert.ok(lnBelow({ hits: 0, seen: 580 }, limit) >= needed)
  assert.ok(lnBelow({ hits: 0, seen: 579 }, limit) < needed)
  assert.ok(lnBelow({ hits: 0, seen: 392 }, limit) >= -Math.log(0.05))
  const atMost = (seen: number, hits = 0): number => shownBelow({ hits, seen }, 0.01)
  assert.ok(atMost(580) <= limit && atMost(579) > limit, 'what is told to be shown is what opens a gate')
  assert.deepEqual([atMost(0), atMost(10, 10)], [1, 1])
  assert.ok(atMost(5_000, 3) < 0.003 && atMost(5_000, 3) > 3 / 5_000)
})

test('a candidate at its limit is moved back in at most α of the runs, however often one looks', () => {
  const bounds = alarmBounds(limit, needed)
  const at = (share: number) =>
    many(7, (chance) => unitsToAlarm(bounds, { share, horizon: 100_000, chance })?.units ?? null)
  assert.ok(alarms(at(0.01)) <= 0.02)
  assert.equal(alarms(at(0.004)), 0)
  for (const [share, median] of [
    [0.02, 1_206],
    [0.03, 358],
    [0.05, 120],
    [0.1, 43],
  ] as const)
    isNear(quantile(at(share), 0.5), median)
})

test('what is below its limit is shown to be, in the time that the design says', () => {
  const bounds = passBounds(limit, needed)
  const at = (share: number) => many(3, (chance) => unitsToPass(bounds, { share, horizon: 100_000, chance }))
  assert.ok(alarms(at(0.01)) <= 0.02)
  isNear(quantile(at(0.005), 0.5), 3_096)
})

test('the relative test keeps its level, also under storms over both arms, and finds what is worse', () => {
  const run = (candidate: number, storm?: (units: number) => number) =>
    many(5, (chance) =>
      unitsToRelativeAlarm({
        candidate,
        baseline: 0.005,
        weight: 0.1,
        maxRatio: 1,
        lnNeeded: needed,
        horizon: 30_000,
        chance,
        ...(storm && { storm }),
      }),
    )
  assert.ok(alarms(run(0.005)) <= 0.02)
  assert.ok(alarms(run(0.005, (units) => (units % 5_000 < 500 ? 20 : 1))) <= 0.02)
  isNear(quantile(run(0.05), 0.5) * 0.1, 92)
})

test('the relative test adds up over steps: it is a product over them', () => {
  const one = { weight: 0.1, candidate: 3, baseline: 9 }
  const other = { weight: 0.5, candidate: 2, baseline: 1 }
  assert.equal(lnWorse([one, other], 1), lnWorse([other, one], 1))
  assert.ok(lnWorse([{ weight: 0.1, candidate: 8, baseline: 3 }], 1) > needed)
  assert.equal(lnWorse([], 1), 0)
})

const sumsOf = (values: readonly number[]): MeanSums => {
  const whole = values.map((value) => BigInt(Math.round(value * 1e6)))
  const total = whole.reduce((sum, value) => sum + value, 0n)
  return {
    units: values.length,
    count: BigInt(values.length),
    total,
    countSquared: BigInt(values.length),
    totalSquared: whole.reduce((sum, value) => sum + value * value, 0n),
    cross: total,
  }
}

test('means are compared within a step, and turns of one conversation are no independent samples', () => {
  const chance = seededChance(11)
  const noisy = (mean: number, count: number): readonly number[] =>
    Array.from({ length: count }, () => mean + (chance() + chance() + chance() - 1.5) * 2)
  const equal = { candidate: sumsOf(noisy(5, 200)), baseline: sumsOf(noisy(5, 1_800)) }
  const later = { candidate: sumsOf(noisy(7, 1_000)), baseline: sumsOf(noisy(7, 1_000)) }
  const found = differenceOf([equal, later], 0.01)
  assert.ok(found !== null && found.low < 0 && found.high > 0 && Math.abs(found.difference) < 0.2)
  const larger = { candidate: sumsOf(noisy(5.7, 400)), baseline: sumsOf(noisy(5, 3_600)) }
  assert.ok((differenceOf([larger], 0.01)?.low ?? 0) > Math.log(1.25))
  assert.equal(differenceOf([{ candidate: sumsOf(noisy(5, 99)), baseline: sumsOf(noisy(5, 900)) }], 0.01), null)
  // A step of two conversations has a variance, a step of one has none and is left out.
  const besides = (count: number) =>
    differenceOf([larger, { candidate: sumsOf([9, 4].slice(0, count)), baseline: sumsOf(noisy(5, 200)) }], 0.01)
  assert.deepEqual(besides(1), differenceOf([larger], 0.01))
  assert.equal(besides(2)?.units, 402)
  // Ten equal turns of each conversation say no more than one of them.
  const ten = ({ units, total, totalSquared }: MeanSums): MeanSums => ({
    units,
    count: BigInt(units) * 10n,
    total: total * 10n,
    countSquared: BigInt(units) * 100n,
    totalSquared: totalSquared * 100n,
    cross: total * 100n,
  })
  const repeated = differenceOf([{ candidate: ten(larger.candidate), baseline: ten(larger.baseline) }], 0.01)
  const single = differenceOf([larger], 0.01)
  assert.ok(Math.abs((repeated?.low ?? 0) - (single?.low ?? 1)) < 1e-9)
})

test('pairs that disagree, drift after promotion, and a split that is not as the weights say are found', () => {
  assert.ok(lnPairsWorse({ candidate: 27, other: 5 }) > needed)
  assert.ok(lnPairsWorse({ candidate: 20, other: 20 }) < 0)
  const base = { mean: 5, deviation: 1 }
  let sum = 0
  for (let count = 0; count < 30; count += 1) sum = driftAfter(sum, 5 + Math.log(2), base)
  assert.ok(hasDrifted(sum))
  assert.equal(driftAfter(0, 5, base), 0)
  assert.ok(lnSplitWrong([{ weight: 0.1, candidate: 100, baseline: 900 }]) < 0)
  assert.ok(lnSplitWrong([{ weight: 0.1, candidate: 40, baseline: 960 }]) > -Math.log(0.001))
})

test('what a candidate was during its migration is the base that it is held against afterwards', () => {
  const columns = [{ kind: 'size', metric: 'completion-tokens' }] as const
  const chance = seededChance(4)
  const turns = Array.from({ length: 4_000 }, (_unused, index) => ({
    step: 0,
    turn: sampleTurn({
      unit: `u-${index % 1_000}`,
      ttftMs: 300,
      tokens: { input: 1, cachedInput: null, output: Math.round(Math.exp(4 + chance())), reasoning: null },
    }),
  }))
  const { cells } = addTurns(turns, { columns, known: new Map(), evidence: new Map() })
  const [tokens, ...others] = driftWatchesOf(columns, cells)
  assert.equal(tokens?.name, 'completion-tokens')
  assert.ok(Math.abs((tokens?.mean ?? 0) - 4.51) < 0.03 && Math.abs((tokens?.deviation ?? 0) - 0.287) < 0.02)
  assert.deepEqual(others, [], 'what did not vary is not watched')
  const few = addTurns(turns.slice(0, 99), { columns, known: new Map(), evidence: new Map() })
  assert.deepEqual(driftWatchesOf(columns, few.cells), [])
})

test('the interval of a share holds it at all times at once with the chance that it says', () => {
  const chance = seededChance(2)
  let missed = 0
  for (let run = 0; run < 200; run += 1) {
    let hits = 0
    for (let seen = 1; seen <= 400; seen += 1) {
      if (chance() < 0.1) hits += 1
      if (seen % 20 !== 0) continue
      const { low, high } = shareInterval({ hits, seen }, 0.05)
      assert.ok(low <= hits / seen && high >= hits / seen)
      if (low <= 0.1 && high >= 0.1) continue
      missed += 1
      break
    }
  }
  assert.ok(missed <= 200 * 0.05 + 7, `${missed} of 200`)
  assert.deepEqual(shareInterval({ hits: 0, seen: 0 }, 0.05), { low: 0, high: 1 })
})

test('where there is too little of an arm there is no difference, and a step of one arm alone is no part of it', () => {
  const sums = (units: number, total: number): MeanSums => ({
    units,
    count: BigInt(units),
    total: BigInt(total) * 1_000_000n,
    countSquared: BigInt(units),
    totalSquared: BigInt(2 * total) * 1_000_000_000_000n,
    cross: BigInt(total) * 1_000_000n,
  })
  const none = sums(0, 0)
  const enough = { candidate: sums(400, 800), baseline: sums(400, 400) }
  assert.equal(differenceOf([], 0.01), null)
  assert.equal(differenceOf([{ candidate: none, baseline: none }], 0.01), null)
  assert.equal(differenceOf([{ candidate: sums(1, 1), baseline: sums(400, 400) }], 0.01), null)
  assert.equal(differenceOf([{ candidate: sums(3, 6), baseline: sums(400, 400) }], 0.01), null)
  const noCount = { ...sums(400, 0), count: 0n }
  assert.equal(differenceOf([{ candidate: noCount, baseline: sums(400, 400) }], 0.01), null)
  const of = (units: number) => differenceOf([{ candidate: sums(units, 2 * units), baseline: sums(400, 400) }], 0.01)
  assert.deepEqual([of(99), of(100)?.units], [null, 100], 'a hundred are enough')
  const found = differenceOf([enough], 0.01)
  assert.ok(found !== null && Math.abs(found.difference - 1) < 1e-12, JSON.stringify(found))
  assert.ok(found.low < found.difference && found.high > found.difference)
  assert.equal(found.units, 400)
  assert.deepEqual(differenceOf([enough, { candidate: sums(9, 900), baseline: none }], 0.01), found)
})

test('the mean of what is nothing is nothing, and of large logarithms no overflow', () => {
  assert.equal(lnMeanExp([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]), Number.NEGATIVE_INFINITY)
  assert.equal(lnMeanExp([0, Number.NEGATIVE_INFINITY]), Math.log(0.5))
  assert.ok(Math.abs(lnMeanExp([2_000, 2_000 + Math.log(3)]) - (2_000 + Math.log(2))) < 1e-9)
})

test('an interval that must hold almost surely says nothing of a few', () => {
  assert.deepEqual(shareInterval({ hits: 1, seen: 2 }, 1e-20), { low: 0, high: 1 })
  assert.equal(shareInterval({ hits: 0, seen: 50 }, 0.05).low, 0)
  assert.equal(shareInterval({ hits: 50, seen: 50 }, 0.05).high, 1)
  assert.ok(shareInterval({ hits: 1, seen: 1 }, 0.05).low > 0, 'one of one is no chance of nothing')
})

test('the same sums give the same figures in every version: what was decided on them is decided again when it is replayed', () => {
  const near = (found: number | undefined, pinned: number): void =>
    assert.ok(Math.abs((found ?? 0) - pinned) < 1e-9, `${found} is not ${pinned}`)
  near(lnAbove({ hits: 4, seen: 90 }, 0.02), 0.672_244_822_979_454_4)
  near(lnBelow({ hits: 2, seen: 700 }, 0.01), 1.950_861_496_400_875_7)
  near(lnPairsWorse({ candidate: 14, other: 5 }), 1.485_128_206_368_806)
  const [early, later] = [
    { weight: 0.1, candidate: 9, baseline: 30 },
    { weight: 0.5, candidate: 12, baseline: 7 },
  ]
  near(lnWorse([early, later], 1.25), 0.583_181_900_287_990_8)
  // By fifty digits of the same mean; a share sixteen times as large carries it.
  near(lnWorse([{ weight: 0.5, candidate: 80, baseline: 4 }], 1.25), 32.704_173_306_203_387)
  near(lnSplitWrong([{ weight: 0.1, candidate: 70, baseline: 930 }]), 3.103_955_402_965_709_7)
  const { low, high } = shareInterval({ hits: 7, seen: 80 }, 0.05)
  near(low, 0.017_720_519_079_975_32)
  near(high, 0.232_612_875_882_214_38)
  // Shares that are not near zero have the other half of the mixture.
  const middle = shareInterval({ hits: 40, seen: 80 }, 0.05)
  near(middle.low, 0.318_328_191_023_340_53)
  near(middle.low + middle.high, 1)
  near(shareInterval({ hits: 73, seen: 80 }, 0.05).low, 0.760_917_473_862_434_5)
  const sums = (units: number, total: number): MeanSums => ({
    units,
    count: BigInt(units) * 2n,
    total: BigInt(total) * 1_000_000n,
    countSquared: BigInt(units) * 4n,
    totalSquared: BigInt(3 * total) * 1_000_000_000_000n,
    cross: BigInt(2 * total) * 1_000_000n,
  })
  const steps = [
    { candidate: sums(400, 900), baseline: sums(500, 800) },
    { candidate: sums(60, 150), baseline: sums(90, 140) },
  ]
  const found = differenceOf(steps, 0.01)
  near(found?.difference, 0.345_524_956_970_740_1)
  near(found?.low, 0.187_854_335_323_943_47)
  near(found?.high, 0.503_195_578_617_536_7)
  assert.equal(found?.units, 460)
})
