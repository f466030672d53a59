/** Limits as tickets: take all or none, give back by the same name. */

/** How many calls a limit lets wait instead of refusing them, and for how long. */
export type QueueBound = { readonly waitingMax: number; readonly waitMaxMs: number }

/** `rate`: GCRA with burst = limit; `concurrency`: a count of what is under way. */
export type Ticket =
  | {
      readonly kind: 'rate'
      /** What is limited, unique: `key:key_…:requests`. */
      readonly bucket: string
      /** Buckets of one group are counted in one place: the account's id, or the limit's name where everybody counts together. */
      readonly group: string
      readonly unit: 'requests' | 'tokens'
      readonly limit: number
      readonly periodMs: number
      readonly amount: number
      /** For the message: `key "ci"`, `plan "free"`. */
      readonly owner: string
      /** What a refusal says besides: the next plan. */
      readonly advice?: string | null
      /** Absent: what does not fit is refused at once. */
      readonly queue?: QueueBound
    }
  | {
      readonly kind: 'concurrency'
      readonly bucket: string
      readonly group: string
      readonly limit: number
      readonly owner: string
      readonly advice?: string | null
      readonly queue?: QueueBound
    }

export type LimitState = {
  readonly ticket: Ticket
  readonly remaining: number
  /** Milliseconds until the bucket is whole again. */
  readonly resetMs: number
}

export type Taken =
  | { readonly ok: true; readonly states: readonly LimitState[] }
  | {
      readonly ok: false
      readonly refused: Ticket
      /** Milliseconds until the same take would pass; `null` = never (larger than the bucket). */
      readonly retryAfterMs: number | null
      readonly states: readonly LimitState[]
    }
