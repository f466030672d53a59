/** What goes between the main thread and the store's worker. */

import type { CarriedProblem } from '#base/carried-problem.ts'
import type { Answered, Asked } from '#base/mailbox.ts'
import type { Copied } from './copy-back.ts'

export type Durability = 'process' | 'power'

/** What the worker is to open: its first message. */
export type WorkerSettings = {
  /** A path, or `:memory:`. */
  readonly file: string
  readonly durability: Durability
  readonly nowMs: number
  /** How long a commit waits for another program that holds the file. */
  readonly busyTimeoutMs: number
  /** It reads beside the thread that writes, which has made the file; absent = it is that one. */
  readonly isBeside?: true
}

export type ToWorker =
  | { readonly kind: 'open'; readonly settings: WorkerSettings }
  | { readonly kind: 'ask'; readonly asked: readonly Asked[] }
  /** The write-ahead log is to be copied back: by the thread beside, or what that has left by the one that writes. */
  | { readonly kind: 'copy' }
  /** What V8 holds of the thread and does not need goes back to the system. */
  | { readonly kind: 'rest' }
  | { readonly kind: 'close' }

/** How the commit of a batch went; `null` = nothing was to be written. */
export type Writes = { readonly kept: true } | { readonly kept: false; readonly why: string } | null

export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly problem: CarriedProblem }
  | ({ readonly kind: 'copied' } & Copied)
  | { readonly kind: 'answers'; readonly answers: readonly Answered[]; readonly writes: Writes }
