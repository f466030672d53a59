/** What a request of the OpenAI family says, as the sandbox hears it. Pure. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])

const noted: Readonly<Record<string, string>> = {
  image_url: '[image]',
  input_image: '[image]',
  input_audio: '[audio]',
  video_url: '[video]',
  file: '[file]',
  input_file: '[file]',
}

const partText = (part: Json): string => {
  if (typeof part === 'string') return part
  if (!isObject(part)) return ''
  const { type, text, refusal } = part
  if (typeof text === 'string') return text
  if (typeof refusal === 'string') return refusal
  return typeof type === 'string' ? (noted[type] ?? `[${type}]`) : ''
}

/** The text of a message's content; what is no text is noted in brackets. */
export const contentText = (content: Json | undefined): string =>
  typeof content === 'string' ? content : list(content).map(partText).join(' ')

const messagesOf = (body: JsonObject): readonly JsonObject[] => list(body['messages']).filter(isObject)

const lastUserMessage = (body: JsonObject): string =>
  contentText(messagesOf(body).findLast(({ role }) => role === 'user')?.['content'])

/** Whether the user has the last word: a tool's result is answered, not answered with another call. */
export const asksNow = (body: JsonObject): boolean => messagesOf(body).at(-1)?.['role'] === 'user'

/** The texts of an `input` or `prompt`; tokens given as numbers are noted by their count. */
export const inputTexts = (value: Json | undefined): readonly string[] => {
  if (typeof value === 'string') return [value]
  const items = list(value)
  if (items.length > 0 && items.every((item) => typeof item === 'number')) return [`[${items.length} tokens]`]
  return items.map((item) => {
    if (Array.isArray(item)) return inputTexts(item).join(' ')
    return partText(item)
  })
}

/** The text that may begin with directives. */
export const leadingText = (call: Call): string => {
  const body = call.body()
  if (call.kind === 'chat') return lastUserMessage(body)
  const value = body['input'] ?? body['prompt'] ?? body['query']
  return inputTexts(value)[0] ?? ''
}

/**
 * Three tokens frame each message and three the answer's beginning
 * (https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb, as quoted by others, read 2026-11-22).
 */
const framingTokens = 3

/** All that a chat's input is counted by: its text, and tokens that no text stands for. */
export const chatInput = (body: JsonObject): { readonly text: string; readonly framing: number } => {
  const messages = messagesOf(body)
  const said = messages.flatMap((message) => {
    const { role, name, tool_calls: toolCalls } = message
    const calls = list(toolCalls).length === 0 ? '' : JSON.stringify(toolCalls)
    return [role, name, contentText(message['content']), calls].filter(
      (text) => typeof text === 'string' && text !== '',
    )
  })
  const offered = [body['tools'], body['functions'], body['response_format']]
    .filter((value) => typeof value === 'object' && value !== null)
    .map((value) => JSON.stringify(value))
  return { text: [...said, ...offered].join('\n'), framing: framingTokens * (messages.length + 1) }
}

export type ToolCall = { readonly name: string; readonly kind: 'function' | 'custom'; readonly parameters: JsonObject }

const toolOf = (tool: Json | undefined): ToolCall | null => {
  if (!isObject(tool)) return null
  const kind = tool['type'] === 'custom' ? 'custom' : 'function'
  const inner = tool[kind]
  if (!isObject(inner) || typeof inner['name'] !== 'string') return null
  const parameters = isObject(inner['parameters']) ? inner['parameters'] : { type: 'object' }
  return { name: inner['name'], kind, parameters }
}

const namedBy = (choice: Json | undefined): string | null => {
  if (!isObject(choice)) return null
  const inner = choice['function'] ?? choice['custom']
  return isObject(inner) && typeof inner['name'] === 'string' ? inner['name'] : null
}

/**
 * The tool to call: the one that `tool_choice` names, the first where one is required or the user says "tool", else none.
 */
export const toolToCall = (body: JsonObject, said: string): ToolCall | null => {
  const tools = list(body['tools'])
    .map(toolOf)
    .filter((tool) => tool !== null)
  const choice = body['tool_choice']
  const name = namedBy(choice)
  if (name !== null) return tools.find((tool) => tool.name === name) ?? null
  if (choice === 'none') return null
  if (choice === 'required') return tools[0] ?? null
  return asksNow(body) && /\btools?\b/i.test(said) ? (tools[0] ?? null) : null
}

/** The schema that a structured answer must match; `{}` = any object; `null` = plain text is asked for. */
export const answerSchema = (body: JsonObject): JsonObject | null => {
  const format = body['response_format']
  if (!isObject(format)) return null
  if (format['type'] === 'json_object') return {}
  if (format['type'] !== 'json_schema') return null
  const holder = isObject(format['json_schema']) ? format['json_schema'] : format
  return isObject(holder['schema']) ? holder['schema'] : {}
}

/** Whether the caller asked for thinking to be shown. */
export const asksThinking = (body: JsonObject): boolean => {
  const { reasoning_effort: effort, thinking, reasoning } = body
  if (typeof effort === 'string') return effort !== 'none'
  if (isObject(thinking)) return thinking['type'] === 'enabled'
  return isObject(reasoning) && reasoning['enabled'] !== false && reasoning['effort'] !== 'none'
}

export const stopsOf = (body: JsonObject): readonly string[] => {
  const stop = body['stop']
  return typeof stop === 'string' ? [stop] : list(stop).filter((text) => typeof text === 'string')
}
