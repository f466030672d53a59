/** What is known of what callers may come back to: whose it is, who has it, and, where Drover has it, what it says. */

export type ResponseRow = {
  /** As the caller knows it. */
  readonly id: string
  /** Who may ask for it: nobody else learns that it is there. */
  readonly holder: string
  readonly call: string
  /** The provider that has it; `null` = Drover itself. */
  readonly provider: string | null
  /** Sealed: what it says; where a provider has it, the digest of the credential that made it. `null` = nothing of this is known. */
  readonly body: Uint8Array | null
  readonly createdMs: number
  readonly expiresMs: number
}

export type ResponseQuestion = { readonly id: string; readonly holder: string; readonly nowMs: number }

/** Everything is durable when its promise resolves. */
export type ResponseStore = {
  /** Keeps a row; one of the same id stays as it is. */
  readonly keepResponse: (row: ResponseRow) => Promise<void>
  /** `null` for another's, and for one that has had its time. */
  readonly response: (question: ResponseQuestion) => Promise<ResponseRow | null>
  /** Gives whether there was one. */
  readonly dropResponse: (question: ResponseQuestion) => Promise<boolean>
  /** Deletes rows that have had their time; gives how many. */
  readonly sweepResponses: (nowMs: number, limit: number) => Promise<number>
}

/** `model`: what came of a job of fine-tuning. `container`: where a provider's own tool runs, told of in an answer. */
export type BindingKind = 'file' | 'upload' | 'batch' | 'job' | 'model' | 'response' | 'container'

/** In whose form a thing is spoken of. */
export type BindingForm = 'openai' | 'anthropic'

type Named = { readonly id: string; readonly holder: string }

/** Something that a provider keeps for one holder. */
export type BindingRow = Named & {
  readonly kind: BindingKind
  readonly form: BindingForm
  readonly organisation: string | null
  readonly account: string
  readonly project: string | null
  readonly member: string | null
  readonly key: string
  readonly test: boolean
  readonly provider: string
  /** Digest of the provider's credential that it was made with; `null` = the provider has none. */
  readonly credential: string | null
  readonly upstreamId: string
  readonly purpose: string | null
  /** What the provider last said of it: JSON. */
  readonly document: string
  /** `open`: something is still to be done with it, such as settling. `hidden`: no caller sees it. */
  readonly state: 'open' | 'ended' | 'hidden'
  /** What is to be done with it, sealed; `null` = nothing. */
  readonly work: Uint8Array | null
  readonly createdMs: number
  /** `null` = it stands until it is deleted. */
  readonly expiresMs: number | null
  /** When it is to be looked at; `null` = never. */
  readonly nextMs: number | null
}

export type BindingPage = {
  readonly holder: string
  readonly kind: BindingKind
  readonly form: BindingForm
  /** `null` = any. */
  readonly purpose: string | null
  readonly order: 'asc' | 'desc'
  /** The row that the page begins behind, in the page's own order; `null` = the first. */
  readonly after: string | null
  readonly limit: number
  readonly nowMs: number
}

export type BindingChange = Partial<
  Pick<BindingRow, 'document' | 'state' | 'work' | 'expiresMs' | 'nextMs' | 'createdMs'>
>

/** Everything is durable when its promise resolves. */
export type BindingStore = {
  /**
   * Keeps a row. One of the same id, holder, provider and kind gives way to it, unless it is still open; gives whether it is kept.
   */
  readonly keepBinding: (row: BindingRow) => Promise<boolean>
  /** `null` for another's, and for one whose time is over. */
  readonly binding: (named: Named & { readonly nowMs: number }) => Promise<BindingRow | null>
  /** Without what is hidden. `after` that is not there gives nothing. */
  readonly bindings: (page: BindingPage) => Promise<readonly BindingRow[]>
  readonly changeBinding: (named: Named, change: BindingChange) => Promise<boolean>
  readonly dropBinding: (named: Named) => Promise<boolean>
  /** Those that are to be looked at, the longest due first. */
  readonly dueBindings: (nowMs: number, limit: number) => Promise<readonly BindingRow[]>
  /** Puts off when it is next looked at, if it is still due as it was read: of several who ask one gets it. */
  readonly claimBinding: (claim: Named & { readonly dueMs: number; readonly untilMs: number }) => Promise<boolean>
  /** All bindings of models, in the order of holder and id. */
  readonly boundModels: (page: {
    readonly after: Named | null
    readonly limit: number
  }) => Promise<readonly BindingRow[]>
  /** Deletes rows that have had their time; gives how many. */
  readonly sweepBindings: (nowMs: number, limit: number) => Promise<number>
}

/** What a model needs back in the next turn and a caller's format has no room for. */
export type CarriedRow = {
  /** A digest: it tells neither whose it is nor the id of the call that it belongs to. */
  readonly id: string
  readonly holder: string
  /** Sealed. */
  readonly body: Uint8Array
  readonly createdMs: number
  readonly expiresMs: number
}

export type CarriedQuestion = { readonly ids: readonly string[]; readonly holder: string; readonly nowMs: number }

/** The newest of a holder that stay; all older ones go. */
export type CarriedBound = { readonly holder: string; readonly entriesMax: number; readonly bytesMax: number }

/** Everything is durable when its promise resolves. */
export type CarriedStore = {
  /** Keeps rows; one of the same id takes the place of an earlier one. */
  readonly keepCarried: (rows: readonly CarriedRow[]) => Promise<void>
  /** Those that there are for this holder and that have time left, in any order. */
  readonly carried: (question: CarriedQuestion) => Promise<readonly CarriedRow[]>
  /** Deletes what goes beyond the bound; gives how many. */
  readonly boundCarried: (bound: CarriedBound) => Promise<number>
  /** Deletes rows that have had their time; gives how many. */
  readonly sweepCarried: (nowMs: number, limit: number) => Promise<number>
}
