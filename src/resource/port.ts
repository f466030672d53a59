/** What is known of responses that callers may come back to: whose they are, who has them, and, where Drover has them, what they say. */

export type ResponseRow = {
  /** As the caller knows it. */
  readonly id: string
  /** Who may ask for it: nobody else learns that it is there. */
  readonly holder: string
  readonly call: string
  /** The provider that has it; `null` = Drover itself. */
  readonly provider: string | null
  /** Sealed; `null` where a provider has it. */
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
