/** A refusal in OpenAI's shape: that of every endpoint of its family, and of requests that reached no endpoint at all. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { manualUrl } from '#base/manual.ts'
import type { Problem } from '#base/problem.ts'
import type { Answer, Asked } from './inbound.ts'

/** Where a wait helps but nobody said how long. */
const retryAfterDefaultMs = 2_000

/** With a stop at its end: what a provider said often has none. */
export const ended = (message: string): string => (/[.!?:…。！？]$/.test(message) ? message : `${message}.`)

/**
 * `{message, type, param, code}`, `facts` where there are any, and `said` where a person may be shown it in another language: the message's
 * own code and what is filled in. The message ends with what a person needs to find the call and the manual.
 */
export const errorJson = (problem: Problem, { id, origin }: Asked): JsonObject => {
  const { facts, param, said } = problem.detail
  return {
    message: `${ended(problem.message)} Request id: ${id}. See ${manualUrl(origin, problem.code)}`,
    type: problem.row.type,
    param: param ?? null,
    code: problem.code,
    ...(facts === undefined || Object.keys(facts).length === 0 ? {} : { facts }),
    ...(said === undefined ? {} : { said: { ...said } }),
  }
}

/**
 * `retry-after` in whole seconds and `retry-after-ms`, and `x-should-retry: false` where the status would make an SDK try
 * again in vain. The OpenAI SDKs obey all three (openai-node 6 and openai-python 2, `_base_client`, read 2026-11-22).
 */
export const retryHeaders = (problem: Problem): Readonly<Record<string, string>> => {
  const { retry } = problem.row
  const waitMs = problem.detail.retryAfterMs ?? (retry === 'later' ? retryAfterDefaultMs : null)
  return {
    ...(waitMs === null
      ? {}
      : { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(Math.ceil(waitMs)) }),
    ...(retry === 'never' && [401, 402, 429].includes(problem.status) ? { 'x-should-retry': 'false' } : {}),
  }
}

/** Shape: https://platform.openai.com/docs/guides/error-codes (read 2026-11-22). */
export const problemAnswer = (problem: Problem, asked: Asked): Answer => ({
  status: problem.status,
  headers: {
    'content-type': 'application/json',
    'x-request-id': asked.id,
    ...retryHeaders(problem),
    ...problem.detail.headers,
  },
  body: Buffer.from(JSON.stringify({ error: errorJson(problem, asked) })),
})
