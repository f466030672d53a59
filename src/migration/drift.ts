/**
 * T6: after promotion there is no baseline left to compare with. A one-sided cumulative sum of standardised values finds that they have risen and stay so. A
 * heuristic: about one false alarm in 5,700 values that are independent and normal; it warns, and never moves traffic by itself.
 */

/** Of a standard deviation: what is let pass at each value. */
const slack = 0.25
/** In standard deviations. */
const alarmAt = 12

/** Mean and deviation before, of the logarithm of a figure. */
export type DriftBase = { readonly mean: number; readonly deviation: number }

/** The sum after one more value; it begins at 0. */
export const driftAfter = (sum: number, value: number, { mean, deviation }: DriftBase): number =>
  Math.max(0, sum + (value - mean) / deviation - slack)

export const hasDrifted = (sum: number): boolean => sum >= alarmAt
