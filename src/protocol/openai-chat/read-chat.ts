/** A chat request read into the words that all formats share. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call, Converted } from '#protocol/call.ts'
import type { AudioWish, ChatRequest, ReasoningWish, ResponseFormat } from '#protocol/chat-request.ts'
import { noParameters } from '#protocol/chat-request.ts'
import { Fields, given } from '#protocol/field-reading.ts'
import { readMessage } from './read-message.ts'
import { readToolChoice, readTools } from './read-tools.ts'

/** Read by Drover itself. */
const ownFields: readonly string[] = ['model', 'models', 'provider', 'usage', 'stream', 'stream_options']

/** `null` = there is none, or one of a server's own (a grammar, a pattern), which is left. */
const readFormat = (format: JsonObject | null): ResponseFormat | null => {
  if (format === null) return null
  if (format['type'] === 'text') return { type: 'text' }
  if (format['type'] === 'json_object') return { type: 'json' }
  if (format['type'] !== 'json_schema') return null
  const inner = new Fields(
    isObject(format['json_schema']) ? format['json_schema'] : format,
    'response_format.json_schema',
  )
  return {
    type: 'json-schema',
    name: inner.text('name'),
    description: inner.text('description'),
    schema: inner.object('schema') ?? {},
    strict: inner.flag('strict'),
  }
}

const modeOf = (value: unknown): ReasoningWish['mode'] => {
  if (value === true || value === 'enabled') return 'on'
  if (value === false || value === 'disabled') return 'off'
  return value === 'adaptive' || value === 'auto' ? 'adaptive' : null
}

/**
 * `reasoning_effort` (OpenAI), `reasoning` (OpenRouter), `thinking` (Moonshot, DeepSeek, Zhipu), `enable_thinking` and
 * `thinking_budget` (Alibaba, SiliconFlow): one wish under several names.
 */
const readReasoning = (fields: Fields): ReasoningWish | null => {
  const effort = fields.text('reasoning_effort')
  const reasoning = fields.object('reasoning') ?? {}
  const thinking = fields.object('thinking') ?? {}
  const stated = [fields.flag('enable_thinking'), reasoning['enabled'], thinking['type']]
  const budget = fields.number('thinking_budget')
  const wish: ReasoningWish = {
    mode: stated.map(modeOf).find((mode) => mode !== null) ?? null,
    effort: effort ?? (typeof reasoning['effort'] === 'string' ? reasoning['effort'] : null),
    budgetTokens:
      ([budget, reasoning['max_tokens'], thinking['budget_tokens']].find((value) => typeof value === 'number') as
        | number
        | undefined) ?? null,
    summary: reasoning['exclude'] === true ? 'none' : null,
  }
  return Object.values(wish).every((value) => value === null) ? null : wish
}

const readAudio = (fields: Fields): AudioWish | null => {
  const audio = fields.object('audio')
  if (audio === null) return null
  return { voice: audio['voice'] ?? null, format: typeof audio['format'] === 'string' ? audio['format'] : null }
}

/** The newer name wins where both are given. */
const readOutputMax = (fields: Fields): number | null => {
  const [newer, older] = [fields.number('max_completion_tokens'), fields.number('max_tokens')]
  const stated = newer ?? older
  // Negative numbers mean "no limit" to llama.cpp and LM Studio.
  return stated === null || stated < 0 ? null : stated
}

const readBody = (body: JsonObject, stream: boolean): ChatRequest => {
  const fields = new Fields(body)
  fields.drop(...ownFields)
  const [identifier, user] = [fields.text('safety_identifier'), fields.text('user')]
  const format = fields.object('response_format')
  const responseFormat = readFormat(format)
  const request: Omit<ChatRequest, 'extra'> = {
    ...noParameters,
    source: 'openai-chat',
    stream,
    messages: fields.objects('messages').map((message, index) => readMessage(message, `messages[${index}]`)),
    tools: readTools(fields),
    toolChoice: readToolChoice(fields),
    outputMax: readOutputMax(fields),
    choices: fields.number('n'),
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    topK: fields.number('top_k'),
    frequencyPenalty: fields.number('frequency_penalty'),
    presencePenalty: fields.number('presence_penalty'),
    seed: fields.number('seed'),
    stop: fields.oneOrMoreTexts('stop'),
    logprobs: fields.flag('logprobs'),
    topLogprobs: fields.number('top_logprobs'),
    logitBias: fields.object('logit_bias'),
    parallelTools: fields.flag('parallel_tool_calls'),
    responseFormat,
    reasoning: readReasoning(fields),
    verbosity: fields.text('verbosity'),
    modalities: fields.texts('modalities'),
    audio: readAudio(fields),
    user: identifier ?? user,
    metadata: fields.object('metadata'),
    serviceTier: fields.text('service_tier'),
    promptCacheKey: fields.text('prompt_cache_key'),
    store: fields.flag('store'),
  }
  const left = responseFormat === null ? given({ response_format: format }) : {}
  return { ...request, extra: { ...left, ...fields.rest().extra } }
}

/** @throws Problem `invalid_request_error` naming the field that cannot be read. */
export const readChat = (call: Call): Converted<ChatRequest> => ({
  value: readBody(call.body(), call.stream),
  warnings: [],
})
