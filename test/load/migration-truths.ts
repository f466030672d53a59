/** The scenarios of `migration-simulate.ts`: truth, test, what the design expects of it. */

import type { MeanSums } from '#migration/mean-test.ts'
import { differenceOf } from '#migration/mean-test.ts'
import { lnPairsWorse } from '#migration/pair-test.ts'
import { lnAbove } from '#migration/proportion-test.ts'
import { lnWorse } from '#migration/relative-test.ts'
import {
  alarmBounds,
  passBounds,
  quantile,
  seededChance,
  trialsToHit,
  unitsToAlarm,
  unitsToPass,
  unitsToRelativeAlarm,
} from '#migration/simulate.ts'
import { sampleTurn } from '#migration/test-turn.ts'
import { waitingTurns } from '#migration/waiting-turns.ts'
import type { Scenario } from './migration-contrast.ts'
import { drifting, naive, normalOf } from './migration-contrast.ts'
import { byNodes } from './migration-nodes.ts'

export type Row = {
  readonly test: string
  readonly truth: string
  readonly runs: number
  /** Share of the runs that gave an alarm; of a null scenario this must not be more than `shareMax`. */
  readonly alarms: number
  readonly shareMax: number | null
  readonly median: number | null
  readonly ninetieth: number | null
  readonly expectedMedian: number | null
  readonly expectedNinetieth: number | null
  readonly ok: boolean
}

export type Options = { readonly runs: number; readonly seed: number }

/** Three standard errors of a share, so that chance alone does not fail a run. */
const slack = (share: number, runs: number): number => 3 * Math.sqrt((share * (1 - share)) / runs)
const medianTolerance = 0.1

const play = ({ test, truth, run, shareMax, expected, part = 1 }: Scenario, { runs, seed }: Options): Row => {
  const count = Math.max(50, Math.ceil(runs * part))
  const chance = seededChance(seed)
  const found: number[] = []
  for (let index = 0; index < count; index += 1) {
    const units = run(chance)
    if (units !== null) found.push(units)
  }
  const alarms = found.length / count
  const all = [...found, ...Array<number>(count - found.length).fill(Number.POSITIVE_INFINITY)]
  const median = quantile(all, 0.5)
  const ninetieth = quantile(all, 0.9)
  const expectedMedian = expected?.[0] ?? null
  const isNull = shareMax !== undefined
  const error = slack(0.5, count)
  // What the sample of runs itself may be off by: the median lies between these quantiles of it.
  const [low, high] = [quantile(all, 0.5 - error), quantile(all, Math.min(0.999, 0.5 + error))]
  const medianFits =
    expectedMedian === null ||
    (low <= expectedMedian * (1 + medianTolerance) + 1 && high >= expectedMedian * (1 - medianTolerance) - 1)
  const sharesFit = !isNull || alarms <= shareMax + slack(shareMax, count)
  return {
    test,
    truth,
    runs: count,
    alarms,
    shareMax: shareMax ?? null,
    median: Number.isFinite(median) && !isNull ? median : null,
    ninetieth: Number.isFinite(ninetieth) && !isNull ? ninetieth : null,
    expectedMedian,
    expectedNinetieth: expected?.[1] ?? null,
    ok: sharesFit && medianFits,
  }
}

const percent = (share: number): number => Math.round(share * 10_000) / 100

const lnOf = (alpha: number): number => -Math.log(alpha)

