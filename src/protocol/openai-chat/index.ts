/** Chat Completions: the protocol of OpenAI and of everybody who is compatible with it. */

import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import { lowerMembers } from '#protocol/lower-output.ts'
import { addCost } from '#protocol/openai/cost.ts'
import { callerHeaders, writeRequest } from '#protocol/openai/outgoing.ts'
import { heartbeat, writeProblem, writeStreamProblem } from '#protocol/openai/refusal.ts'
import { openaiReader } from '#protocol/openai/reply.ts'
import { endpointsOf, readRequest } from '#protocol/openai/request.ts'
import { askStreamUsage, dropStreamUsage } from '#protocol/openai/stream-usage.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import { readUsage } from '#protocol/openai/usage.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { chatToolName } from '#protocol/tool-name.ts'
import { chatFields } from './fields.ts'
import { putBackMessages } from './put-back.ts'
import { readChat } from './read-chat.ts'
import { chatSteps } from './reply.ts'
import { chatRequest } from './request.ts'
import { writeReply } from './write.ts'
import { writeChat } from './write-chat.ts'

/** Moonshot's, the only one in this format: https://platform.kimi.com/docs/api/estimate.md, from memory, held against the OpenAPI of api-evangelist/kimi-moonshot, read 2026-11-29. */
const countPath = 'tokenizers/estimate-token-count'

export const openaiChat: Protocol = {
  name: 'openai-chat',
  kind: 'chat',
  endpoints: endpointsOf(chatRequest),
  fields: chatFields,
  toolNames: chatToolName,
  lowerOutput: lowerMembers('max_tokens', 'max_completion_tokens'),
  counting: {
    endpoints: [{ path: countPath, accepts: ['json'] }],
    path: countPath,
    readCall: (inbound) => ({ ...readRequest(inbound, chatRequest), endpoint: countPath, stream: false }),
    // It knows messages only: of what tools take it would say nothing.
    bodyOf: ({ messages, tools }) => (tools === undefined && messages !== undefined ? { messages } : null),
    readAnswer: ({ data }) => (isObject(data) ? countOf(data['total_tokens']) : null),
    writeAnswer: (tokens) => ({ data: { total_tokens: tokens } }),
  },
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
