/** Rates of exchange as dated rows: what a dollar costs in another currency, in integers. */

export type FxRate = {
  readonly currency: string
  /** Nano units of the currency for one dollar: 7.1 yuan are 7 100 000 000. Above zero. */
  readonly perUsdNano: bigint
  /** The first day on which it holds, at midnight UTC; it holds until the next row begins. */
  readonly fromMs: number
  readonly source: string
  /** The day the source was read, `YYYY-MM-DD`. */
  readonly read: string
  /** Rows of a higher rank stand for all below it from their first day on: an operator's rates for the shipped ones. Absent = 0. */
  readonly rank?: number
}

/** The rate in force at an instant, or `null` where none has begun: then nothing can be converted. Of two for one day the later one in the list counts. */
export const fxRateAt = (rates: readonly FxRate[], currency: string, atMs: number): FxRate | null => {
  let found: FxRate | null = null
  for (const rate of rates) {
    if (rate.currency !== currency || rate.fromMs > atMs) continue
    const better = found === null ? 1 : (rate.rank ?? 0) - (found.rank ?? 0) || rate.fromMs - found.fromMs
    if (better >= 0) found = rate
  }
  return found
}
