/** A Responses request read into the words that all formats share. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call, Converted } from '#protocol/call.ts'
import type { ChatRequest, Message, ReasoningWish, ResponseFormat } from '#protocol/chat-request.ts'
import { noParameters } from '#protocol/chat-request.ts'
import { Fields, given } from '#protocol/field-reading.ts'
import { readInput } from './read-input.ts'
import { readToolChoice, readTools } from './read-tools.ts'

/** Read by Drover itself, which also keeps responses; how the pieces of a stream are padded is nobody's concern behind it. */
const ownFields: readonly string[] = ['model', 'models', 'provider', 'usage', 'stream', 'stream_options', 'store']

/** What only the keeper of earlier responses, prompts and conversations can honour. */
const keptElsewhere: Readonly<Record<string, string>> = {
  previous_response_id: 'Send the earlier items in "input"',
  conversation: 'Send the earlier items in "input"',
  prompt: 'Send its text in "instructions" and "input"',
}

const refuseKept = (fields: Fields): void => {
  for (const [name, instead] of Object.entries(keptElsewhere))
    if (fields.take(name) !== undefined)
      throw new Problem('unsupported_parameter', {
        message: `'${name}' refers to what is kept by a provider of the Responses API, and the model's provider has none. ${instead}.`,
        param: name,
      })
}

/** `null` = there is none, or none that other formats know. */
const readFormat = (format: Json | undefined): ResponseFormat | null => {
  if (!isObject(format)) return null
  if (format['type'] === 'text') return { type: 'text' }
  if (format['type'] === 'json_object') return { type: 'json' }
  if (format['type'] !== 'json_schema') return null
  const inner = new Fields(format, 'text.format')
  return {
    type: 'json-schema',
    name: inner.text('name'),
    description: inner.text('description'),
    schema: inner.object('schema') ?? {},
    strict: inner.flag('strict'),
  }
}

const wordOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)

type Reasoning = { readonly wish: ReasoningWish | null; readonly extra: JsonObject }

const readReasoning = (fields: Fields): Reasoning => {
  const inner = new Fields(fields.object('reasoning') ?? {}, 'reasoning')
  const effort = inner.text('effort')
  const summary = inner.text('summary') ?? inner.text('generate_summary')
  const { extra } = inner.rest()
  return {
    wish: effort === null && summary === null ? null : { mode: null, effort, budgetTokens: null, summary },
    extra: extra === undefined ? {} : { reasoning: extra },
  }
}

/** Secrets of thoughts are always given; the rest of what can be included belongs to a provider's own tools. */
const readInclude = (fields: Fields): { readonly logprobs: true | null; readonly extra: JsonObject } => {
  const include = fields.texts('include') ?? []
  const others = include.filter(
    (one) => one !== 'message.output_text.logprobs' && one !== 'reasoning.encrypted_content',
  )
  return {
    logprobs: include.includes('message.output_text.logprobs') ? true : null,
    extra: others.length === 0 ? {} : { include: others },
  }
}

const readMessages = (fields: Fields): readonly Message[] => {
  const instructions = fields.text('instructions')
  const said = readInput(fields.take('input'))
  if (instructions === null || instructions === '') return said
  return [{ role: 'system', content: [{ type: 'text', text: instructions }], name: null }, ...said]
}

/** Settings that say what happens anyway. */
const dropIdle = (fields: Fields, body: JsonObject): void => {
  if (body['truncation'] === 'disabled') fields.drop('truncation')
  if (body['background'] === false) fields.drop('background')
}

const readBody = (body: JsonObject, stream: boolean): ChatRequest => {
  const fields = new Fields(body)
  fields.drop(...ownFields)
  dropIdle(fields, body)
  refuseKept(fields)
  const text = fields.object('text') ?? {}
  const { format, verbosity, ...textRest } = text
  const responseFormat = readFormat(format)
  const textExtra = { ...textRest, ...(responseFormat === null ? given({ format }) : {}) }
  const { wish, extra: reasoningExtra } = readReasoning(fields)
  const { logprobs, extra: includeExtra } = readInclude(fields)
  const { toolChoice, extra: choiceExtra } = readToolChoice(fields.take('tool_choice'))
  const [identifier, user] = [fields.text('safety_identifier'), fields.text('user')]
  const request: Omit<ChatRequest, 'extra'> = {
    ...noParameters,
    source: 'openai-responses',
    stream,
    messages: readMessages(fields),
    tools: readTools(fields),
    toolChoice,
    outputMax: fields.number('max_output_tokens'),
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    frequencyPenalty: fields.number('frequency_penalty'),
    presencePenalty: fields.number('presence_penalty'),
    logprobs,
    topLogprobs: fields.number('top_logprobs'),
    parallelTools: fields.flag('parallel_tool_calls'),
    responseFormat,
    reasoning: wish,
    verbosity: wordOf(verbosity),
    user: identifier ?? user,
    metadata: fields.object('metadata'),
    serviceTier: fields.text('service_tier'),
    promptCacheKey: fields.text('prompt_cache_key'),
  }
  const extra = {
    ...fields.rest().extra,
    ...reasoningExtra,
    ...includeExtra,
    ...choiceExtra,
    ...(Object.keys(textExtra).length === 0 ? {} : { text: textExtra }),
  }
  return { ...request, extra }
}

/** @throws Problem `invalid_request_error` naming the field that cannot be read. */
export const readChat = (call: Call): Converted<ChatRequest> => ({
  value: readBody(call.body(), call.stream),
  warnings: [],
})
