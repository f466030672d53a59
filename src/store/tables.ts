/** The tables, declared once for both dialects. Whole numbers are 64 bits wide and read as `bigint`. */

import type { CodeBatchTable, CodeGuessTable, CodeTable, RedemptionTable, SignupTable } from './code-tables.ts'
import type { Flag, JsonText, Sequence, Whole, WholeOrNull, WholeOrZero } from './column.ts'
import type {
  BillingProfileTable,
  DocumentFileTable,
  DocumentSeriesTable,
  DocumentTable,
  FapiaoFileTable,
  FapiaoRequestTable,
  FapiaoTitleTable,
} from './document-tables.ts'
import type { IdentityTables } from './identity-tables.ts'
import type {
  BindingTable,
  CarriedTable,
  KeptAnswerPieceTable,
  KeptAnswerTable,
  ReceiptKeyTable,
  ResponseTable,
} from './kept-tables.ts'
import type { MigrationTables } from './migration-tables.ts'
import type { JournalCallTable, MandateTable, NodeTable } from './node-tables.ts'
import type {
  AcceptedTermsTable,
  AutoTopUpTable,
  PaymentEventTable,
  PaymentOrderTable,
  PaymentReconciliationTable,
  PaymentRefundTable,
} from './payment-tables.ts'

export type OrganisationTable = { id: string; name: string; created_ms: Whole; operator: WholeOrZero }

export type ProjectTable = {
  id: string
  organisation: string
  name: string
  regions: JsonText | null
  created_ms: Whole
  archived_ms: WholeOrNull
}

export type MemberTable = {
  id: string
  organisation: string
  mail: string | null
  role: string
  created_ms: Whole
  removed_ms: WholeOrNull
  /** Who signs in as this member; `null` = nobody yet. */
  person: string | null
}

export type AccountTable = {
  id: string
  organisation: string
  name: string
  billing: string
  plan: string | null
  created_ms: Whole
  /** The plan, where the customer chose it itself; who has another plan now has not chosen that. */
  chosen_plan: string | null
}

export type KeyTable = {
  id: string
  name: string
  organisation: string
  project: string | null
  member: string | null
  /** The member who made it; `null` = nobody knows. */
  maker: string | null
  /** The first of the keys that were rotated into this one; `null` = it is the first. */
  line: string | null
  /** Ids that it had before. */
  earlier: JsonText | null
  account: string
  purpose: string
  test: Flag
  environment: string | null
  models: JsonText | null
  regions: JsonText | null
  cache_ms: WholeOrNull
  requests_per_minute: WholeOrNull
  tokens_per_minute: WholeOrNull
  requests_per_day: WholeOrNull
  tokens_per_day: WholeOrNull
  concurrency: WholeOrNull
  addresses: JsonText | null
  default_provider: string | null
  usage_cost: Flag
  role: string | null
  budget_nano_usd: WholeOrNull
  budget_period: string | null
  created_ms: Whole
  expires_ms: WholeOrNull
  revoked_ms: WholeOrNull
  ending: string
  digest: string
}

/** Append-only. `hash` covers `previous_hash` and every other column, so that a change of any row breaks the chain. */
export type TrailTable = {
  position: Whole
  id: string
  time_ms: Whole
  actor: string
  operation: string
  object: string
  before: string | null
  after: string | null
  request_id: string | null
  previous_hash: string
  hash: string
}

/** One row: the end of the trail. Whoever appends updates it first, which puts writers of Postgres in a queue. */
export type TrailHeadTable = { single: Whole; position: Whole; hash: string }

export type CallTable = {
  /** Order of arrival in the log, which is the order in which calls ended. */
  sequence: Sequence
  id: string
  time_ms: Whole
  organisation: string | null
  project: string | null
  member: string | null
  account: string | null
  key: string | null
  test: Flag
  protocol: string
  path: string
  stream: Flag
  model: string | null
  provider: string | null
  upstream_model: string | null
  status: Whole
  error: string | null
  error_message: string | null
  attempts: JsonText
  usage: JsonText | null
  cost_nano_usd: WholeOrNull
  price_hash: string | null
  /** How the cost was come by, for explaining and rating anew. */
  pricing: JsonText | null
  /** Of the model, and what the call came to before its discount: what bundles count. */
  family: string | null
  base_nano_usd: WholeOrNull
  ttft_ms: number | null
  queued_ms: number | null
  longest_gap_ms: number | null
  duration_ms: number
  overhead_ms: number
  end: string
  finish_reason: string | null
  tags: JsonText
  conversation: string | null
  call_site: string | null
  session: string | null
  migration: string | null
  arm: string | null
  warnings: JsonText
  cache: string | null
  request_bytes: Whole
  response_bytes: Whole
  upstream_digest: string | null
  delivered_digest: string | null
}

