/** A request in the shared words written as a Messages request. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { writeCacheMark } from '#protocol/cache-mark.ts'
import type { Converted } from '#protocol/call.ts'
import type { ChatRequest, Message, ProviderTool, Tool } from '#protocol/chat-request.ts'
import { withWarnings } from '#protocol/feature.ts'
import { given } from '#protocol/field-reading.ts'
import type { ChatTarget } from '#protocol/protocol.ts'
import { isSystem } from '#protocol/system-alone.ts'
import { freeTextSchema, objectSchema } from '#protocol/tool-schema.ts'
import type { Writing } from './write-content.ts'
import { blocksOf } from './write-content.ts'
import { writeThinking } from './write-thinking.ts'

/** The format wants a maximum; where nobody knows the model's own, this is asked for and said. */
const outputMaxUnknown = 8_192

/** All system messages stand at the top in this format. */
const writeSystem = (writing: Writing): Json | null => {
  const { messages } = writing.request
  const first = messages.findIndex((message) => !isSystem(message))
  const blocks = messages.flatMap((message, index) => {
    if (!isSystem(message)) return []
    if (first !== -1 && index > first && !writing.own)
      writing.warn(`messages[${index}]`, 'system messages between turns are moved to the top')
    return blocksOf(message.content, writing, `messages[${index}]`)
  })
  const [only] = blocks
  if (only === undefined) return null
  return blocks.length === 1 && Object.keys(only).length === 2 ? (only['text'] ?? null) : blocks
}

type Turn = { readonly role: 'user' | 'assistant'; readonly content: JsonObject[]; readonly extra: JsonObject }

/** Results of tools and what the user says right behind them are one turn of the user. */
const writeMessages = (writing: Writing): readonly JsonObject[] => {
  const turns: Turn[] = []
  let before: Message['role'] | null = null
  for (const [index, message] of writing.request.messages.entries()) {
    if (isSystem(message)) continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = blocksOf(message.content, writing, `messages[${index}]`)
    const last = turns.at(-1)
    const joins = last?.role === 'user' && role === 'user' && (before === 'tool' || message.role === 'tool')
    before = message.role
    if (content.length === 0) continue
    if (joins) last?.content.push(...content)
    else turns.push({ role, content: [...content], extra: writing.own ? (message.extra ?? {}) : {} })
  }
  return turns.map(({ role, content, extra }) => ({ role, content: plain(content), ...extra }))
}

const plain = (content: readonly JsonObject[]): Json => {
  const [only] = content
  const isPlain = content.length === 1 && only?.['type'] === 'text' && Object.keys(only).length === 2
  return isPlain ? (only?.['text'] ?? '') : content
}

/** What is told of a search in every format: that it is wanted, and where its user is. */
const searchFields: ReadonlySet<string> = new Set(['type', 'name', 'user_location'])

const searchOf = ({ raw, name, settings = raw }: ProviderTool, { warn }: Writing): JsonObject => {
  for (const field of Object.keys(settings))
    if (!searchFields.has(field)) warn(`${name}.${field}`, 'web_search of Messages has no field for it')
  const location = settings['user_location'] as JsonObject | undefined
  const approximate = (location?.['approximate'] ?? location) as JsonObject | undefined
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    ...(approximate === undefined ? {} : { user_location: { ...approximate, type: 'approximate' } }),
  }
}

const writeTool = (tool: Tool, writing: Writing): JsonObject | null => {
  const { own } = writing
  const mark = writeCacheMark(tool.cache)
  if (tool.kind === 'provider') {
    if (own) return tool.raw
    return tool.does === 'web-search' ? { ...searchOf(tool, writing), ...mark } : null
  }
  const { name, description } = tool
  const extra = own ? tool.extra : {}
  if (tool.kind === 'custom')
    return { name, ...given({ description }), input_schema: freeTextSchema, ...mark, ...extra }
  return {
    name,
    ...given({ description }),
    input_schema: own ? (tool.parameters ?? {}) : objectSchema(tool.parameters),
    ...(tool.strict === null || (!own && !tool.strict) ? {} : { strict: tool.strict }),
    ...mark,
    ...extra,
  }
}

