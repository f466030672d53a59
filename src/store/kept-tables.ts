/** Tables of what is kept for callers to come back to: answers, responses, things at providers. */

import type { Flag, JsonText, Whole, WholeOrNull } from './column.ts'

/** An Idempotency-Key and the answer that it stands for. */
export type KeptAnswerTable = {
  id: string
  asked: string
  call: string
  owner: string
  state: string
  head: Uint8Array | null
  reason: string | null
  size_bytes: Whole
  created_ms: Whole
  expires_ms: Whole
}

export type KeptAnswerPieceTable = { id: string; call: string; place: Whole; bytes: Uint8Array }

/** A key that signs receipts; `sealed` is its private half. */
export type ReceiptKeyTable = {
  generation: Whole
  id: string
  public_key: Uint8Array
  sealed: Uint8Array
  created_ms: Whole
  retired_ms: WholeOrNull
}

/** A response that its holder may come back to: at a provider, or sealed in `body`. */
export type ResponseTable = {
  id: string
  holder: string
  call: string
  provider: string | null
  body: Uint8Array | null
  created_ms: Whole
  expires_ms: Whole
}

/** Something that a provider keeps for a caller; `work` is sealed. */
export type BindingTable = {
  id: string
  holder: string
  kind: string
  form: string
  organisation: string | null
  account: string
  project: string | null
  member: string | null
  key: string
  test: Flag
  provider: string
  credential: string | null
  upstream_id: string
  purpose: string | null
  document: JsonText
  state: string
  work: Uint8Array | null
  created_ms: Whole
  expires_ms: WholeOrNull
  next_ms: WholeOrNull
}

/** What a model needs back in the next turn; sealed. */
export type CarriedTable = {
  id: string
  holder: string
  body: Uint8Array
  size_bytes: Whole
  created_ms: Whole
  expires_ms: Whole
}
