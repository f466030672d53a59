/** A Messages request read into the words that all formats share. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { readCacheMark } from '#protocol/cache-mark.ts'
import type { Call, Converted } from '#protocol/call.ts'
import type {
  Block,
  ChatRequest,
  Message,
  ProviderToolKind,
  ReasoningWish,
  ResponseFormat,
  Tool,
  ToolChoice,
} from '#protocol/chat-request.ts'
import { noParameters } from '#protocol/chat-request.ts'
import { Fields, given, unreadable } from '#protocol/field-reading.ts'
import { readBlocks } from './read-content.ts'

/** Read by Drover itself. */
const ownFields: readonly string[] = ['model', 'models', 'provider', 'usage', 'stream']

const isCallersResult = (block: Block): boolean => block.type === 'tool-result' && block.executor === 'caller'

/** Runs of results and of everything else: results are messages of their own in the shared words. */
const turnsOf = (content: readonly Block[], extra: Pick<Message, 'extra'>): readonly Message[] => {
  const turns: { role: 'user' | 'tool'; content: Block[] }[] = []
  for (const block of content) {
    const role = isCallersResult(block) ? 'tool' : 'user'
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(block)
    else turns.push({ role, content: [block] })
  }
  if (turns.length === 0) turns.push({ role: 'user', content: [] })
  return turns.map((turn) => ({ ...turn, name: null, ...extra }))
}

const readMessage = (message: JsonObject, place: string): readonly Message[] => {
  const fields = new Fields(message, place)
  const role = fields.text('role')
  const content = readBlocks(fields.take('content'), fields.at('content'))
  if (role === 'user') return turnsOf(content, fields.rest())
  if (role !== 'assistant' && role !== 'system') return unreadable(`${place}.role`, '"user" or "assistant"')
  return [{ role, content, name: null, ...fields.rest() }]
}

const readSystem = (fields: Fields): readonly Message[] => {
  const content = readBlocks(fields.take('system'), 'system')
  return content.length === 0 ? [] : [{ role: 'system', content, name: null }]
}

const providerTools: ReadonlyArray<readonly [start: string, does: ProviderToolKind]> = [
  ['web_search_', 'web-search'],
  ['web_fetch_', 'web-fetch'],
  ['code_execution_', 'code-execution'],
  ['mcp_', 'mcp'],
]

const readTool = (tool: JsonObject, place: string): Tool => {
  const fields = new Fields(tool, place)
  const type = fields.text('type') ?? 'custom'
  if (type !== 'custom') {
    const does = providerTools.find(([start]) => type.startsWith(start))?.[1] ?? null
    const name = fields.text('name') ?? type
    return { kind: 'provider', does, name, raw: tool, ...readCacheMark(fields) }
  }
  return {
    kind: 'function',
    name: fields.text('name') ?? unreadable(fields.at('name'), 'a string'),
    description: fields.text('description'),
    parameters: fields.object('input_schema'),
    strict: fields.flag('strict'),
    ...readCacheMark(fields),
    ...fields.rest(),
  }
}

const modes: Readonly<Record<string, 'auto' | 'none' | 'required'>> = { auto: 'auto', none: 'none', any: 'required' }

const readToolChoice = (choice: JsonObject | null): ToolChoice | null => {
  if (choice === null) return null
  const { type, name } = choice
  if (type === 'tool' && typeof name === 'string') return { mode: 'tool', name, kind: 'function' }
  const mode = typeof type === 'string' && Object.hasOwn(modes, type) ? modes[type] : undefined
  return mode === undefined ? unreadable('tool_choice.type', '"auto", "any", "tool" or "none"') : { mode }
}

const readParallel = (choice: JsonObject | null): boolean | null => {
  const off = choice?.['disable_parallel_tool_use']
  return typeof off === 'boolean' ? !off : null
}

const readFormat = (format: unknown): ResponseFormat | null =>
  isObject(format) && format['type'] === 'json_schema' && isObject(format['schema'])
    ? { type: 'json-schema', name: null, description: null, schema: format['schema'], strict: true }
    : null

const thinkingModes: Readonly<Record<string, ReasoningWish['mode']>> = {
  enabled: 'on',
  disabled: 'off',
  adaptive: 'adaptive',
}

const readReasoning = (thinking: JsonObject | null, effort: unknown): ReasoningWish | null => {
  const { type, budget_tokens: budget, display } = thinking ?? {}
  const wish: ReasoningWish = {
    mode: typeof type === 'string' ? (thinkingModes[type] ?? null) : null,
    effort: typeof effort === 'string' ? effort : null,
    budgetTokens: typeof budget === 'number' ? budget : null,
    summary: display === 'omitted' ? 'none' : typeof display === 'string' ? 'auto' : null,
  }
  return Object.values(wish).every((value) => value === null) ? null : wish
}

type Output = Pick<ChatRequest, 'responseFormat' | 'reasoning'> & { readonly left: JsonObject }

/** `output_config` holds the format and the effort; `output_format` was the format's first name. */
const readOutput = (fields: Fields): Output => {
  const config = new Fields(fields.object('output_config') ?? {}, 'output_config')
  const format = config.take('format') ?? fields.take('output_format')
  const effort = config.take('effort')
  const responseFormat = readFormat(format)
  const rest = { ...config.rest().extra, ...(responseFormat === null ? given({ format }) : {}) }
  return {
    responseFormat,
    reasoning: readReasoning(fields.object('thinking'), effort),
    left: Object.keys(rest).length === 0 ? {} : { output_config: rest },
  }
}

type People = Pick<ChatRequest, 'user'> & { readonly left: JsonObject }

const readMetadata = (fields: Fields): People => {
  const metadata = new Fields(fields.object('metadata') ?? {}, 'metadata')
  const user = metadata.text('user_id')
  const rest = metadata.rest().extra
  return { user, left: rest === undefined ? {} : { metadata: rest } }
}

const readTier = (tier: string | null): string | null => (tier === 'standard_only' ? 'default' : tier)

const readBody = (body: JsonObject, stream: boolean): ChatRequest => {
  const fields = new Fields(body)
  fields.drop(...ownFields)
  const choice = fields.object('tool_choice')
  const { left: outputLeft, ...output } = readOutput(fields)
  const { left: metadataLeft, user } = readMetadata(fields)
  const request: Omit<ChatRequest, 'extra'> = {
    ...noParameters,
    source: 'anthropic-messages',
    stream,
    messages: [
      ...readSystem(fields),
      ...fields.objects('messages').flatMap((message, index) => readMessage(message, `messages[${index}]`)),
    ],
    tools: fields.objects('tools').map((tool, index) => readTool(tool, `tools[${index}]`)),
    toolChoice: readToolChoice(choice),
    parallelTools: readParallel(choice),
    outputMax: fields.number('max_tokens'),
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    topK: fields.number('top_k'),
    stop: fields.texts('stop_sequences'),
    serviceTier: readTier(fields.text('service_tier')),
    user,
    ...output,
  }
  return { ...request, extra: { ...outputLeft, ...metadataLeft, ...fields.rest().extra } }
}

/** @throws Problem `invalid_request_error` naming the field that cannot be read. */
export const readChat = (call: Call): Converted<ChatRequest> => ({
  value: readBody(call.body(), call.stream),
  warnings: [],
})
