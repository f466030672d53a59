/** A refusal before any protocol has been chosen, in OpenAI's shape, which most callers read. */

import { Buffer } from 'node:buffer'
import { manualUrl } from '#base/manual.ts'
import type { Problem } from '#base/problem.ts'
import type { Answer } from './inbound.ts'

/** Shape: https://platform.openai.com/docs/guides/error-codes (read 2026-11-22). */
export const problemAnswer = (problem: Problem, requestId: string): Answer => {
  const { code, detail, row, status } = problem
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'x-request-id': requestId,
    ...detail.headers,
  }
  if (detail.retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(detail.retryAfterMs / 1000)))
  const message = `${detail.message} See ${manualUrl(code)} (request ${requestId}).`
  const error = { message, type: row.type, param: detail.param ?? null, code }
  return { status, headers, body: Buffer.from(JSON.stringify({ error })) }
}
