/** Problems in the OpenAI shape: a whole answer, or an event in a stream that has begun. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { manualUrl } from '#base/manual.ts'
import type { Problem, RawAnswer } from '#base/problem.ts'
import type { Answer } from '#http/inbound.ts'

/** Told with a refusal that a wait will mend when nobody knows how long. */
const retryAfterDefaultMs = 2000

const firstByte = (body: Uint8Array): string => {
  const at = body.findIndex((byte) => byte > 0x20)
  return at === -1 ? '' : String.fromCharCode(body[at] ?? 0)
}

/**
 * The upstream's own refusal, where it passes to a caller of the same format as it came; `null` = Drover answers in its own
 * words. A page (HTML) or nothing at all is nobody's protocol, so those are put into words. A relay that translates takes
 * `raw` out of the problem first.
 */
export const passedAnswer = (problem: Problem): RawAnswer | null => {
  const { raw, status } = problem.detail
  if (raw === undefined || status === undefined || raw.status !== status) return null
  const first = firstByte(raw.body)
  return first === '' || first === '<' ? null : raw
}

/**
 * `{message, type, param, code}`, and `facts` where there are any. The message ends with what a person needs to find the
 * call and the manual.
 */
export const errorJson = (problem: Problem, requestId: string): JsonObject => {
  const { facts, param } = problem.detail
  return {
    message: `${problem.message} Request id: ${requestId}. See ${manualUrl(problem.code)}`,
    type: problem.row.type,
    param: param ?? null,
    code: problem.code,
    ...(facts === undefined || Object.keys(facts).length === 0 ? {} : { facts }),
  }
}

/**
 * `retry-after` in whole seconds and `retry-after-ms`, and `x-should-retry: false` where the status would make an SDK try
 * again in vain. The OpenAI SDKs obey all three (openai-node 6 and openai-python 2, `_base_client`, read 2026-11-22).
 */
const retryHeaders = (problem: Problem): Readonly<Record<string, string>> => {
  const { retry } = problem.row
  const waitMs = problem.detail.retryAfterMs ?? (retry === 'later' ? retryAfterDefaultMs : null)
  return {
    ...(waitMs === null
      ? {}
      : { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(Math.ceil(waitMs)) }),
    ...(retry === 'never' && [401, 402, 429].includes(problem.status) ? { 'x-should-retry': 'false' } : {}),
  }
}

/** A problem as a whole answer. What the provider refused with 400, 404 or 422 passes as it came. */
export const writeProblem = (problem: Problem, requestId: string): Answer => {
  const headers = { ...retryHeaders(problem), ...problem.detail.headers }
  const passed = passedAnswer(problem)
  if (passed !== null) {
    const contentType = passed.headers['content-type'] ?? 'application/json'
    return { status: passed.status, headers: { ...headers, 'content-type': contentType }, body: passed.body }
  }
  return {
    status: problem.status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ error: errorJson(problem, requestId) })),
  }
}

/** One event; every SDK raises on its `error`. `choices` stays empty, so nothing in it can be taken for an end. */
export const writeStreamProblem = (problem: Problem, requestId: string): Buffer =>
  Buffer.from(`data: ${JSON.stringify({ error: errorJson(problem, requestId), choices: [] })}\n\n`)

/** A comment: SSE readers drop it (https://html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-22). */
export const heartbeat: Buffer = Buffer.from(': keep-alive\n\n')
