/** Problems in Anthropic's shape. https://platform.claude.com/docs/en/api/errors, read 2026-11-22. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Problem } from '#base/problem.ts'
import type { Asked } from '#http/inbound.ts'
import { errorJson } from '#http/problem-answer.ts'
import { envelopeStatus, envelopeWriter } from '#protocol/own-envelope.ts'

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

const typeOf = (status: number): string => types[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')

/** What Anthropic's clients act on: they look for a word of its own in `details`. */
const detailsOf = ({ detail: { facts, param } }: Problem): JsonObject => {
  const word = facts?.['error_code']
  return word === undefined ? {} : { details: { error_code: word, unsupported: [param ?? null] } }
}

/** `{type: "error", error: {type, message}, request_id}`; code, field and facts of Drover stand beside. */
const envelope = (problem: Problem, asked: Asked): JsonObject => {
  const { message, code, param, facts } = errorJson(problem, asked)
  const error = {
    type: typeOf(envelopeStatus(problem)),
    message,
    code,
    ...(param === null ? {} : { param }),
    ...detailsOf(problem),
    ...(facts === undefined ? {} : { facts }),
  }
  return { type: 'error', error, request_id: asked.id }
}

/** Some endpoints of this format refuse in OpenAI's shape (Kimi's does): that is said again in this one. */
const isEnvelope = (value: unknown): boolean => isObject(value) && value['type'] === 'error' && isObject(value['error'])

/** A problem as a whole answer. */
export const writeProblem = envelopeWriter({ of: envelope, is: isEnvelope })

/** The event after which every SDK raises. */
export const writeStreamProblem = (problem: Problem, asked: Asked): Buffer =>
  Buffer.from(`event: error\ndata: ${JSON.stringify(envelope(problem, asked))}\n\n`)

/** The document in place of an answer that failed before it was delivered. */
export const problemDocument = (problem: Problem, asked: Asked): Buffer =>
  Buffer.from(JSON.stringify(envelope(problem, asked)))

/** Anthropic's own sign of life. */
export const heartbeat: Buffer = Buffer.from('event: ping\ndata: {"type": "ping"}\n\n')
