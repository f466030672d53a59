/** What goes between the main thread and the store's worker. */

import type { ProblemCode } from '#base/problem.ts'
import { Problem } from '#base/problem.ts'
import type { OperationName } from '#store/operations/index.ts'

export type Durability = 'process' | 'power'

/** Given to the worker at its start. */
export type WorkerSettings = {
  /** A path, or `:memory:`. */
  readonly file: string
  readonly durability: Durability
  readonly nowMs: number
  /** How long a commit waits for another program that holds the file. */
  readonly busyTimeoutMs: number
}

export type Asked = { readonly number: number; readonly name: OperationName; readonly input: unknown }

/** A Problem as plain data: its class and its cause do not cross threads. */
export type CarriedProblem = {
  readonly code: ProblemCode
  readonly message: string
  readonly param: string | null
  readonly retryAfterMs: number | null
  readonly facts: Readonly<Record<string, string | number | boolean | null>> | null
  readonly cause: string | null
}

export type Answered =
  | { readonly number: number; readonly ok: true; readonly value: unknown }
  | { readonly number: number; readonly ok: false; readonly problem: CarriedProblem }

export type ToWorker = { readonly kind: 'ask'; readonly asked: readonly Asked[] } | { readonly kind: 'close' }

/** How the commit of a batch went; `null` = nothing was to be written. */
export type Writes = { readonly kept: true } | { readonly kept: false; readonly why: string } | null

export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly problem: CarriedProblem }
  | { readonly kind: 'answers'; readonly answers: readonly Answered[]; readonly writes: Writes }

const causeText = (cause: unknown): string | null => {
  if (cause === undefined || cause === null) return null
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}

export const carried = (problem: Problem): CarriedProblem => ({
  code: problem.code,
  message: problem.message,
  param: problem.detail.param ?? null,
  retryAfterMs: problem.detail.retryAfterMs ?? null,
  facts: problem.detail.facts ?? null,
  cause: causeText(problem.cause),
})

export const uncarried = ({ code, message, param, retryAfterMs, facts, cause }: CarriedProblem): Problem =>
  new Problem(code, {
    message,
    ...(param === null ? {} : { param }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(facts === null ? {} : { facts }),
    ...(cause === null ? {} : { cause: new Error(cause) }),
  })
