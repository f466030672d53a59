/** Problems in Google's shape. https://cloud.google.com/apis/design/errors, read 2026-11-28. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Problem } from '#base/problem.ts'
import type { Asked } from '#http/inbound.ts'
import { errorJson } from '#http/problem-answer.ts'
import type { Call } from '#protocol/call.ts'
import { envelopeStatus, envelopeWriter } from '#protocol/own-envelope.ts'
import { streamOfArray } from './request.ts'

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
  const status = envelopeStatus(problem)
  const metadata = { ...textFacts(facts), ...(param === null ? {} : { field: param }), request_id: asked.id }
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'drover', metadata }
  return { error: { code: status, message, status: nameOf(status), details: [info, ...retryOf(problem)] } }
}

/** Google's own envelope, alone or in an array. */
const isEnvelope = (value: unknown): boolean => {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return isObject(first) && isObject(first['error']) && typeof first['error']['status'] === 'string'
}

/** A problem as a whole answer. */
export const writeProblem = envelopeWriter({ of: envelope, is: isEnvelope })

/** The event at which Google's SDKs raise, or one more element of an array that grows. */
export const writeStreamProblem = (problem: Problem, asked: Asked, { endpoint }: Pick<Call, 'endpoint'>): Buffer => {
  const text = JSON.stringify(envelope(problem, asked))
  return Buffer.from(endpoint === streamOfArray ? `,\n${text}\n` : `data: ${text}\n\n`)
}

/** A blank line: nothing to a reader of events, and nothing inside an array. Comments stop Google's own reader of events. */
export const heartbeat: Buffer = Buffer.from('\n')
