/**
 * T4: how far the mean of a logarithm (of tokens, of money) lies apart in the two arms, with an asymptotic confidence sequence (Waudby-Smith et al., Annals
 * of Statistics 52(6), 2024). Asymptotic: its level holds the better the more units there are, hence `unitsMin`.
 */

/** Below this many units of the candidate the test says nothing. */
export const unitsMin = 100
/** The number of units, in the sense of `t` below, at which the band is narrowest. */
const tunedUnits = 500

/** Sums over the units of one arm in one step, of each unit's number of turns and of its total, in millionths. */
export type MeanSums = {
  readonly units: number
  readonly count: bigint
  readonly total: bigint
  readonly countSquared: bigint
  readonly totalSquared: bigint
  readonly cross: bigint
}

export type MeanPair = { readonly candidate: MeanSums; readonly baseline: MeanSums }

export type Difference = {
  /** Candidate less baseline, of the logarithm; e^difference is the ratio. */
  readonly difference: number
  readonly low: number
  readonly high: number
  /** Units of the candidate. */
  readonly units: number
}

const million = 1e6

type Moments = { readonly units: number; readonly mean: number; readonly variance: number }

/** Mean over turns, and the variance that a unit adds to it: turns of a conversation are no independent samples. */
const momentsOf = (sums: MeanSums): Moments | null => {
  const { units } = sums
  const count = Number(sums.count)
  if (units < 2 || count === 0) return null
  const mean = Number(sums.total) / count / million
  const squared =
    Number(sums.totalSquared) / million / million -
    (2 * mean * Number(sums.cross)) / million +
    mean * mean * Number(sums.countSquared)
  const perUnit = count / units
  return { units, mean, variance: Math.max(0, squared) / (units - 1) / (perUnit * perUnit) }
}

const tuning = (alpha: number): number => {
  const level = -2 * Math.log(alpha)
  return (level + Math.log(level) + 1) / tunedUnits
}

/** `null` = too little of either arm yet. Steps are compared each within itself, so that a change over time is no difference of the arms. */
export const differenceOf = (pairs: readonly MeanPair[], alpha: number): Difference | null => {
  let t = 0
  let weighted = 0
  let units = 0
  let variances = 0
  let degrees = 0
  for (const pair of pairs) {
    const candidate = momentsOf(pair.candidate)
    const baseline = momentsOf(pair.baseline)
    if (candidate === null || baseline === null) continue
    const part = 1 / (1 / candidate.units + 1 / baseline.units)
    t += part
    weighted += part * (candidate.mean - baseline.mean)
    units += candidate.units
    for (const { units: size, variance } of [candidate, baseline]) {
      variances += (size - 1) * variance
      degrees += size - 1
    }
  }
  if (units < unitsMin) return null
  const rho = tuning(alpha)
  const grown = t * rho + 1
  const half = Math.sqrt(variances / degrees) * Math.sqrt((grown / (t * t * rho)) * Math.log(grown / (alpha * alpha)))
  const difference = weighted / t
  return { difference, low: difference - half, high: difference + half, units }
}