/** Apart from `call`, because bodies are seldom kept, large, and deleted sooner. */
export type CallBodyTable = { call: string; request_body: string | null; response_body: string | null }

/** The money of an account as its entries add up to: changed in the transaction that posts them. */
export type AccountMoneyTable = {
  account: string
  billing: string
  state: string
  /** What is left of its lots. */
  credit_nano_usd: Whole
  owed_nano_usd: Whole
  held_nano_usd: Whole
  /** What its calls were charged, ever. */
  spent_nano_usd: Whole
  credit_limit_nano_usd: Whole
  /** What was ever paid for credit, less what was paid back. */
  paid_nano_usd: WholeOrZero
  /** Of the credit, what is left of scoped lots. */
  scoped_nano_usd: WholeOrZero
  /** Of what is held, what scoped lots keep back. */
  reserved_nano_usd: WholeOrZero
  /** When the first of its lots ends; `null` = none does. */
  expiry_ms: WholeOrNull
}

export type LotTable = {
  sequence: Sequence
  id: string
  account: string
  kind: string
  granted_nano_usd: Whole
  remaining_nano_usd: Whole
  priority: Whole
  expires_ms: WholeOrNull
  created_ms: Whole
  method: string
  reason: string | null
  paid_nano_usd: Whole
  /** List of models; `null` = any. */
  scope: JsonText | null
  reserved_nano_usd: WholeOrZero
  revoked_nano_usd: WholeOrZero
}

/** One row per call that money is about: at first open, then in exactly one other state for ever. */
export type HoldTable = {
  sequence: Sequence
  call: string
  account: string
  key: string | null
  owner: string | null
  state: string
  amount_nano_usd: Whole
  charged_nano_usd: WholeOrNull
  excess_nano_usd: Whole
  proven_nano_usd: WholeOrNull
  begun: Flag
  budgets: JsonText | null
  created_ms: Whole
  expires_ms: Whole
  ended_ms: WholeOrNull
  price_hash: string | null
  rule: string | null
  /** What it keeps back of scoped lots, and the models that it may be spent on; `null` = nothing. */
  lots: JsonText | null
  /** Of a lease: what calls need of it, as its node last said; `null` = all of it. */
  under_way_nano_usd: WholeOrNull
}

export type BudgetSpendTable = {
  name: string
  period: string
  start_ms: Whole
  held_nano_usd: Whole
  spent_nano_usd: Whole
}

export type BudgetTable = {
  id: string
  organisation: string
  kind: string
  subject: string
  /** Empty = every model. */
  model: string
  period: string
  limit_nano_usd: Whole
  thresholds: JsonText
  created_ms: Whole
}

export type BudgetCrossingTable = {
  name: string
  period: string
  start_ms: Whole
  threshold: Whole
  id: string
  account: string
  label: string
  spent_nano_usd: Whole
  limit_nano_usd: Whole
  time_ms: Whole
  told_ms: WholeOrNull
}

export type PlanTable = { name: string; facts: JsonText; changed_ms: Whole }

/** Append-only, as are its entries. */
export type BookTransactionTable = {
  sequence: Sequence
  id: string
  kind: string
  account: string | null
  call: string | null
  time_ms: Whole
  reason: string | null
}

/** Takes an amount from one book and gives it to another. */
export type BookEntryTable = {
  transaction_sequence: Whole
  line: Whole
  from_book: string
  to_book: string
  amount_nano: Whole
  currency: string
  lot: string | null
}

/** What happened; `facts` is an object of plain values, `said` the message by its code. */
export type EventTable = {
  id: string
  name: string
  time_ms: Whole
  account: string | null
  object: string
  message: string
  figure: number | null
  facts: JsonText
  said: JsonText | null
}

export type DeliveryTable = {
  event: string
  recipient: string
  state: string
  tries: Whole
  next_ms: WholeOrNull
  delivered_ms: WholeOrNull
  error: string | null
}
/**
 * Sums over the calls of an hour or a day that have the same names; `''` = none. With `tag_name`, the calls that carry that
 * tag, by its value; without, all calls. Each call is in one row of each level, so that a question reads the fewest that tell apart what
 * it asks: `all` names, `account` (without project, member and key), `model` (without anybody), `owner` (without model and target). Hours
 * have `all` and `model`, tags have no `owner`.
 */
