/** Responses: OpenAI's newer protocol, in which an answer is a list of items. */

import { countOf } from '#base/usage.ts'
import { carrierFormats } from '#protocol/carrier.ts'
import { lowerMembers } from '#protocol/lower-output.ts'
import { addCost } from '#protocol/openai/cost.ts'
import { callerHeaders, writeRequest } from '#protocol/openai/outgoing.ts'
import { heartbeat, writeProblem } from '#protocol/openai/refusal.ts'
import { openaiReader } from '#protocol/openai/reply.ts'
import { endpointsOf, readRequest } from '#protocol/openai/request.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import { picking } from '#protocol/picking.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { plainToolName } from '#protocol/tool-name.ts'
import { responsesFields } from './fields.ts'
import { keeping } from './keeping.ts'
import { writeStreamProblem } from './problem.ts'
import { readChat } from './read-chat.ts'
import { responsesSteps } from './reply.ts'
import { readResponses, responsesRequest } from './request.ts'
import { readUsage } from './usage.ts'
import { writeChat } from './write-chat.ts'
import { writeReply } from './write-reply.ts'

const countPath = 'responses/input_tokens'

export const openaiResponses: Protocol = {
  name: 'openai-responses',
  kind: 'chat',
  endpoints: endpointsOf(responsesRequest),
  lowerOutput: lowerMembers('max_output_tokens'),
  takesBack: [carrierFormats.openaiResponses],
  fields: responsesFields,
  toolNames: plainToolName,
  repeatsText: true,
  parameterNames: {
    temperature: 'temperature',
    top_p: 'top_p',
    top_logprobs: 'top_logprobs',
    max_tokens: 'max_output_tokens',
    max_completion_tokens: 'max_output_tokens',
  },
  counting: {
    endpoints: [{ path: countPath, accepts: ['json'] }],
    path: countPath,
    readCall: (inbound) => ({ ...readRequest(inbound, responsesRequest), endpoint: countPath }),
    // `TokenCountsBody` of OpenAI's document, read 2026-11-29.
    bodyOf: picking('input', 'instructions', 'tools', 'tool_choice', 'text', 'reasoning', 'parallel_tool_calls'),
    readAnswer: ({ input_tokens: tokens }) => countOf(tokens),
    writeAnswer: (tokens) => ({ object: 'response.input_tokens', input_tokens: tokens }),
  },
  keeping,
  server: {
    readCall: readResponses,
    readChat,
    writeReply,
    writeProblem,
    writeStreamProblem,
    heartbeat,
    addCost,
  },
  client: {
    path: 'responses',
    writeCall: writeRequest,
    writeChat,
    readReply: (call, head, options) => openaiReader({ call, head, steps: responsesSteps(), ...options }),
    readProblem,
    readUsage,
    // It comes by itself, in the event that ends the response.
    askUsage: () => null,
    dropUsage: () => null,
    callerHeaders,
  },
}