const modes = { auto: 'auto', none: 'none', required: 'any' } as const

const writeToolChoice = ({ toolChoice, parallelTools, tools }: ChatRequest): JsonObject | null => {
  const alone = parallelTools === null ? {} : { disable_parallel_tool_use: !parallelTools }
  if (tools.length === 0 && toolChoice?.mode !== 'none') return null
  if (toolChoice === null) return parallelTools === false ? { type: 'auto', ...alone } : null
  if (toolChoice.mode === 'tool') return { type: 'tool', name: toolChoice.name, ...alone }
  if (toolChoice.mode === 'allowed') return { type: toolChoice.required ? 'any' : 'auto', ...alone }
  return toolChoice.mode === 'none' ? { type: 'none' } : { type: modes[toolChoice.mode], ...alone }
}

const outputMaxOf = ({ request, target, warn, own }: Writing): number | null => {
  if (request.outputMax !== null || own) return request.outputMax
  if (target.outputMax !== null) return target.outputMax
  warn('max_tokens', `set to ${outputMaxUnknown}: the target's format wants one`)
  return outputMaxUnknown
}

/** A sequence of blanks is refused. */
const stopsOf = ({ request, warn, own }: Writing): readonly string[] | null => {
  if (request.stop === null || own) return request.stop
  const kept = request.stop.filter((text) => text.trim() !== '')
  if (kept.length < request.stop.length) warn('stop', 'sequences of blanks are not taken by the target')
  return kept.length === 0 ? null : kept
}

const temperatureOf = ({ request: { temperature }, warn, own }: Writing): number | null => {
  if (temperature === null || temperature <= 1 || own) return temperature
  warn('temperature', 'clamped to 1')
  return 1
}

const tiers: Readonly<Record<string, string>> = { auto: 'auto', default: 'standard_only' }

const tierOf = ({ request: { serviceTier }, own, warn }: Writing): string | null => {
  if (serviceTier === null) return null
  const tier = Object.hasOwn(tiers, serviceTier) ? tiers[serviceTier] : undefined
  if (tier === undefined && !own) warn('service_tier', `"${serviceTier}" is unknown to the target's format`)
  return tier ?? (own ? serviceTier : null)
}

const bodyOf = (writing: Writing): JsonObject => {
  const { request, own } = writing
  const tools = request.tools.map((tool) => writeTool(tool, writing)).filter((tool) => tool !== null)
  const { metadata, output_config: outputConfig, ...extra } = own ? request.extra : {}
  const outputMax = outputMaxOf(writing)
  const thinking = writeThinking(writing, outputMax)
  const config = { ...thinking.config, ...(outputConfig as JsonObject | undefined) }
  const user = request.user === null ? {} : { user_id: request.user }
  const told = { ...user, ...(metadata as JsonObject | undefined) }
  return {
    model: '',
    ...given({
      max_tokens: outputMax,
      system: writeSystem(writing),
      temperature: thinking.fixesSampling ? null : temperatureOf(writing),
      top_p: thinking.fixesSampling ? null : request.topP,
      top_k: thinking.fixesSampling ? null : request.topK,
      stop_sequences: stopsOf(writing),
      tool_choice: writeToolChoice(request),
      thinking: thinking.thinking,
      service_tier: tierOf(writing),
      // The key asks for caching; this format asks for it by a mark on the whole prompt.
      cache_control: !own && request.promptCacheKey !== null ? { type: 'ephemeral' } : null,
    }),
    messages: writeMessages(writing),
    ...(tools.length === 0 ? {} : { tools }),
    ...(Object.keys(config).length === 0 ? {} : { output_config: config }),
    ...(Object.keys(told).length === 0 ? {} : { metadata: told }),
    ...extra,
    ...(request.stream ? { stream: true } : {}),
  }
}

/** The body; the model is set where the call is sent. */
export const writeChat = (request: ChatRequest, target: ChatTarget): Converted<JsonObject> =>
  withWarnings((warn) => bodyOf({ request, target, warn, own: request.source === 'anthropic-messages' }))
