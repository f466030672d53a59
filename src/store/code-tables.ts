/** The tables of redeem codes and of sign-up. */

import type { Flag, JsonText, Whole, WholeOrNull } from './column.ts'

export type CodeBatchTable = {
  id: string
  name: string
  kind: string
  amount_nano_usd: Whole
  scope: JsonText | null
  expires_ms: WholeOrNull
  credit_lasts_ms: WholeOrNull
  one_per_account: Flag
  created_ms: Whole
  voided_ms: WholeOrNull
}

export type CodeTable = { digest: string; batch: string }

/** One for each code that was redeemed. */
export type RedemptionTable = {
  code: string
  batch: string
  account: string
  lot: string
  /** Batch and account, where an account may redeem one of the batch. */
  once: string | null
  time_ms: Whole
}

export type CodeGuessTable = { account: string; hour_ms: Whole; count: Whole }

/** What a sign-up shares with others is kept as digests. */
export type SignupTable = {
  id: string
  account: string
  state: string
  reason: string | null
  plan: string | null
  credit_nano_usd: Whole
  credit_lasts_ms: WholeOrNull
  mail: string
  domain: string
  address: string | null
  fingerprint: string | null
  created_ms: Whole
  verified_ms: WholeOrNull
  release_ms: WholeOrNull
  lot: string | null
}
