/** A request in the shared words written as a chat request. */

import { createHash } from 'node:crypto'
import type { JsonObject } from '#base/json-type.ts'
import type { Converted } from '#protocol/call.ts'
import type { ChatRequest } from '#protocol/chat-request.ts'
import { withWarnings } from '#protocol/feature.ts'
import { given } from '#protocol/field-reading.ts'
import type { ChatTarget } from '#protocol/protocol.ts'
import type { Writing } from './write-content.ts'
import { writeMessage } from './write-message.ts'
import { writeFormat, writeReasoning, writeToolChoice, writeTools } from './write-wishes.ts'

/** OpenAI takes identifiers of this length; a digest tells people apart as well. */
const userLengthMax = 64

const userOf = ({ request: { user }, own }: Writing): string | null =>
  user === null || own || user.length <= userLengthMax ? user : createHash('sha256').update(user).digest('hex')

const topKOf = ({ request: { topK }, dialect, warn, own }: Writing): number | null => {
  if (topK === null || own || dialect.topK) return topK
  warn('top_k', 'the provider does not take it')
  return null
}

const wantsMarks = ({ messages, tools }: ChatRequest): boolean =>
  messages.some(({ content }) => content.some(({ cache }) => cache !== undefined)) ||
  tools.some(({ cache }) => cache !== undefined)

const bodyOf = (writing: Writing): JsonObject => {
  const { request, dialect, warn, own } = writing
  if (wantsMarks(request) && !dialect.cacheMarks) warn('cache_control', 'the provider decides by itself what it caches')
  return {
    model: '',
    messages: request.messages.flatMap((message, index) => writeMessage(message, writing, `messages[${index}]`)),
    ...writeTools(writing),
    ...writeReasoning(writing),
    ...given({
      tool_choice: writeToolChoice(request.toolChoice),
      parallel_tool_calls: request.tools.length === 0 ? null : request.parallelTools,
      [dialect.outputMax]: request.outputMax,
      n: request.choices,
      temperature: request.temperature,
      top_p: request.topP,
      top_k: topKOf(writing),
      frequency_penalty: request.frequencyPenalty,
      presence_penalty: request.presencePenalty,
      seed: request.seed,
      stop: request.stop,
      logprobs: request.logprobs,
      top_logprobs: request.topLogprobs,
      logit_bias: request.logitBias,
      response_format: writeFormat(request.responseFormat),
      verbosity: request.verbosity,
      modalities: request.modalities,
      audio: request.audio === null ? null : given(request.audio),
      user: userOf(writing),
      metadata: request.metadata,
      service_tier: request.serviceTier,
      prompt_cache_key: request.promptCacheKey,
      store: request.store,
    }),
    ...(own ? request.extra : {}),
    ...(request.stream ? { stream: true } : {}),
  }
}

/** The body; the model is set where the call is sent. */
export const writeChat = (request: ChatRequest, { dialect }: ChatTarget): Converted<JsonObject> =>
  withWarnings((warn) => bodyOf({ request, dialect, warn, own: request.source === 'openai-chat' }))
