/**
 * Migrations that are thrown like dice: what the tests do under known truths. Seeded, so that a run can be repeated. What is drawn are the gaps between hits, as nothing can
 * be decided between two of them.
 */

import { lnAbove, lnBelow } from './proportion-test.ts'
import { lnWorse } from './relative-test.ts'

/** Numbers in [0, 1) with 53 bits: Chris Doty-Humphrey's sfc32, twice a number. */
export const seededChance = (seed: number): (() => number) => {
  let [a, b, c, count] = [0x9e_37_79_b9, seed | 0, 0x24_3f_6a_88, 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let round = 0; round < 15; round += 1) next()
  return () => (next() >>> 5) / 2 ** 27 + (next() >>> 6) / 2 ** 53
}

/** How many trials until the first hit, itself included; infinity where there is none. */
export const trialsToHit = (share: number, chance: () => number): number => {
  if (share >= 1) return 1
  if (share <= 0) return Number.POSITIVE_INFINITY
  return 1 + Math.floor(Math.log1p(-chance()) / Math.log1p(-share))
}

const seenMax = 2 ** 24

/** The largest number of units at which so many hits are still an alarm, by the number of hits; it grows with them. */
export const alarmBounds = (limit: number, lnNeeded: number): ((hits: number) => number) => {
  const bounds: number[] = [0]
  const isAlarm = (hits: number, seen: number): boolean => lnAbove({ hits, seen }, limit) >= lnNeeded
  return (hits) => {
    while (bounds.length <= hits) {
      const next = bounds.length
      let low = Math.max(next, bounds.at(-1) ?? 0)
      if (!isAlarm(next, low)) {
        bounds.push(0)
        continue
      }
      let high = low * 2
      while (isAlarm(next, high)) [low, high] = [high, high * 2]
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        if (isAlarm(next, middle)) low = middle
        else high = middle
      }
      bounds.push(low)
    }
    return bounds[hits] ?? 0
  }
}

/** The smallest number of units at which so many hits are a pass, by the number of hits. */
export const passBounds = (limit: number, lnNeeded: number): ((hits: number) => number) => {
  const bounds: number[] = []
  const isPass = (hits: number, seen: number): boolean => lnBelow({ hits, seen }, limit) >= lnNeeded
  return (hits) => {
    while (bounds.length <= hits) {
      const next = bounds.length
      let low = Math.max(next, bounds.at(-1) ?? 0)
      let high = Math.max(1, low) * 2
      while (!isPass(next, high) && high < seenMax) [low, high] = [high, high * 2]
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        if (isPass(next, middle)) high = middle
        else low = middle
      }
      bounds.push(high)
    }
    return bounds[hits] ?? seenMax
  }
}

export type Run = { readonly share: number; readonly horizon: number; readonly chance: () => number }

/** Units until the alarm, and hits by then; `null` = none within the horizon. */
export const unitsToAlarm = (
  bounds: (hits: number) => number,
  { share, horizon, chance }: Run,
): { readonly units: number; readonly hits: number } | null => {
  let units = 0
  for (let hits = 1; ; hits += 1) {
    units += trialsToHit(share, chance)
    if (units > horizon) return null
    if (units <= bounds(hits)) return { units, hits }
  }
}

/** Units until the pass; `null` = none within the horizon. */
export const unitsToPass = (bounds: (hits: number) => number, { share, horizon, chance }: Run): number | null => {
  let units = 0
  for (let hits = 0; ; hits += 1) {
    const next = units + trialsToHit(share, chance)
    const pass = bounds(hits)
    if (Math.max(pass, units) < next) return Math.max(pass, units) <= horizon ? Math.max(pass, units) : null
    if (next > horizon) return null
    units = next
  }
}

export type RelativeRun = {
  readonly candidate: number
  readonly baseline: number
  readonly weight: number
  readonly maxRatio: number
  readonly lnNeeded: number
  /** Units of both arms. */
  readonly horizon: number
  readonly chance: () => number
  /** What the share of both arms is multiplied by after so many units; absent: 1. */
  readonly storm?: (units: number) => number
}

/** The least multiple that a storm may have: its gaps are thinned from the greatest. */
const stormMax = 20

/** Units of both arms until the alarm; `null` = none within the horizon. */
export const unitsToRelativeAlarm = (run: RelativeRun): number | null => {
  const { candidate, baseline, weight, lnNeeded, maxRatio, horizon, chance, storm } = run
  const both = weight * candidate + (1 - weight) * baseline
  const ofCandidate = (weight * candidate) / both
  const [most, factor] = storm === undefined ? [1, () => 1] : [stormMax, storm]
  const hits = { weight, candidate: 0, baseline: 0 }
  let units = 0
  for (;;) {
    units += trialsToHit(Math.min(1, both * most), chance)
    if (units > horizon) return null
    if (most > 1 && chance() * most > factor(units)) continue
    if (chance() < ofCandidate) {
      hits.candidate += 1
      if (lnWorse([hits], maxRatio) >= lnNeeded) return units
    } else hits.baseline += 1
  }
}

/** Of an ordered or unordered list; the upper one of two in the middle. */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN
