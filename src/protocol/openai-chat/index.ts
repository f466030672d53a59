/** Chat Completions: the protocol of OpenAI and of everybody who is compatible with it. */

import { addCost } from '#protocol/openai/cost.ts'
import { callerHeaders, writeRequest } from '#protocol/openai/outgoing.ts'
import { heartbeat, writeProblem, writeStreamProblem } from '#protocol/openai/refusal.ts'
import { openaiReader } from '#protocol/openai/reply.ts'
import { endpointsOf, readRequest } from '#protocol/openai/request.ts'
import { askStreamUsage, dropStreamUsage } from '#protocol/openai/stream-usage.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import { readUsage } from '#protocol/openai/usage.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { chatFields } from './fields.ts'
import { putBackMessages } from './put-back.ts'
import { readChat } from './read-chat.ts'
import { chatSteps } from './reply.ts'
import { chatRequest } from './request.ts'
import { writeReply } from './write.ts'
import { writeChat } from './write-chat.ts'

export const openaiChat: Protocol = {
  name: 'openai-chat',
  kind: 'chat',
  endpoints: endpointsOf(chatRequest),
  fields: chatFields,
  outputMaxFields: ['max_tokens', 'max_completion_tokens'],
  putBack: putBackMessages,
  server: {
    readCall: (inbound) => readRequest(inbound, chatRequest),
    readChat,
    writeReply,
    writeProblem,
    writeStreamProblem,
    heartbeat,
    addCost,
  },
  client: {
    path: 'chat/completions',
    writeCall: writeRequest,
    writeChat,
    readReply: (call, head, options) => openaiReader({ call, head, steps: chatSteps(call), ...options }),
    readProblem,
    readUsage,
    askUsage: askStreamUsage,
    dropUsage: dropStreamUsage,
    callerHeaders,
  },
}