const absolute = (): readonly Scenario[] => {
  const bounds = alarmBounds(0.01, lnOf(0.01))
  const strict = alarmBounds(0.01, lnOf(0.001))
  const of =
    (share: number, limits: (hits: number) => number, horizon = 200_000): Scenario['run'] =>
    (chance) =>
      unitsToAlarm(limits, { share, horizon, chance })?.units ?? null
  const expected: readonly (readonly [share: number, median: number, ninetieth: number])[] = [
    [0.015, 5_072, 10_447],
    [0.02, 1_206, 2_728],
    [0.03, 358, 824],
    [0.05, 120, 273],
    [0.1, 43, 88],
    [0.5, 5, 12],
    [1, 3, 3],
  ]
  const stricter: readonly (readonly [share: number, median: number, ninetieth: number])[] = [
    [0.015, 7_466, 14_932],
    [0.02, 1_899, 3_686],
    [0.03, 541, 1_048],
    [0.05, 183, 378],
    [0.1, 56, 111],
    [1, 4, 4],
  ]
  return [
    { test: 'T1 > 1 %', truth: '0.5 % (within)', run: of(0.005, bounds, 100_000), shareMax: 0.01 },
    { test: 'T1 > 1 %', truth: '1.0 % (at the limit)', run: of(0.01, bounds, 100_000), shareMax: 0.01 },
    { test: 'T1 > 1 %', truth: '0.4 % to 1.0 %, by the hour', run: waves(bounds), shareMax: 0.01 },
    ...expected.map(([share, ...figures]) => ({
      test: 'T1 > 1 %',
      truth: `${percent(share)} %`,
      run: of(share, bounds),
      expected: figures,
    })),
    { test: 'T1 > 1 %, α 0.001', truth: '1.0 % (at the limit)', run: of(0.01, strict, 100_000), shareMax: 0.001 },
    ...stricter.map(([share, ...figures]) => ({
      test: 'T1 > 1 %, α 0.001',
      truth: `${percent(share)} %`,
      run: of(share, strict),
      expected: figures,
    })),
    ...(
      [
        [0.018, 2_218, 5_224, '+20 %'],
        [0.03, 492, 1_047, '+43 %'],
        [0.05, 165, 342, '+72 %'],
      ] as const
    ).map(([share, median, ninetieth, slower]) => ({
      // The design's figures for the tail are rough, as it says: they are shown, and not held.
      test: 'T3 p99',
      truth: `${slower} (${(share * 100).toFixed(1)} % above; design: ${median} / ${ninetieth}, rough)`,
      run: of(share, bounds),
    })),
  ]
}

/** A share that goes up and down with time and never above the limit. */
const waves =
  (bounds: (hits: number) => number): Scenario['run'] =>
  (chance) => {
    let units = 0
    let hits = 0
    for (;;) {
      units += trialsToHit(0.01, chance)
      if (units > 100_000) return null
      if (chance() > 0.7 + 0.3 * Math.sin(units / 400)) continue
      hits += 1
      if (units <= bounds(hits)) return units
    }
  }

const unitsOfRun = 1_500
const betweenMs = 50

/** Twenty conversations a second at the limit: those that fail do so at once, the others take half a minute. */
const orderRun =
  (how: 'as they end' | 'as they began'): Scenario['run'] =>
  (chance) => {
    const waiting = waitingTurns()
    const failing = Array.from({ length: unitsOfRun }, () => chance() < 0.01)
    const startOf = (unit: number): number => unit * betweenMs
    const ends = failing
      .map((failed, unit) => ({ unit, atMs: startOf(unit) + (failed ? 100 : 30_000) }))
      .sort((a, b) => a.atMs - b.atMs)
    const share = { hits: 0, seen: 0 }
    const isAlarm = (failed: boolean): boolean => {
      share.seen += 1
      if (failed) share.hits += 1
      return failed && lnAbove(share, 0.01) >= lnOf(0.01)
    }
    let begun = 0
    for (const [index, { unit, atMs }] of ends.entries()) {
      const failed = failing[unit] ?? false
      if (how === 'as they end') {
        if (isAlarm(failed)) return share.seen
        continue
      }
      for (; begun < unitsOfRun && startOf(begun) <= atMs; begun += 1) waiting.began(`${begun}`, startOf(begun))
      const turn = sampleTurn({ id: `${unit}`, startMs: startOf(unit), outcome: failed ? 'timeout' : 'ok' })
      waiting.ended(`${unit}`, { step: 0, turn })
      if (index % 50 !== 0) continue
      for (const told of waiting.take(atMs, unitsOfRun)) if (isAlarm(told.turn.outcome === 'timeout')) return share.seen
    }
    return null
  }

const ordered = (): readonly Scenario[] => [
  {
    test: 'T1 > 1 %, told as they began',
    truth: '1.0 %, failures end first',
    run: orderRun('as they began'),
    shareMax: 0.01,
  },
  {
    test: 'T1 told as they end (for contrast: wrong)',
    truth: '1.0 %, failures end first',
    run: orderRun('as they end'),
    part: 0.1,
  },
]

const passing = (): readonly Scenario[] =>
  (
    [
      [
        0.01,
        [
          [0, 580, null],
          [0.002, 843, 1_643],
          [0.005, 3_096, 5_636],
          [0.007, 9_890, 24_669],
        ],
      ],
      [
        0.05,
        [
          [0, 392, null],
          [0.002, 640, null],
          [0.005, 2_043, null],
        ],
      ],
    ] as const
  ).flatMap(([alpha, truths]) => {
    const bounds = passBounds(0.01, lnOf(alpha))
    const run =
      (share: number): Scenario['run'] =>
      (chance) =>
        unitsToPass(bounds, { share, horizon: 400_000, chance })
    // The design's figure for this one came of a few hundred runs: a loop that looks at every tenth unit gives 6,420 (600 runs), as this does.
    const rough = { test: `pass < 1 %, α ${alpha}`, truth: '0.7 % (design: 7,864, rough)', run: run(0.007) }
    return [
      { test: `pass < 1 %, α ${alpha}`, truth: '1.0 % (not below)', run: run(0.01), shareMax: alpha },
      ...(alpha === 0.05 ? [rough] : []),
      ...truths.map(([share, median, ninetieth]) => ({
        test: `pass < 1 %, α ${alpha}`,
        truth: `${percent(share)} %`,
        run: run(share),
        expected: [median, ninetieth] as const,
      })),
    ]
  })

