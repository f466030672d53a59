/**
 * GCRA with a burst as large as the limit, in whole numbers: the debt is kept in units x microseconds, grows by
 * amount x period and drains by limit with each microsecond. A float's rounding would admit one too many or too few.
 */

/** A figure that is far off (a provider reports a nonsense usage) blocks its bucket for this many periods at most. */
const debtPeriodsMax = 60n

export type RateBucket = {
  debt: bigint
  limit: bigint
  periodUs: bigint
  /** When the debt was last drained. */
  atUs: bigint
}

/** The ticket's limit as the bucket counts it. */
export type Rate = { readonly limit: bigint; readonly periodUs: bigint }

export const rateOf = (limit: number, periodMs: number): Rate => ({
  limit: BigInt(Math.max(0, Math.floor(limit))),
  periodUs: BigInt(Math.max(1, Math.round(periodMs * 1000))),
})

export const emptyBucket = ({ limit, periodUs }: Rate, nowUs: bigint): RateBucket => ({
  debt: 0n,
  limit,
  periodUs,
  atUs: nowUs,
})

const ceilingDivide = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor

const wholeMs = (microseconds: bigint): number => Number(ceilingDivide(microseconds, 1000n))

/** Brings the bucket to now and to the ticket's rate; what was used stays used when the limit is changed. */
export const settle = (bucket: RateBucket, { limit, periodUs }: Rate, nowUs: bigint): void => {
  if (nowUs > bucket.atUs) {
    const drained = (nowUs - bucket.atUs) * bucket.limit
    bucket.debt = drained >= bucket.debt ? 0n : bucket.debt - drained
    bucket.atUs = nowUs
  }
  if (periodUs !== bucket.periodUs) bucket.debt = (bucket.debt * periodUs) / bucket.periodUs
  bucket.limit = limit
  bucket.periodUs = periodUs
}

/** Units that could be taken now. */
export const remainingOf = ({ debt, limit, periodUs }: RateBucket): number => {
  const room = limit * periodUs - debt
  return room <= 0n ? 0 : Number(room / periodUs)
}

/** Milliseconds until nothing of what was taken counts any more. */
export const resetMsOf = ({ debt, limit }: RateBucket): number =>
  debt === 0n || limit === 0n ? 0 : wholeMs(ceilingDivide(debt, limit))

/** 0 = the amount fits now; else the milliseconds until it will; `null` = it is more than the bucket ever holds. */
export const waitMsFor = ({ debt, limit, periodUs }: RateBucket, amount: number): number | null => {
  const wanted = BigInt(amount)
  if (wanted > limit) return null
  const over = debt + wanted * periodUs - limit * periodUs
  return over <= 0n ? 0 : wholeMs(ceilingDivide(over, limit))
}

/** Adds to the debt, or takes away where the amount is negative; never below zero. */
export const addTo = (bucket: RateBucket, amount: number): void => {
  const debtMax = bucket.limit * bucket.periodUs * debtPeriodsMax
  const debt = bucket.debt + BigInt(amount) * bucket.periodUs
  bucket.debt = debt < 0n ? 0n : debt > debtMax ? debtMax : debt
}

/** Whether forgetting the bucket would change nothing. */
export const isWhole = (bucket: RateBucket, nowUs: bigint): boolean =>
  bucket.debt <= (nowUs - bucket.atUs) * bucket.limit
