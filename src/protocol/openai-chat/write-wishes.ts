/** Tools, choice, format and thinking as a chat request asks for them. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { writeCacheMark } from '#protocol/cache-mark.ts'
import type { ReasoningWish, ResponseFormat, Tool, ToolChoice } from '#protocol/chat-request.ts'
import { effortOfBudget } from '#protocol/effort-of-budget.ts'
import { given } from '#protocol/field-reading.ts'
import type { Writing } from './write-content.ts'

/** One of Kimi's own: it is among the tools, not beside them. */
const isBuiltin = (tool: Tool): boolean => tool.kind === 'provider' && tool.raw['type'] === 'builtin_function'

const writeTool = (tool: Tool, { own, dialect }: Writing): JsonObject | null => {
  if (tool.kind === 'provider') {
    if (!own) return null
    if (isBuiltin(tool)) return { type: 'builtin_function', function: { name: tool.name } }
    return tool.does === null ? tool.raw : null
  }
  const { name, description } = tool
  const mark = dialect.cacheMarks ? writeCacheMark(tool.cache) : {}
  if (tool.kind === 'custom')
    return {
      type: 'custom',
      custom: { name, ...given({ description, format: tool.format }), ...(own ? tool.extra : {}) },
    }
  const { parameters, strict } = tool
  return {
    type: 'function',
    function: { name, ...given({ description, parameters, strict }), ...(own ? tool.extra : {}) },
    ...mark,
  }
}

/** What is told of a search in every format: that it is wanted, and where its user is. */
const searchFields: ReadonlySet<string> = new Set(['type', 'name', 'user_location', 'cache_control'])

/** OpenAI's own search models take one option beside the tools. */
const searchOf = ({ request, own, warn, dialect }: Writing): JsonObject => {
  const search = request.tools.find(
    (tool) => tool.kind === 'provider' && tool.does === 'web-search' && !(own && isBuiltin(tool)),
  )
  if (search === undefined || search.kind !== 'provider') return {}
  if (!own && !dialect.webSearch) {
    warn(`tools.${search.name}`, 'the provider searches only by calls that its own callers answer')
    return {}
  }
  if (own) return { web_search_options: search.raw }
  const { raw, settings = raw } = search
  for (const name of Object.keys(settings))
    if (!searchFields.has(name)) warn(`tools.${search.name}.${name}`, 'web_search_options has no field for it')
  const location = settings['user_location']
  if (!isObject(location)) return { web_search_options: {} }
  const { type: _type, ...approximate } = location
  return { web_search_options: { user_location: { type: 'approximate', approximate } } }
}

/** `tools` and what goes with them. */
export const writeTools = (writing: Writing): JsonObject => {
  const tools = writing.request.tools.map((tool) => writeTool(tool, writing)).filter((tool) => tool !== null)
  return { ...(tools.length === 0 ? {} : { tools }), ...searchOf(writing) }
}

const named = (name: string, kind: 'function' | 'custom'): JsonObject => ({ type: kind, [kind]: { name } })

export const writeToolChoice = (choice: ToolChoice | null): Json | null => {
  if (choice === null) return null
  if (choice.mode === 'tool') return named(choice.name, choice.kind)
  if (choice.mode !== 'allowed') return choice.mode
  const tools = choice.names.map((name) => named(name, 'function'))
  return { type: 'allowed_tools', allowed_tools: { mode: choice.required ? 'required' : 'auto', tools } }
}

/** OpenAI wants a name; where the source's format has none, any will do. */
export const writeFormat = (format: ResponseFormat | null): JsonObject | null => {
  if (format === null || format.type === 'text') return format
  if (format.type === 'json') return { type: 'json_object' }
  const { name, description, schema, strict } = format
  return { type: 'json_schema', json_schema: { name: name ?? 'answer', ...given({ description, schema, strict }) } }
}

const effortOf = ({ effort, budgetTokens }: ReasoningWish): string | null =>
  effort ?? (budgetTokens === null ? null : effortOfBudget(budgetTokens))

/** Other formats go further up than OpenAI's words do. */
const openaiEffort = (effort: string): string => (effort === 'max' ? 'xhigh' : effort)

const isOff = ({ mode, effort }: ReasoningWish): boolean => mode === 'off' || (mode === null && effort === 'none')

const writings: Readonly<
  Record<Writing['dialect']['thinking'], (wish: ReasoningWish, warn: Writing['warn']) => JsonObject>
> = {
  effort: (wish, warn) => {
    const effort = effortOf(wish)
    if (effort !== null && wish.mode !== 'off') return { reasoning_effort: openaiEffort(effort) }
    if (wish.mode === 'off') warn('thinking', 'the format cannot ask for no thinking')
    return {}
  },
  switch: (wish) => ({ thinking: { type: isOff(wish) ? 'disabled' : 'enabled' } }),
  reasoning: (wish) => {
    if (isOff(wish)) return { reasoning: { enabled: false } }
    const { effort, budgetTokens, summary } = wish
    const how = given({ effort, max_tokens: effort === null ? budgetTokens : null })
    return {
      reasoning: {
        ...(Object.keys(how).length === 0 ? { enabled: true } : how),
        ...(summary === 'none' ? { exclude: true } : {}),
      },
    }
  },
  enable_thinking: (wish) => ({ enable_thinking: !isOff(wish), ...given({ thinking_budget: wish.budgetTokens }) }),
  budget: (wish, warn) => writings.effort(wish, warn),
  adaptive: (wish, warn) => writings.effort(wish, warn),
  none: (_wish, warn) => {
    warn('thinking', 'the provider has no switch for thinking')
    return {}
  },
}

export const writeReasoning = ({ request, dialect, warn }: Writing): JsonObject =>
  request.reasoning === null ? {} : writings[dialect.thinking](request.reasoning, warn)
