/**
 * What is kept of answers that may be asked for again under an Idempotency-Key. A row is claimed by one call before anything of it
 * goes upstream, so that of any number of repeats, at any concurrency, one runs. Times are wall-clock milliseconds, UTC.
 */

export type ClaimRequest = {
  /** Digest of the caller and of the key that it chose. */
  readonly id: string
  /** Digest of what is asked. */
  readonly asked: string
  readonly call: string
  /** The process that runs the call. */
  readonly owner: string
  readonly nowMs: number
  readonly expiresMs: number
}

/** `running`: its call has not ended; `kept`: its answer can be given again; `ended`: it has ended, and its answer is not here. */
export type AnswerState = 'running' | 'kept' | 'ended'

export type FoundAnswer = {
  readonly state: AnswerState
  readonly call: string
  readonly asked: string
  /** Sealed; there where the answer is kept. */
  readonly head: Uint8Array | null
  /** Why an answer is not here, in the manual's words. */
  readonly reason: string | null
}

export type Claimed = { readonly state: 'first' } | FoundAnswer

export type AnswerPiece = {
  readonly id: string
  readonly call: string
  /** From 0, without gaps. */
  readonly place: number
  /** Sealed. */
  readonly bytes: Uint8Array
}

/** `free`: nothing was charged, and the next call under the key runs. */
export type AnswerEnd = { readonly id: string; readonly call: string } & (
  | { readonly state: 'kept'; readonly head: Uint8Array; readonly sizeBytes: number }
  | { readonly state: 'ended'; readonly reason: string }
  | { readonly state: 'free' }
)

/** Which rows without a living call: all that other processes left, or this one. Processes whose names do not begin with `ownersOf` may live. */
export type OrphanRequest = {
  readonly limit: number
  readonly of:
    | { readonly notOwner: string; readonly ownersOf?: string }
    | { readonly id: string; readonly call: string; readonly ownersOf?: string }
}

export type AnswerTotal = { readonly answers: number; readonly sizeBytes: number }

/** Everything is durable when its promise resolves. */
export type AnswerStore = {
  /** Claims the key for a call, or says what it stands for already. A row that has had its time is as good as none. */
  readonly claimAnswer: (request: ClaimRequest) => Promise<Claimed>
  /** Of a call that no longer runs nothing is taken. */
  readonly keepPiece: (piece: AnswerPiece) => Promise<void>
  /** Ends a running row, once; a repeat changes nothing. */
  readonly endAnswer: (end: AnswerEnd) => Promise<void>
  /** At most `limit` pieces from a place on. */
  readonly answerPieces: (question: {
    readonly id: string
    readonly call: string
    readonly from: number
    readonly limit: number
  }) => Promise<readonly AnswerPiece[]>
  /**
   * Rows whose call has died with its process: free where the books prove that nothing was charged (no hold, or a voided one),
   * ended where the call was charged or is lost, running while its hold is open. Gives how many were looked at.
   */
  readonly resolveAnswers: (request: OrphanRequest) => Promise<number>
  /** Deletes rows that have had their time; gives what went. */
  readonly sweepAnswers: (nowMs: number, limit: number) => Promise<AnswerTotal>
  readonly answersTotal: () => Promise<AnswerTotal>
}

/** An answer by what was asked; the question itself is not kept, only its vector. */
export type SimilarAnswer = {
  /** Whose answer it is: its name here too. */
  readonly call: string
  /** Digest of all that must be the same: whose call it is, everything that it asks beside its words, the words that are fixed. */
  readonly scope: string
  readonly vector: readonly number[]
  /** Sealed. */
  readonly body: Uint8Array
  readonly keptMs: number
  readonly expiresMs: number
}

export type NearestAnswer = Pick<SimilarAnswer, 'call' | 'body' | 'keptMs'> & {
  /** The cosine of the angle between the vectors. */
  readonly similarity: number
}

/** An engine that searches by vectors. */
export type SimilarStore = {
  /** Of one scope, kept at `sinceMs` or later and not over; looked for among all of them, so that none is missed. */
  readonly nearestAnswer: (question: {
    readonly scope: string
    readonly vector: readonly number[]
    readonly nowMs: number
    readonly sinceMs: number
  }) => Promise<NearestAnswer | null>
  /** Of one scope the newest `ofScopeMax` stay. */
  readonly keepSimilar: (answer: SimilarAnswer, ofScopeMax: number) => Promise<void>
  /** Deletes what is over, then the oldest beyond `answersMax`; at most `limit`, gives how many. */
  readonly sweepSimilar: (question: {
    readonly nowMs: number
    readonly answersMax: number
    readonly limit: number
  }) => Promise<number>
}
