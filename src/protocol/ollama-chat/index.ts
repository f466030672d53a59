/** Ollama's own chat: a format that only its servers speak. */

import { writeRequest } from '#protocol/openai/outgoing.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import type { UpstreamProtocol } from '#protocol/protocol.ts'
import { ollamaFields } from './fields.ts'
import { ollamaReader } from './reply.ts'
import { readUsage } from './usage.ts'
import { writeChat } from './write-chat.ts'

export const ollamaChat: UpstreamProtocol = {
  name: 'ollama-chat',
  kind: 'chat',
  fields: ollamaFields,
  // Parameters lie in `options`, where rules of top-level members do not reach; Ollama takes all of them.
  parameterNames: {},
  client: {
    path: 'chat',
    writeCall: writeRequest,
    writeChat,
    readReply: (call) => ollamaReader(call),
    readProblem,
    readUsage,
    askUsage: () => null,
    dropUsage: () => null,
    callerHeaders: [],
  },
}
