/** What is shown beside the table of `migration-truths.ts` and not held: drift after promotion, and the rule of windows. */

import { driftAfter, hasDrifted } from '#migration/drift.ts'
import { trialsToHit } from '#migration/simulate.ts'

export type Scenario = {
  readonly test: string
  readonly truth: string
  /** One run: units until the alarm, or none. */
  readonly run: (chance: () => number) => number | null
  readonly shareMax?: number
  readonly expected?: readonly [median: number, ninetieth: number | null]
  /** Of the runs asked for: what is slow is run less often. */
  readonly part?: number
}

/** Standard normal, by the polar method. */
export const normalOf = (chance: () => number): (() => number) => {
  let kept: number | null = null
  return () => {
    if (kept !== null) {
      const value = kept
      kept = null
      return value
    }
    for (;;) {
      const [x, y] = [2 * chance() - 1, 2 * chance() - 1]
      const square = x * x + y * y
      if (square >= 1 || square === 0) continue
      const factor = Math.sqrt((-2 * Math.log(square)) / square)
      kept = y * factor
      return x * factor
    }
  }
}

const driftRun =
  (ratio: number, horizon: number): Scenario['run'] =>
  (chance) => {
    const normal = normalOf(chance)
    let sum = 0
    for (let count = 1; count <= horizon; count += 1) {
      sum = driftAfter(sum, Math.log(ratio) + normal(), { mean: 0, deviation: 1 })
      if (hasDrifted(sum)) return count
    }
    return null
  }

/** A heuristic, as the design says: shown, and not held. */
export const drifting = (): readonly Scenario[] =>
  (
    [
      [1, 5_700],
      [1.25, 221],
      [1.5, 64],
      [2, 28],
    ] as const
  ).map(([ratio, rough]) => ({
    test: 'T6 drift (heuristic)',
    truth: `× ${ratio} (design: ≈ ${rough})`,
    run: driftRun(ratio, 100_000),
    part: 0.1,
  }))

/** The rule of windows: "over 1 % in a window", so many windows in all or in a row. A true share of 0.5 % is within the limit. */
const windowRun =
  ({
    perMinute,
    minutes,
    failed,
    inRow,
  }: {
    perMinute: number
    minutes: number
    failed: number
    inRow: boolean
  }): Scenario['run'] =>
  (chance) => {
    let count = 0
    for (let minute = 1; minute <= minutes; minute += 1) {
      let hits = -1
      for (let at = 0; at <= perMinute; at += trialsToHit(0.005, chance)) hits += 1
      if (hits / perMinute > 0.01) count += 1
      else if (inRow) count = 0
      if (count >= failed) return minute
    }
    return null
  }

export const naive = (): readonly Scenario[] => [
  ...([60, 300, 1_200] as const).map((perMinute) => ({
    test: 'naive: 10 failed windows in an hour',
    truth: `0.5 %, ${perMinute} a minute`,
    run: windowRun({ perMinute, minutes: 60, failed: 10, inRow: false }),
    part: 0.1,
  })),
  ...([60, 300] as const).map((perMinute) => ({
    test: 'naive: 3 in a row in 48 h',
    truth: `0.5 %, ${perMinute} a minute`,
    run: windowRun({ perMinute, minutes: 2_880, failed: 3, inRow: true }),
    part: 0.02,
  })),
]
