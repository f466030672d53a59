/** Many values as few. */

export type Figure = { readonly median: number; readonly min: number; readonly max: number }

/** The value under which this share (0 to 1) of the values lies; `NaN` = there are none. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

/** Of the rounds of one measurement. */
export const figureOf = (values: readonly number[]): Figure => ({
  median: quantile(values, 0.5),
  min: Math.min(...values),
  max: Math.max(...values),
})
