/** The tables of documents. */

import type { JsonText, Whole } from './column.ts'

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
