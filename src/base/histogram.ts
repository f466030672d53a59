/** Times counted in buckets that grow by a sixteenth of an octave: any quantile within 2.2 %, whatever the range, and sums that add up. */

const perOctave = 16
/** Times below this are one bucket. */
const leastMs = 0.05

export type Histogram = Map<number, number>

/** The bucket that holds a time. */
export const bucketOf = (ms: number): number =>
  ms <= leastMs ? 0 : 1 + Math.floor(Math.log2(ms / leastMs) * perOctave)

/** The middle of a bucket, in milliseconds. */
export const middleMs = (bucket: number): number =>
  bucket === 0 ? leastMs : leastMs * 2 ** ((bucket - 0.5) / perOctave)

/** Counts one time of this bucket. */
export const addBucket = (histogram: Histogram, bucket: number): void => {
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1)
}

/** Counts one time. */
export const addTime = (histogram: Histogram, ms: number): void => addBucket(histogram, bucketOf(ms))

/** Adds the counts of another one. */
export const addHistogram = (into: Histogram, from: ReadonlyMap<number, number>): void => {
  for (const [bucket, count] of from) into.set(bucket, (into.get(bucket) ?? 0) + count)
}

/** Milliseconds, in hundredths, under which this share (0 to 1) of the times lies; `null` = there are none. */
export const quantileMs = (histogram: ReadonlyMap<number, number>, share: number): number | null => {
  let total = 0
  for (const count of histogram.values()) total += count
  if (total === 0) return null
  const wanted = Math.max(1, Math.ceil(share * total))
  let seen = 0
  for (const bucket of [...histogram.keys()].sort((a, b) => a - b)) {
    seen += histogram.get(bucket) ?? 0
    if (seen >= wanted) return Math.round(middleMs(bucket) * 100) / 100
  }
  return null
}
