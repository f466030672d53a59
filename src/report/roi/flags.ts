/** What a person may say of a forecast, as text; each is read by quantity.ts. */

export type RoiFlags = {
  readonly tokensPerMonth?: string
  readonly tokensPerDay?: string
  readonly callsPerMonth?: string
  readonly outputShare?: string
  readonly from?: string
  readonly to?: string
  readonly fromPrice?: string
  readonly fromCachedPrice?: string
  readonly fromOutputPrice?: string
  readonly toPrice?: string
  readonly toCachedPrice?: string
  readonly toOutputPrice?: string
  readonly fx?: string
  readonly days?: string
  readonly growth?: string
  readonly cachedShare?: string
  readonly toCachedShare?: string
  readonly tokenizerRatio?: string
  readonly outputRatio?: string
  readonly fromRetries?: string
  readonly toRetries?: string
  readonly fromFee?: string
  readonly toFee?: string
  readonly relayFee?: string
  readonly hostingUsd?: string
  readonly hours?: string
  readonly hourlyUsd?: string
  readonly oneOffUsd?: string
  readonly committedUsd?: string
  readonly committedUntil?: string
  readonly start?: string
  readonly seed?: string
}