const relativeRun =
  ({
    share,
    weight,
    maxRatio,
    storm,
  }: {
    share: number
    weight: number
    maxRatio: number
    storm?: (units: number) => number
  }): Scenario['run'] =>
  (chance) => {
    const units = unitsToRelativeAlarm({
      candidate: share,
      baseline: 0.005,
      weight,
      maxRatio,
      lnNeeded: lnOf(0.01),
      horizon: 300_000,
      chance,
      ...(storm && { storm }),
    })
    return units === null ? null : units * weight
  }

/** A storm over both arms: for a tenth of the time everything fails twenty times as often. */
const storm = (units: number): number => (units % 20_000 < 2_000 ? 20 : 1)

const relative = (): readonly Scenario[] => {
  const name = (weight: number, maxRatio: number): string => `T2 w ${weight * 100} %, m ${maxRatio}`
  const nulls = [
    { weight: 0.1, maxRatio: 1, share: 0.005 },
    { weight: 0.5, maxRatio: 1, share: 0.005 },
    { weight: 0.1, maxRatio: 1.5, share: 0.007_5 },
  ].map((one) => ({
    test: name(one.weight, one.maxRatio),
    truth: `${percent(one.share)} % against 0.5 %`,
    run: relativeRun(one),
    shareMax: 0.01,
  }))
  const inStorm = {
    test: name(0.1, 1),
    truth: 'equal, storms over both arms',
    run: relativeRun({ weight: 0.1, maxRatio: 1, share: 0.005, storm }),
    shareMax: 0.01,
  }
  const bad: readonly (readonly [
    weight: number,
    maxRatio: number,
    share: number,
    median: number,
    ninetieth: number,
  ])[] = [
    [0.1, 1, 0.01, 3_155, 6_618],
    [0.1, 1, 0.015, 935, 2_081],
    [0.1, 1, 0.025, 325, 646],
    [0.1, 1, 0.05, 92, 226],
    [0.1, 1, 0.2, 15, 34],
    [0.5, 1, 0.01, 5_323, 11_336],
    [0.5, 1, 0.015, 1_702, 3_555],
    [0.5, 1, 0.025, 630, 1_303],
    [0.5, 1, 0.05, 234, 433],
    [0.5, 1, 0.2, 46, 74],
    [0.1, 1.5, 0.015, 2_165, 4_404],
    [0.1, 1.5, 0.025, 525, 1_093],
    [0.1, 1.5, 0.05, 123, 279],
  ]
  return [
    ...nulls,
    inStorm,
    ...bad.map(([weight, maxRatio, share, median, ninetieth]) => ({
      test: name(weight, maxRatio),
      truth: `${percent(share)} % against 0.5 %`,
      run: relativeRun({ weight, maxRatio, share }),
      expected: [median, ninetieth] as const,
      part: 0.5,
    })),
  ]
}

/** Errors that repeat within one conversation in a hundred: 2,000 conversations of ten turns in each of a hundred looks. */
const clusteredRun =
  (by: 'conversation' | 'turn'): Scenario['run'] =>
  (chance) => {
    const weight = 0.1
    const hits = { weight, candidate: 0, baseline: 0 }
    const [conversations, turns, sick, failing] = [20_000, 10, 0.01, 0.5]
    for (let at = trialsToHit(sick, chance); at <= conversations; at += trialsToHit(sick, chance)) {
      let failed = 0
      for (let turn = 0; turn < turns; turn += 1) if (chance() < failing) failed += 1
      const count = by === 'turn' ? failed : Math.min(1, failed)
      if (chance() < weight) hits.candidate += count
      else hits.baseline += count
      if (lnWorse([hits], 1) >= lnOf(0.01)) return at
    }
    return null
  }

const clustered = (): readonly Scenario[] => [
  { test: 'T2 by conversation', truth: 'equal, errors clustered', run: clusteredRun('conversation'), shareMax: 0.01 },
  {
    test: 'T2 by turn (for contrast: wrong)',
    truth: 'equal, errors clustered',
    run: clusteredRun('turn'),
  },
]

