/** Messages: the protocol of Anthropic, and of others who let Claude's clients in. */

import { countOf } from '#base/usage.ts'
import { carrierFormats } from '#protocol/carrier.ts'
import { addCost } from '#protocol/openai/cost.ts'
import { writeRequest } from '#protocol/openai/outgoing.ts'
import { openaiReader } from '#protocol/openai/reply.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import { picking } from '#protocol/picking.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { claudeToolName } from '#protocol/tool-name.ts'
import { messagesFields } from './fields.ts'
import { lowerOutput } from './lower-output.ts'
import { heartbeat, writeProblem, writeStreamProblem } from './problem.ts'
import { readChat } from './read-chat.ts'
import { messagesSteps } from './reply.ts'
import { readCounted, readMessages } from './request.ts'
import { readUsage } from './usage.ts'
import { writeChat } from './write-chat.ts'
import { streamWriter } from './write-stream.ts'
import { wholeWriter } from './write-whole.ts'

/** The only version there has ever been (https://platform.claude.com/docs/en/api/versioning, read 2026-11-22). */
const version = '2023-06-01'

export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',
  kind: 'chat',
  endpoints: [{ path: 'messages', accepts: ['json'], roots: ['/v1', '/anthropic/v1'] }],
  lowerOutput,
  takesBack: [carrierFormats.anthropic],
  fields: messagesFields,
  toolNames: claudeToolName,
  wantsTurn: true,
  parameterNames: {
    temperature: 'temperature',
    top_p: 'top_p',
    top_k: 'top_k',
    max_tokens: 'max_tokens',
    stop: 'stop_sequences',
    thinking: 'thinking',
  },
  counting: {
    endpoints: [{ path: 'messages/count_tokens', accepts: ['json'], roots: ['/v1', '/anthropic/v1'] }],
    path: 'messages/count_tokens',
    readCall: (inbound) => ({ ...readCounted(inbound), endpoint: 'messages/count_tokens' }),
    // A maximum, a temperature and their like are refused: https://platform.claude.com/docs/en/api/messages-count-tokens, read 2026-11-29 as its SDK has it.
    bodyOf: picking('messages', 'system', 'tools', 'tool_choice', 'thinking'),
    readAnswer: ({ input_tokens: tokens }) => countOf(tokens),
    writeAnswer: (tokens) => ({ input_tokens: tokens }),
  },
  server: {
    readCall: readMessages,
    readChat,
    writeReply: (context) => (context.call.stream ? streamWriter(context) : wholeWriter(context)),
    writeProblem,
    writeStreamProblem,
    heartbeat,
    addCost,
    requestIdHeader: 'request-id',
  },
  client: {
    path: 'messages',
    writeCall: (call, target) => {
      const { value, warnings } = writeRequest(call, target)
      return { value: { ...value, headers: { 'anthropic-version': version } }, warnings }
    },
    writeChat,
    readReply: (call, head, options) => openaiReader({ call, head, steps: messagesSteps(), ...options }),
    readProblem,
    readUsage,
    askUsage: () => null,
    dropUsage: () => null,
    callerHeaders: ['anthropic-beta', 'anthropic-version', 'accept'],
  },
}
