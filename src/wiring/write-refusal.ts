/** In whose shape requests are refused that reach no endpoint: by the path that they were sent to. */

import type { WriteProblem } from '#http/exchange.ts'
import { problemAnswer } from '#http/problem-answer.ts'
import { protocols } from '#protocol/index.ts'

const shapes = [
  { path: /^\/(anthropic\/)?(v1\/+)*messages(\/|$)|^\/anthropic\//, protocol: protocols['anthropic-messages'] },
  { path: /^(\/upload)?\/v1beta(\/|$)/, protocol: protocols.gemini },
]

/** Anthropic's under its paths, Google's under `/v1beta`, uploads there too, else OpenAI's, which the admin API has as well. */
export const writeRefusal: WriteProblem = (problem, asked, head) => {
  const shape = shapes.find(({ path }) => path.test(head?.path ?? ''))
  if (shape === undefined) return problemAnswer(problem, asked)
  const { server } = shape.protocol
  const answer = server.writeProblem(problem, asked)
  const own = server.requestIdHeader === undefined ? {} : { [server.requestIdHeader]: asked.id }
  return { ...answer, headers: { ...answer.headers, ...own, 'x-request-id': asked.id } }
}
