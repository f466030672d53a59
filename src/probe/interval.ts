/** What a count of successes says about a rate. Pure. */

export type Interval = { readonly low: number; readonly high: number }

/** 95 %. */
const z = 1.959964

/**
 * Wilson's score interval (https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval, read 2026-11-28): 20 of 20
 * still allows a true rate of 84 %.
 */
export const wilson = (successes: number, trials: number): Interval => {
  if (trials === 0) return { low: 0, high: 1 }
  const rate = successes / trials
  const scale = 1 + z ** 2 / trials
  const centre = (rate + z ** 2 / (2 * trials)) / scale
  const reach = (z / scale) * Math.sqrt((rate * (1 - rate)) / trials + z ** 2 / (4 * trials ** 2))
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) }
}

/**
 * The chance of at least `losses` among `trials` fair tosses: the sign test of paired outcomes, of which only those that differ
 * tell something.
 */
export const signTest = (losses: number, trials: number): number => {
  let term = 0.5 ** trials
  let sum = 0
  for (let count = 0; count <= trials; count += 1) {
    if (count >= losses) sum += term
    term = (term * (trials - count)) / (count + 1)
  }
  return Math.min(1, sum)
}

/** The value below which this share of the sorted values lies (nearest rank); `null` of none. */
export const quantile = (values: readonly number[], share: number): number | null => {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
}
