/** The tables of documents. */

import type { JsonText, Whole, WholeOrNull } from './column.ts'

/** `last` = the number that was given last. */
export type DocumentSeriesTable = { series: string; last: Whole }

export type DocumentTable = {
  id: string
  number: string
  kind: string
  account: string
  source: string
  series: string
  position: Whole
  issued_ms: Whole
  currency: string
  total_nano: Whole
  content: JsonText
  hash: string
  file_hash: string | null
}

export type DocumentFileTable = { document: string; bytes: Uint8Array }

export type BillingProfileTable = { account: string; facts: JsonText }

export type FapiaoTitleTable = { id: string; account: string; facts: JsonText; removed_ms: WholeOrNull }

/** `title` = the facts of the title as they were when it was asked for. */
export type FapiaoRequestTable = {
  id: string
  account: string
  title: JsonText
  kind: string
  amount_nano: Whole
  state: string
  created_ms: Whole
  changed_ms: Whole
  number: string | null
  red_number: string | null
  reason: string | null
}

export type FapiaoFileTable = { request: string; name: string; bytes: Uint8Array }
