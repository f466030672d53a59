/** A price row with nothing special about it, for tests to vary. */

import type { PriceRates, PriceRow } from './price-row.ts'
import { noRates } from './price-row.ts'

/** What `rates` does not say is not priced. */
export const samplePriceRow = (rates: Partial<PriceRates>, changes: Partial<PriceRow> = {}): PriceRow => ({
  model: 'm',
  vendor: 'v',
  currency: 'USD',
  fromMs: null,
  untilMs: null,
  contextOverTokens: null,
  serviceTier: 'default',
  windows: null,
  rates: { ...noRates, ...rates },
  source: 'https://prices.example',
  read: '2026-11-22',
  ...changes,
})
