/** Cohere's own chat, its second version: a format that only Cohere speaks. */

import { writeRequest } from '#protocol/openai/outgoing.ts'
import { openaiReader } from '#protocol/openai/reply.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import type { UpstreamProtocol } from '#protocol/protocol.ts'
import { cohereFields } from './fields.ts'
import { cohereSteps } from './reply.ts'
import { readUsage } from './usage.ts'
import { writeChat } from './write-chat.ts'

export const cohereChat: UpstreamProtocol = {
  name: 'cohere-chat',
  kind: 'chat',
  fields: cohereFields,
  parameterNames: {
    temperature: 'temperature',
    top_p: 'p',
    top_k: 'k',
    max_tokens: 'max_tokens',
    stop: 'stop_sequences',
    seed: 'seed',
    frequency_penalty: 'frequency_penalty',
    presence_penalty: 'presence_penalty',
  },
  client: {
    path: 'chat',
    writeCall: writeRequest,
    writeChat,
    readReply: (call, head, options) => openaiReader({ call, head, steps: cohereSteps(), ...options }),
    readProblem,
    readUsage,
    askUsage: () => null,
    dropUsage: () => null,
    callerHeaders: [],
  },
}
