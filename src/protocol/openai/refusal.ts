/** Problems in the OpenAI shape: a whole answer, or an event in a stream that has begun. */

import { Buffer } from 'node:buffer'
import type { Problem, RawAnswer } from '#base/problem.ts'
import type { Answer, Asked } from '#http/inbound.ts'
import { errorJson, problemAnswer, retryHeaders } from '#http/problem-answer.ts'

const firstByte = (body: Uint8Array): string => {
  const at = body.findIndex((byte) => byte > 0x20)
  return at === -1 ? '' : String.fromCharCode(body[at] ?? 0)
}

/**
 * The upstream's own refusal, where it passes to a caller of the same format as it came; `null` = Drover answers in its own
 * words: a page (HTML) or nothing at all is nobody's protocol, and what was told in another format is not the caller's.
 */
export const passedAnswer = (problem: Problem): RawAnswer | null => {
  const { raw, status } = problem.detail
  if (raw === undefined || raw.foreign === true || status === undefined || raw.status !== status) return null
  const first = firstByte(raw.body)
  return first === '' || first === '<' ? null : raw
}

/**
 * A problem as a whole answer. What the provider refused with 400, 404 or 422 passes as it came, but for a list: so Google refuses at its
 * compatible endpoint, and OpenAI's SDKs see nothing in it ("400 status code (no body)").
 */
export const writeProblem = (problem: Problem, asked: Asked): Answer => {
  const headers = { ...retryHeaders(problem), ...problem.detail.headers }
  const passed = passedAnswer(problem)
  if (passed !== null && firstByte(passed.body) !== '[') {
    const contentType = passed.headers['content-type'] ?? 'application/json'
    return { status: passed.status, headers: { ...headers, 'content-type': contentType }, body: passed.body }
  }
  return problemAnswer(problem, asked)
}

/** One event; every SDK raises on its `error`. `choices` stays empty, so nothing in it can be taken for an end. */
export const writeStreamProblem = (problem: Problem, asked: Asked): Buffer =>
  Buffer.from(`data: ${JSON.stringify({ error: errorJson(problem, asked), choices: [] })}\n\n`)

/** A comment: SSE readers drop it (https://html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-22). */
export const heartbeat: Buffer = Buffer.from(': keep-alive\n\n')
