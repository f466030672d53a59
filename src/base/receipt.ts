/** What the books say of one call: exactly one of these per call, keyed by its id. */

import type { Usage } from './usage.ts'

export type ReceiptState = 'settled' | 'voided' | 'lost'

export type Receipt = {
  readonly call: string
  readonly account: string
  readonly state: ReceiptState
  readonly usage: Usage | null
  /** `null` = unpriced (an unlimited account met a model without a price). */
  readonly costNanoUsd: bigint | null
  readonly priceHash: string | null
  /** The rule that decided what was charged, in the manual's words. */
  readonly rule: string
}
