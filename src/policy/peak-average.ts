/** A moving average that jumps up with a peak and sinks slowly: what is slow now counts at once, what was slow is forgotten. */

export type PeakAverage = { readonly valueMs: number; readonly atMs: number }

/** A sample has lost two thirds of its weight after this long. */
const decayMs = 10_000

/** The average with one more sample. */
export const withSample = (average: PeakAverage | null, sampleMs: number, nowMs: number): PeakAverage => {
  if (average === null || sampleMs >= average.valueMs) return { valueMs: sampleMs, atMs: nowMs }
  const weight = Math.exp(-Math.max(0, nowMs - average.atMs) / decayMs)
  return { valueMs: average.valueMs * weight + sampleMs * (1 - weight), atMs: nowMs }
}
