/** Chat Completions: the protocol of OpenAI and of everybody who is compatible with it. */

import { addCost } from '#protocol/openai/cost.ts'
import { writeRequest } from '#protocol/openai/outgoing.ts'
import { heartbeat, writeProblem, writeStreamProblem } from '#protocol/openai/refusal.ts'
import { openaiReader } from '#protocol/openai/reply.ts'
import { endpointsOf, readRequest } from '#protocol/openai/request.ts'
import { askStreamUsage, dropStreamUsage } from '#protocol/openai/stream-usage.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import { readUsage } from '#protocol/openai/usage.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { chatSteps } from './reply.ts'
import { chatRequest } from './request.ts'
import { writeReply } from './write.ts'

export const openaiChat: Protocol = {
  name: 'openai-chat',
  kind: 'chat',
  endpoints: endpointsOf(chatRequest),
  outputMaxFields: ['max_tokens', 'max_completion_tokens'],
  server: {
    readCall: (inbound) => readRequest(inbound, chatRequest),
    writeReply,
    writeProblem,
    writeStreamProblem,
    heartbeat,
    addCost,
  },
  client: {
    writeCall: writeRequest,
    readReply: (call, head) => openaiReader({ call, head, steps: chatSteps(call) }),
    readProblem,
    readUsage,
    askUsage: askStreamUsage,
    dropUsage: dropStreamUsage,
  },
}
