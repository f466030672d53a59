/** In whose shape requests are refused that reach no endpoint: by the path that they were sent to, else by what they say of their client. */

import type { Problem } from '#base/problem.ts'
import type { WriteProblem } from '#http/exchange.ts'
import { problemAnswer } from '#http/problem-answer.ts'
import type { RequestHead } from '#http/request-head.ts'
import { protocols } from '#protocol/index.ts'
import type { Protocol } from '#protocol/protocol.ts'

const { 'anthropic-messages': anthropic, gemini } = protocols

const shapes = [
  { path: /^\/(anthropic\/)?(v1\/+)*messages(\/|$)|^\/anthropic\//, protocol: anthropic },
  { path: /^(\/upload)?\/v1beta(\/|$)/, protocol: gemini },
]

/** Under which there is no client of a model. */
const adminPath = /^\/api(\/|$)/

/** A version is only sent by who reads Anthropic's errors; a key may also be sent so to what is there in OpenAI's format alone. */
const byHeaders = ({ headers }: RequestHead, { code }: Problem): Protocol | null => {
  if (headers['anthropic-version'] !== undefined) return anthropic
  if (code !== 'not_found') return null
  if (headers['x-api-key'] !== undefined) return anthropic
  return headers['x-goog-api-key'] === undefined ? null : gemini
}

const protocolFor = (problem: Problem, head: RequestHead): Protocol | null => {
  const shape = shapes.find(({ path }) => path.test(head.path))
  return shape?.protocol ?? (adminPath.test(head.path) ? null : byHeaders(head, problem))
}

/**
 * Anthropic's under its paths, Google's under `/v1beta`, uploads there too; elsewhere that of the client whose headers it has, else OpenAI's,
 * which the admin API has as well.
 */
export const writeRefusal: WriteProblem = (problem, asked, head) => {
  const protocol = head === null ? null : protocolFor(problem, head)
  if (protocol === null) return problemAnswer(problem, asked)
  const { server } = protocol
  const answer = server.writeProblem(problem, asked)
  const own = server.requestIdHeader === undefined ? {} : { [server.requestIdHeader]: asked.id }
  return { ...answer, headers: { ...answer.headers, ...own, 'x-request-id': asked.id } }
}
