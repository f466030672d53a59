/** A text completion read as a chat of one message, for providers that have chats alone; and its fields in the words that all formats share. */

import { toNumber } from '#base/exact-json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call, Converted } from '#protocol/call.ts'
import type { ChatRequest, Message } from '#protocol/chat-request.ts'
import { noParameters } from '#protocol/chat-request.ts'
import type { Feature, FieldTable } from '#protocol/feature.ts'
import { features } from '#protocol/feature.ts'
import { Fields, unreadable } from '#protocol/field-reading.ts'

/** Read by Drover itself. */
const ownFields: readonly string[] = ['model', 'models', 'provider', 'usage', 'stream', 'stream_options']

const unwritten = { lost: 'nothing is written as a text completion' }

export const completionFields: FieldTable = {
  fields: {
    model: 'model',
    stream: 'stream',
    'stream_options.include_usage': 'stream',
    prompt: ['text'],
    max_tokens: ['outputMax'],
    n: ['choices'],
    temperature: ['temperature'],
    top_p: ['topP'],
    top_k: ['topK'],
    frequency_penalty: ['frequencyPenalty'],
    presence_penalty: ['presencePenalty'],
    seed: ['seed'],
    stop: ['stop'],
    logit_bias: ['logitBias'],
    user: ['user'],
    suffix: 'refused',
    echo: 'own',
    best_of: 'own',
    logprobs: 'own',
  },
  writes: Object.fromEntries(features.map((feature) => [feature, unwritten])) as Record<Feature, typeof unwritten>,
}

const refuse = (param: string, what: string): never => {
  throw new Problem('unsupported_parameter', {
    message: `${what} The provider of this model answers chats and no text completions, so that the prompt is passed on as one message of a chat. Send POST /v1/chat/completions, or use a model whose provider has text completions.`,
    param,
  })
}

const readPrompt = (prompt: Json | undefined): string => {
  const only = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt
  if (typeof only === 'string') return only
  if (!Array.isArray(only)) return unreadable('prompt', 'a string')
  return only.some((one) => typeof one === 'string')
    ? refuse('prompt', "'prompt' holds several prompts: a chat has one. Send them one by one.")
    : refuse('prompt', "'prompt' is made of tokens, which mean something to one model alone. Send text.")
}

/** Members that ask for what happens anyway. */
const asksNothing: Readonly<Record<string, (value: Json) => boolean>> = {
  echo: (value) => value === false,
  best_of: (value) => toNumber(value) === 1,
}

/** Negative numbers mean "no limit" to llama.cpp and LM Studio. */
const readOutputMax = (fields: Fields): number | null => {
  const stated = fields.number('max_tokens')
  return stated === null || stated < 0 ? null : stated
}

const readBody = (body: JsonObject, stream: boolean): ChatRequest => {
  const fields = new Fields(body)
  fields.drop(...ownFields)
  const text = readPrompt(fields.take('prompt'))
  const suffix = fields.text('suffix')
  if (suffix !== null && suffix !== '') refuse('suffix', "'suffix' cannot be said in a chat.")
  for (const [name, isNothing] of Object.entries(asksNothing)) {
    const value = body[name]
    if (value !== undefined && isNothing(value)) fields.drop(name)
  }
  const message: Message = { role: 'user', content: [{ type: 'text', text }], name: null }
  const request: Omit<ChatRequest, 'extra'> = {
    ...noParameters,
    source: 'openai-completions',
    stream,
    messages: [message],
    tools: [],
    outputMax: readOutputMax(fields),
    choices: fields.number('n'),
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    topK: fields.number('top_k'),
    frequencyPenalty: fields.number('frequency_penalty'),
    presencePenalty: fields.number('presence_penalty'),
    seed: fields.number('seed'),
    stop: fields.oneOrMoreTexts('stop'),
    logitBias: fields.object('logit_bias'),
    user: fields.text('user'),
  }
  return { ...request, extra: fields.rest().extra ?? {} }
}

/** @throws Problem `unsupported_parameter`, `invalid_request_error` naming the field that a chat cannot say. */
export const readCompletion = (call: Call): Converted<ChatRequest> => ({
  value: readBody(call.body(), call.stream),
  warnings: [],
})
