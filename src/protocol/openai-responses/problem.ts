/** Problems within a stream of responses. A whole answer that failed is refused as everywhere in OpenAI's family. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Problem } from '#base/problem.ts'
import type { Asked } from '#http/inbound.ts'
import { errorJson } from '#http/problem-answer.ts'

/** One event, with its name in front as this format has it. */
export const eventBytes = (value: JsonObject): Buffer =>
  Buffer.from(`event: ${value['type']}\ndata: ${JSON.stringify(value)}\n\n`)

/**
 * The event on which every SDK raises. Its fields stand at the top, as they are documented, and in `error`, where OpenAI's
 * servers put them (https://platform.openai.com/docs/api-reference/responses-streaming/error, read 2026-11-22).
 */
export const errorEvent = (problem: Problem, asked: Asked, sequenceNumber: number): JsonObject => {
  const error = errorJson(problem, asked)
  const { code, message, param } = error
  return { type: 'error', sequence_number: sequenceNumber, code, message, param, error }
}

/** For a stream that another server has begun: how far it has counted is not known. */
export const writeStreamProblem = (problem: Problem, asked: Asked): Buffer => eventBytes(errorEvent(problem, asked, 0))
