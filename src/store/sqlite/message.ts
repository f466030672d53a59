/** What goes between the main thread and the store's worker. */

import type { CarriedProblem } from '#base/carried-problem.ts'
import type { Answered, Asked } from '#base/mailbox.ts'

export type Durability = 'process' | 'power'

/** What the worker is to open: its first message. */
export type WorkerSettings = {
  /** A path, or `:memory:`. */
  readonly file: string
  readonly durability: Durability
  readonly nowMs: number
  /** How long a commit waits for another program that holds the file. */
  readonly busyTimeoutMs: number
}

export type ToWorker =
  | { readonly kind: 'open'; readonly settings: WorkerSettings }
  | { readonly kind: 'ask'; readonly asked: readonly Asked[] }
  | { readonly kind: 'close' }

/** How the commit of a batch went; `null` = nothing was to be written. */
export type Writes = { readonly kept: true } | { readonly kept: false; readonly why: string } | null

export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly problem: CarriedProblem }
  | { readonly kind: 'answers'; readonly answers: readonly Answered[]; readonly writes: Writes }
