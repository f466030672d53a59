/** One message of a chat request, read into the shared words. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { readCacheMark } from '#protocol/cache-mark.ts'
import { carrierFormats } from '#protocol/carrier.ts'
import type { Block, Message, Role, ToolCallBlock } from '#protocol/chat-request.ts'
import { Fields, unreadable } from '#protocol/field-reading.ts'
import type { Carrier } from '#protocol/part.ts'
import { readContent } from './read-content.ts'
import { readDetail } from './reasoning-detail.ts'

const roles: Readonly<Record<string, Role>> = {
  system: 'system',
  developer: 'developer',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
}

/** Gemini's compatible endpoint puts the signature of a call beside it (https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-22). */
export const carriersOfCall = (extraContent: Json | undefined): readonly Carrier[] => {
  const google = isObject(extraContent) ? extraContent['google'] : undefined
  const signature = isObject(google) ? google['thought_signature'] : undefined
  return typeof signature === 'string' ? [{ format: carrierFormats.gemini, value: signature }] : []
}

const argumentsOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)

const readToolCall = (call: JsonObject, place: string): ToolCallBlock => {
  const fields = new Fields(call, place)
  fields.drop('index')
  const kind = fields.take('type') === 'custom' ? 'custom' : 'function'
  const body = fields.object(kind) ?? {}
  const name = body['name']
  if (typeof name !== 'string') return unreadable(`${place}.${kind}.name`, 'a string')
  return {
    type: 'tool-call',
    id: fields.text('id') ?? '',
    name,
    kind,
    executor: 'caller',
    input: argumentsOf(kind === 'custom' ? body['input'] : body['arguments']),
    carriers: carriersOfCall(fields.take('extra_content')),
    ...readCacheMark(fields),
    ...fields.rest(),
  }
}

/** The old single call has no id: its name serves, and its result is told by the name too. */
const readFunctionCall = (fields: Fields): readonly ToolCallBlock[] => {
  const call = fields.object('function_call')
  if (call === null) return []
  const name = call['name']
  if (typeof name !== 'string') return unreadable(`${fields.at('function_call')}.name`, 'a string')
  const input = argumentsOf(call['arguments'])
  return [{ type: 'tool-call', id: name, name, kind: 'function', executor: 'caller', input, carriers: [] }]
}

/** Thought comes as a text, as details, or as both: then the details say it all. */
const readReasoning = (fields: Fields): readonly Block[] => {
  const details = fields.objects('reasoning_details')
  const text = fields.take('reasoning_content')
  const other = fields.take('reasoning')
  if (details.length > 0) return details.map(readDetail)
  const told = typeof text === 'string' && text !== '' ? text : other
  if (typeof told !== 'string' || told === '') return []
  return [{ type: 'reasoning', text: told, redacted: false, summary: false, carriers: [] }]
}

const readAssistant = (fields: Fields): readonly Block[] => {
  const refusal = fields.text('refusal')
  return [
    ...readReasoning(fields),
    ...readContent(fields.take('content'), fields.at('content')),
    ...(refusal === null || refusal === '' ? [] : [{ type: 'refusal', text: refusal } as const]),
    ...readFunctionCall(fields),
    ...fields.objects('tool_calls').map((call, index) => readToolCall(call, `${fields.at('tool_calls')}[${index}]`)),
  ]
}

const readToolResult = (fields: Fields): readonly Block[] => {
  const name = fields.text('name')
  return [
    {
      type: 'tool-result',
      id: fields.text('tool_call_id') ?? name ?? '',
      name,
      executor: 'caller',
      isError: false,
      content: readContent(fields.take('content'), fields.at('content')),
      ...readCacheMark(fields),
    },
  ]
}

const contentOf = (role: Role, fields: Fields): readonly Block[] => {
  if (role === 'assistant') return readAssistant(fields)
  return role === 'tool' ? readToolResult(fields) : readContent(fields.take('content'), fields.at('content'))
}

/** @throws Problem `invalid_request_error` naming the place. */
export const readMessage = (message: JsonObject, place: string): Message => {
  const fields = new Fields(message, place)
  const stated = fields.text('role') ?? ''
  const role = Object.hasOwn(roles, stated) ? roles[stated] : undefined
  if (role === undefined) return unreadable(`${place}.role`, `one of ${Object.keys(roles).join(', ')}`)
  const content = contentOf(role, fields)
  const name = role === 'tool' ? null : fields.text('name')
  return { role, content, name, ...fields.rest() }
}
