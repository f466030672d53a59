/** Problems in formats that have an envelope of their own. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Problem } from '#base/problem.ts'
import type { Answer, Asked } from '#http/inbound.ts'
import { retryHeaders } from '#http/problem-answer.ts'
import { passedAnswer } from './openai/refusal.ts'

/** An unknown model is a 404 in these formats. */
export const envelopeStatus = ({ status, code }: Problem): number =>
  status === 400 && (code === 'model_not_found' || code === 'model_retired') ? 404 : status

export type Envelope = {
  readonly of: (problem: Problem, asked: Asked) => JsonObject
  /** Whether a document is one. */
  readonly is: (value: unknown) => boolean
}

const holds = (body: Uint8Array, is: Envelope['is']): boolean => {
  try {
    return is(JSON.parse(Buffer.from(body).toString('utf8')))
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return false
    throw thrown
  }
}

/** Writes a problem as a whole answer. What an upstream of the same format refused with 400, 404, 413 or 422 passes as it came. */
export const envelopeWriter =
  (envelope: Envelope) =>
  (problem: Problem, asked: Asked): Answer => {
    const headers = { ...retryHeaders(problem), ...problem.detail.headers, 'content-type': 'application/json' }
    const passed = passedAnswer(problem)
    if (passed !== null && holds(passed.body, envelope.is)) return { status: passed.status, headers, body: passed.body }
    return { status: envelopeStatus(problem), headers, body: Buffer.from(JSON.stringify(envelope.of(problem, asked))) }
  }