export type UsageRollupTable = {
  grain: string
  level: string
  test: Flag
  tag_name: string
  start_ms: Whole
  account: string
  project: string
  member: string
  key: string
  model: string
  provider: string
  upstream_model: string
  tag_value: string
  calls: Whole
  errors: Whole
  refused: Whole
  cut: Whole
  left_early: Whole
  attempts: Whole
  failed_attempts: Whole
  input: Whole
  input_unknown: Whole
  cached_input: Whole
  cached_input_unknown: Whole
  cache_write: Whole
  cache_write_unknown: Whole
  output: Whole
  output_unknown: Whole
  reasoning: Whole
  reasoning_unknown: Whole
  estimated: Whole
  charge_nano_usd: Whole
  unpriced: Whole
  upstream_cost_nano_usd: Whole
  upstream_unpriced: Whole
}

/** Values that a tag has had on a day; under the name `''` the names of the day's tags. */
export type UsageTagTable = { day_ms: Whole; name: string; value: string }

/** Which part of the log holds the calls that came in an hour. */
export type CallHourTable = { hour_ms: Whole; first_sequence: Whole; last_sequence: Whole }

/** Which blocks of the log hold a call that has this trait: 16 calls are a block, 4,096 blocks a bucket. */
export type CallBlockTable = { bucket: Whole; trait: string; value: string; block: Whole }

/** What an account's calls to a family of models came to on a day, before discounts. */
export type DayVolumeTable = { day_ms: Whole; account: string; family: string; base_nano_usd: Whole }

/** One row: up to which call of the log the five tables above are made, and between which two the index has traits of failed calls. */
export type UsageHeadTable = { single: Whole; rolled_to: Whole; paired_from: Whole; paired_to: Whole }

/** Append-only but for `withdrawn_ms`: every price that ever held can be looked up. */
export type PriceEntryTable = {
  sequence: Sequence
  id: string
  kind: string
  body: JsonText
  note: string | null
  actor: string
  created_ms: Whole
  withdrawn_ms: WholeOrNull
}

/** The newest reading of each table of other people. */
export type PriceProposalTable = { source: string; line: Whole; read: string; body: JsonText }

/** `body` is a price row as JSON; money inside it is `{"nano":"…"}`. */
export type ModelHourTable = { start_ms: Whole; model: string; answered: Whole; failed: Whole }

export type PriceUsedTable = { hash: string; body: JsonText }

/** `sealed`: under the server's key, bound to account and provider. */
export type OwnCredentialTable = {
  account: string
  provider: string
  sealed: Uint8Array
  ending: string
  fee_basis_points: Whole
  created_ms: Whole
}

export type AppliedTable = {
  kind: string
  name: string
  document: string
  sealed: Uint8Array | null
  digest: string | null
  sealed_ms: Whole | null
  changed_ms: Whole
}

/** Facts about the store itself. */
export type MetaTable = { name: string; value: string }

export type SchemaStepTable = { number: Whole; name: string; applied_ms: Whole }

export type Tables = MigrationTables &
  IdentityTables & {
    organisation: OrganisationTable
    project: ProjectTable
    member: MemberTable
    account: AccountTable
    key: KeyTable
    trail: TrailTable
    trail_head: TrailHeadTable
    call: CallTable
    call_body: CallBodyTable
    account_money: AccountMoneyTable
    lot: LotTable
    hold: HoldTable
    budget: BudgetTable
    code: CodeTable
    code_batch: CodeBatchTable
    code_guess: CodeGuessTable
    redemption: RedemptionTable
    signup: SignupTable
    budget_crossing: BudgetCrossingTable
    budget_spend: BudgetSpendTable
    plan: PlanTable
    book_transaction: BookTransactionTable
    book_entry: BookEntryTable
    event: EventTable
    delivery: DeliveryTable
    kept_answer: KeptAnswerTable
    kept_answer_piece: KeptAnswerPieceTable
    response: ResponseTable
    binding: BindingTable
    carried: CarriedTable
    usage_rollup: UsageRollupTable
    usage_tag: UsageTagTable
    call_hour: CallHourTable
    call_block: CallBlockTable
    day_volume: DayVolumeTable
    usage_head: UsageHeadTable
    price_entry: PriceEntryTable
    price_proposal: PriceProposalTable
    price_used: PriceUsedTable
    model_hour: ModelHourTable
    own_credential: OwnCredentialTable
    applied: AppliedTable
    receipt_key: ReceiptKeyTable
    accepted_terms: AcceptedTermsTable
    payment_order: PaymentOrderTable
    payment_event: PaymentEventTable
    payment_refund: PaymentRefundTable
    payment_reconciliation: PaymentReconciliationTable
    auto_top_up: AutoTopUpTable
    document: DocumentTable
    document_series: DocumentSeriesTable
    document_file: DocumentFileTable
    fapiao_title: FapiaoTitleTable
    fapiao_request: FapiaoRequestTable
    fapiao_file: FapiaoFileTable
    billing_profile: BillingProfileTable
    meta: MetaTable
    node: NodeTable
    journal_call: JournalCallTable
    mandate: MandateTable
    schema_step: SchemaStepTable
  }
