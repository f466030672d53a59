/** What documents need kept: numbered without gaps, never changed, found again. Times are wall-clock milliseconds, UTC. */

import type { TrailEntry } from '#base/trail-entry.ts'

export const documentKinds = ['invoice', 'statement', 'credit_note'] as const
export type DocumentKind = (typeof documentKinds)[number]

export type DocumentDraft = {
  readonly id: string
  readonly kind: DocumentKind
  readonly account: string
  /** What it is about; there is one document for each: `order/ord_…`, `refund/rfd_…`, `statement/acc_…/2026-11`, `owed/acc_…/2026-11`. */
  readonly source: string
  /** `INV`: documents of one series are numbered together. */
  readonly prefix: string
  readonly year: number
  readonly issuedMs: number
  readonly currency: string
  readonly totalNano: bigint
  /** Everything that stands on it but its number, as JSON. */
  readonly content: string
}

export type DocumentRow = Omit<DocumentDraft, 'prefix' | 'year'> & {
  /** `INV-2026-000001` */
  readonly number: string
  /** SHA-256 of number and content, hex. */
  readonly hash: string
  /** Of the PDF, once it was made. */
  readonly fileHash: string | null
}

export type DocumentPage = {
  readonly limit: number
  /** Whether the newest come first; absent: the oldest. `after` leads on in the same direction. */
  readonly newestFirst?: boolean
  readonly after: string | null
  readonly account: string | null
  readonly kind: DocumentKind | null
}

/** Who an account's documents are made out to. */
export type BillingProfile = {
  readonly name: string
  readonly address: string
  readonly taxId: string | null
  readonly purchaseOrder: string | null
  readonly mail: string | null
  readonly language: 'en' | 'zh-CN'
  /** The buyer pays the tax where they are: none is charged. */
  readonly reverseCharge: boolean
}

/** What an account was charged for one model at one price in a period; corrections that gave something back are below zero. */
export type StatementSum = {
  readonly account: string
  readonly model: string | null
  readonly priceHash: string | null
  readonly calls: number
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly amountNanoUsd: bigint
}

export type StatementStretch = {
  readonly sums: readonly StatementSum[]
  /** What of it came of which book of the account: `paid`, `promo`, `bundle`, `owed`, `shortfall`. */
  readonly books: readonly { readonly account: string; readonly book: string; readonly amountNanoUsd: bigint }[]
  /** Where the next stretch begins; `null` = the period has been read. */
  readonly after: bigint | null
}

export const fapiaoKinds = ['ordinary', 'special'] as const
export type FapiaoKind = (typeof fapiaoKinds)[number]

/** `requested` waits for the operator; `red` was issued and is undone by a red-letter fapiao. */
export const fapiaoStates = ['requested', 'issued', 'rejected', 'red'] as const
export type FapiaoState = (typeof fapiaoStates)[number]

/** Who a fapiao is made out to. */
export type FapiaoTitle = {
  readonly form: 'company' | 'person'
  readonly name: string
  /** Of a company. */
  readonly taxId: string | null
  readonly address: string | null
  readonly phone: string | null
  readonly bank: string | null
  readonly bankAccount: string | null
  readonly mail: string | null
}

export type FapiaoTitleRow = { readonly id: string; readonly account: string; readonly title: FapiaoTitle }

export type FapiaoDraft = {
  readonly id: string
  readonly account: string
  /** As it was when it was asked for. */
  readonly title: FapiaoTitle
  readonly kind: FapiaoKind
  /** Yuan. */
  readonly amountNano: bigint
  readonly createdMs: number
}

export type FapiaoRow = FapiaoDraft & {
  readonly state: FapiaoState
  readonly changedMs: number
  readonly number: string | null
  readonly redNumber: string | null
  readonly reason: string | null
  readonly hasFile: boolean
}

/** In yuan: what was paid and used, and what of it was asked for. */
export type FapiaoBalance = { readonly consumedNano: bigint; readonly takenNano: bigint }

export type FapiaoChange = {
  readonly id: string
  readonly from: FapiaoState
  readonly to: FapiaoState
  readonly nowMs: number
  readonly number?: string
  readonly redNumber?: string
  readonly reason?: string
  readonly file?: { readonly name: string; readonly bytes: Uint8Array }
}

export type FapiaoStore = {
  readonly addFapiaoTitle: (row: FapiaoTitleRow, trail: TrailEntry) => Promise<void>
  /** Those that were not removed. */
  readonly fapiaoTitles: (account: string) => Promise<readonly FapiaoTitleRow[]>
  readonly removeFapiaoTitle: (id: string, nowMs: number, trail: TrailEntry) => Promise<void>
  readonly fapiaoBalance: (account: string) => Promise<FapiaoBalance>
  /** Held against the balance in the same transaction, so that many at once get no more than there is; `false` = that is too little. */
  readonly requestFapiao: (draft: FapiaoDraft, trail: TrailEntry) => Promise<boolean>
  /** `false` = it is in another state by now. */
  readonly changeFapiao: (change: FapiaoChange, trail: TrailEntry) => Promise<boolean>
  readonly fapiao: (id: string) => Promise<FapiaoRow | null>
  readonly fapiaos: (page: {
    readonly limit: number
    readonly after: string | null
    readonly account: string | null
    readonly state: FapiaoState | null
    readonly newestFirst?: boolean
  }) => Promise<readonly FapiaoRow[]>
  readonly fapiaoFile: (id: string) => Promise<{ readonly name: string; readonly bytes: Uint8Array } | null>
}

export type DocumentStore = FapiaoStore & {
  /** One that its source has is given back as it is, and takes no number. */
  readonly issueDocument: (draft: DocumentDraft, trail: TrailEntry | null) => Promise<DocumentRow>
  /** By id or number. */
  readonly document: (handle: string) => Promise<DocumentRow | null>
  readonly documentOf: (source: string) => Promise<DocumentRow | null>
  readonly documents: (page: DocumentPage) => Promise<readonly DocumentRow[]>
  readonly documentFile: (id: string) => Promise<Uint8Array | null>
  /** The first one stays. */
  readonly keepDocumentFile: (id: string, bytes: Uint8Array) => Promise<void>
  readonly billingProfile: (account: string) => Promise<BillingProfile | null>
  readonly setBillingProfile: (account: string, profile: BillingProfile, trail: TrailEntry) => Promise<void>
  /**
   * Orders that were credited and refunds that have left, of which there is no document yet. What postpaid accounts pay is for invoices that
   * there are: it gets none of its own.
   */
  readonly undocumented: (
    limit: number,
  ) => Promise<{ readonly orders: readonly string[]; readonly refunds: readonly string[] }>
  /** Reads on through the books; `account: null` = of all accounts at once. `after: null` = from the period's beginning. */
  readonly statementStretch: (question: {
    readonly account: string | null
    readonly fromMs: number
    readonly untilMs: number
    readonly after: bigint | null
  }) => Promise<StatementStretch>
  /** The last month for which every account has its statement, `2026-11`; `null` = none was looked at yet. */
  readonly statedMonth: () => Promise<string | null>
  readonly noteStatedMonth: (month: string) => Promise<void>
  /** What an account owes now. */
  readonly owedBy: (account: string) => Promise<bigint>
}

/** The source of the invoice for what an account came to owe in a month. */
export const owedSource = (account: string, month: string): string => `owed/${account}/${month}`
