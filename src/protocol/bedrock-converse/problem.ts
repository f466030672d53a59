/**
 * What Bedrock says of a failure: a refusal with its kind in a header, or an exception inside a stream.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html, read 2026-11-28.
 */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { RawAnswer } from '#base/problem.ts'
import { Problem } from '#base/problem.ts'
import { readInBandProblem, readProblem as readStated } from '#protocol/openai/upstream-problem.ts'

/** Statuses of what a stream, where there is none, or a status that says less, calls by name only. */
const statuses: Readonly<Record<string, number>> = {
  accessDeniedException: 403,
  expiredTokenException: 403,
  internalServerException: 500,
  modelErrorException: 424,
  modelNotReadyException: 429,
  modelStreamErrorException: 502,
  modelTimeoutException: 504,
  resourceNotFoundException: 404,
  serviceQuotaExceededException: 429,
  serviceUnavailableException: 503,
  throttlingException: 429,
  unrecognizedClientException: 403,
  validationException: 400,
}

const statusOf = (name: string): number | undefined => (Object.hasOwn(statuses, name) ? statuses[name] : undefined)

/** Both forms: `ThrottlingException:http://internal…` in a header, `throttlingException` in a stream. */
const nameOf = (text: string): string => {
  const name = text.split(':', 1)[0] ?? ''
  return name.charAt(0).toLowerCase() + name.slice(1)
}

const messageOf = (document: unknown): string | null => {
  if (!isObject(document)) return null
  const message = document['message'] ?? document['Message']
  return typeof message === 'string' ? message : null
}

const parse = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch {
    // A page of a proxy before it: it tells no message.
    return null
  }
}

const stated = (name: string, message: string | null): JsonObject => ({
  error: { type: name, ...(message === null ? {} : { message }) },
})

/** A refusal as it came off the wire. Never throws. */
export const readProblem = (raw: RawAnswer): Problem => {
  const header = raw.headers['x-amzn-errortype']
  if (header === undefined || header === '') return readStated(raw)
  const name = nameOf(header)
  const body = Buffer.from(JSON.stringify(stated(name, messageOf(parse(raw.body)))))
  const { code, detail } = readStated({ ...raw, status: statusOf(name) ?? raw.status, body })
  return new Problem(code, { ...detail, raw })
}

/** An exception of a stream; the body of an event of an unknown kind tells what it can. */
export const streamProblem = (kind: string, document: JsonObject): Problem => {
  const name = nameOf(kind)
  const { error } = stated(name, messageOf(document))
  return readInBandProblem({ error: { ...(error as JsonObject), status_code: statusOf(name) ?? 502 } }, null)
}
