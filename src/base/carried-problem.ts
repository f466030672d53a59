/** Problems between threads and processes. */

import type { ProblemCode } from './problem.ts'
import { Problem } from './problem.ts'
import type { Sentence } from './sentence.ts'

/** A Problem as plain data: its class and its cause do not cross. */
export type CarriedProblem = {
  readonly code: ProblemCode
  readonly message: string
  readonly said: Sentence | null
  readonly param: string | null
  readonly retryAfterMs: number | null
  readonly facts: Readonly<Record<string, string | number | boolean | null>> | null
  readonly cause: string | null
}

const causeText = (cause: unknown): string | null => {
  if (cause === undefined || cause === null) return null
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}

/** A Problem to be sent. */
export const carried = (problem: Problem): CarriedProblem => ({
  code: problem.code,
  message: problem.message,
  said: problem.detail.said ?? null,
  param: problem.detail.param ?? null,
  retryAfterMs: problem.detail.retryAfterMs ?? null,
  facts: problem.detail.facts ?? null,
  cause: causeText(problem.cause),
})

/** One that was sent. */
export const uncarried = ({ code, message, said, param, retryAfterMs, facts, cause }: CarriedProblem): Problem =>
  new Problem(code, {
    message,
    ...(said === null ? {} : { said }),
    ...(param === null ? {} : { param }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(facts === null ? {} : { facts }),
    ...(cause === null ? {} : { cause: new Error(cause) }),
  })