const million = 1e6

type Sums = { units: number; total: number; squared: number }
const sumsOf = ({ units, total, squared }: Sums): MeanSums => ({
  units,
  count: BigInt(units),
  total: BigInt(total),
  countSquared: BigInt(units),
  totalSquared: BigInt(Math.round(squared)),
  cross: BigInt(total),
})

/** ln tokens, σ 1, nine units of the baseline to one of the candidate. */
const meanRun =
  (ratio: number, { bounds, horizon }: { bounds: { high: number; low: number }; horizon: number }): Scenario['run'] =>
  (chance) => {
    const normal = normalOf(chance)
    const candidate: Sums = { units: 0, total: 0, squared: 0 }
    const baseline: Sums = { units: 0, total: 0, squared: 0 }
    const add = (sums: Sums, shift: number): void => {
      const value = Math.round((5 + shift + normal()) * million)
      sums.units += 1
      sums.total += value
      sums.squared += value * value
    }
    for (let units = 1; units <= horizon; units += 1) {
      add(candidate, Math.log(ratio))
      for (let other = 0; other < 9; other += 1) add(baseline, 0)
      // Looked at often at first, then every hundredth part: what lies between is a rounding of the figure.
      if (units < 100 || units % Math.max(1, Math.floor(units / 100)) !== 0) continue
      const found = differenceOf([{ candidate: sumsOf(candidate), baseline: sumsOf(baseline) }], 0.01)
      if (found !== null && (found.low > Math.log(bounds.high) || found.high < Math.log(bounds.low))) return units
    }
    return null
  }

const means = (): readonly Scenario[] => {
  const equal = { bounds: { high: 1, low: 1 }, horizon: 20_000 }
  const expected: readonly (readonly [ratio: number, median: number, ninetieth: number])[] = [
    [1.1, 1_396, 2_659],
    [1.25, 264, 478],
    [1.5, 107, 163],
    [2, 100, 100],
    [0.6, 100, 100],
  ]
  return [
    {
      test: 'T4 ln tokens',
      truth: 'equal, 5,000 units',
      run: meanRun(1, { ...equal, horizon: 5_000 }),
      shareMax: 0.01,
    },
    ...expected.map(([ratio, ...figures]) => ({
      test: 'T4 ln tokens',
      truth: `× ${ratio}`,
      run: meanRun(ratio, equal),
      expected: figures,
      part: ratio < 1.2 ? 0.2 : 0.5,
    })),
  ]
}

const pairsRun =
  (share: number, horizon: number): Scenario['run'] =>
  (chance) => {
    const pairs = { candidate: 0, other: 0 }
    for (let count = 1; count <= horizon; count += 1) {
      if (chance() < share) pairs.candidate += 1
      else pairs.other += 1
      if (lnPairsWorse(pairs) >= lnOf(0.01)) return count
    }
    return null
  }

const pairs = (): readonly Scenario[] => [
  { test: 'T5 pairs', truth: '50 : 50', run: pairsRun(0.5, 2_000), shareMax: 0.01 },
  ...(
    [
      [0.6, 259],
      [0.7, 61],
      [0.8, 27],
    ] as const
  ).map(([share, median]) => ({
    test: 'T5 pairs',
    truth: `${share * 100} : ${100 - share * 100}`,
    run: pairsRun(share, 20_000),
    expected: [median, null] as const,
    part: 0.1,
  })),
]

export const simulateAll = (options: Options): readonly Row[] =>
  [
    ...absolute(),
    ...ordered(),
    ...passing(),
    ...relative(),
    ...clustered(),
    ...means(),
    ...pairs(),
    ...drifting(),
    ...naive(),
    ...byNodes(),
  ].map((scenario) => play(scenario, options))

const figure = (value: number | null): string => (value === null ? '–' : Math.round(value).toLocaleString('en-US'))

export const tableText = (rows: readonly Row[]): string => {
  const lines = rows.map(
    ({ test, truth, runs, alarms, shareMax, median, ninetieth, expectedMedian, expectedNinetieth, ok }) => {
      const share = `${(alarms * 100).toFixed(2)} %${shareMax === null ? '' : ` (≤ ${shareMax * 100} %)`}`
      const found = `${figure(median)} / ${figure(ninetieth)}`
      const expected = expectedMedian === null ? '' : `${figure(expectedMedian)} / ${figure(expectedNinetieth)}`
      return `| ${test} | ${truth} | ${runs} | ${share} | ${found} | ${expected} | ${ok ? 'ok' : 'NOT OK'} |`
    },
  )
  return [
    '| test | truth | runs | alarms | median / 90th | design | |',
    '|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
}
