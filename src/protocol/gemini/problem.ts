/** Problems in Google's shape. https://cloud.google.com/apis/design/errors, read 2026-11-28. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Problem, RawAnswer } from '#base/problem.ts'
import type { Answer, Asked } from '#http/inbound.ts'
import { errorJson, retryHeaders } from '#http/problem-answer.ts'
import { passedAnswer } from '#protocol/openai/refusal.ts'

const names: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** An unknown model is a 404 here. */
const statusOf = ({ status, code }: Problem): number =>
  status === 400 && (code === 'model_not_found' || code === 'model_retired') ? 404 : status

const nameOf = (status: number): string => names[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT')

const textFacts = (facts: unknown): Record<string, string> =>
  isObject(facts) ? Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)])) : {}

/** When to come again, as Google tells it; its SDKs read this. */
const retryOf = ({ detail }: Problem): readonly JsonObject[] =>
  detail.retryAfterMs === undefined
    ? []
    : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${Math.ceil(detail.retryAfterMs / 1000)}s` }]

/** `{error: {code, message, status, details}}`; Drover's code and facts stand in an ErrorInfo. */
export const envelope = (problem: Problem, asked: Asked): JsonObject => {
  const { message, code, param, facts } = errorJson(problem, asked)
  const status = statusOf(problem)
  const metadata = { ...textFacts(facts), ...(param === null ? {} : { field: param }), request_id: asked.id }
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'drover', metadata }
  return { error: { code: status, message, status: nameOf(status), details: [info, ...retryOf(problem)] } }
}

/** Google's own envelope, alone or in an array: then it passes as it came. */
const isEnvelope = ({ body }: RawAnswer): boolean => {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    const first: unknown = Array.isArray(value) ? value[0] : value
    return isObject(first) && isObject(first['error']) && typeof first['error']['status'] === 'string'
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return false
    throw thrown
  }
}

/** A problem as a whole answer. What an upstream of this format refused with 400, 404 or 422 passes as it came. */
export const writeProblem = (problem: Problem, asked: Asked): Answer => {
  const headers = { ...retryHeaders(problem), ...problem.detail.headers, 'content-type': 'application/json' }
  const passed = passedAnswer(problem)
  if (passed !== null && isEnvelope(passed)) return { status: passed.status, headers, body: passed.body }
  return { status: statusOf(problem), headers, body: Buffer.from(JSON.stringify(envelope(problem, asked))) }
}

/** The event at which Google's SDKs raise. */
export const writeStreamProblem = (problem: Problem, asked: Asked): Buffer =>
  Buffer.from(`data: ${JSON.stringify(envelope(problem, asked))}\n\n`)

/** A blank line: nothing to a reader of events, and nothing inside an array. Comments stop Google's own reader of events. */
export const heartbeat: Buffer = Buffer.from('\n')
