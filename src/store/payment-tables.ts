/** The tables of payments. */

import type { Flag, JsonText, Sequence, Whole, WholeOrNull } from './column.ts'

/** Amounts of the payer are in nano units of the order's currency. */
export type PaymentOrderTable = {
  id: string
  account: string
  method: string
  way: string
  state: string
  version: Whole
  currency: string
  pay_nano: Whole
  fee_nano: Whole
  credit_nano_usd: Whole
  bonus_nano_usd: Whole
  bonus_lasts_ms: WholeOrNull
  settlement_nano: Whole
  market_nano: Whole
  pay_nano_usd: Whole
  fee_nano_usd: Whole
  created_ms: Whole
  expires_ms: Whole
  actor: string
  idempotency_key: string | null
  processor_id: string | null
  transaction_id: string | null
  action: JsonText | null
  paid_nano: WholeOrNull
  paid_currency: string | null
  paid_ms: WholeOrNull
  credited_ms: WholeOrNull
  ended_ms: WholeOrNull
  refunded_nano: Whole
  disputed_nano: Whole
  note: string | null
  confirmed_by: string | null
  approved_by: string | null
  next_poll_ms: WholeOrNull
  polls: Whole
}

export type PaymentEventTable = {
  sequence: Sequence
  id: string
  order_id: string
  method: string
  kind: string
  time_ms: Whole
  state: string
  detail: string | null
}

export type PaymentRefundTable = {
  id: string
  order_id: string
  state: string
  source: string
  amount_nano: Whole
  credit_nano_usd: Whole
  bonus_nano_usd: Whole
  cash_nano_usd: Whole
  processor_id: string | null
  reason: string
  actor: string
  created_ms: Whole
  ended_ms: WholeOrNull
  next_poll_ms: WholeOrNull
  polls: Whole
  note: string | null
}

/** One for each method and day: the newest comparison. */
export type PaymentReconciliationTable = {
  method: string
  day: string
  made_ms: Whole
  differences: Whole
  result: JsonText
}

export type AutoTopUpTable = {
  account: string
  method: string
  customer: string
  card: string
  ending: string
  below_nano_usd: Whole
  credit_nano_usd: Whole
  month_max_nano_usd: Whole
  enabled: Flag
  failures: Whole
  next_try_ms: Whole
  note: string | null
}

export type AcceptedTermsTable = { account: string; version: string; accepted_ms: Whole; actor: string }
