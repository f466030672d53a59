/** A request in the shared words written as a Responses request. */

import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Converted } from '#protocol/call.ts'
import type { ProviderTool, ReasoningWish, ResponseFormat, Tool, ToolChoice } from '#protocol/chat-request.ts'
import { effortOfBudget } from '#protocol/effort-of-budget.ts'
import { withWarnings } from '#protocol/feature.ts'
import { given } from '#protocol/field-reading.ts'
import type { ClientFace } from '#protocol/protocol.ts'
import type { Writing } from './write-input.ts'
import { writeInput } from './write-input.ts'

/** What is told of a search in every format: that it is wanted, and where its user is. */
const searchFields: ReadonlySet<string> = new Set(['type', 'name', 'user_location', 'cache_control'])

const searchOf = ({ raw, name, settings = raw }: ProviderTool, { warn }: Writing): JsonObject => {
  for (const field of Object.keys(settings))
    if (!searchFields.has(field)) warn(`${name}.${field}`, 'web_search of Responses has no field for it')
  const location = settings['user_location']
  if (!isObject(location)) return { type: 'web_search' }
  const { approximate } = location
  return {
    type: 'web_search',
    user_location: { ...(isObject(approximate) ? approximate : location), type: 'approximate' },
  }
}

const writeTool = (tool: Tool, writing: Writing): JsonObject | null => {
  const { own } = writing
  if (tool.kind === 'provider') {
    if (own) return tool.raw
    return tool.does === 'web-search' ? searchOf(tool, writing) : null
  }
  const { name, description } = tool
  const extra = own ? tool.extra : {}
  if (tool.kind === 'custom')
    return { type: 'custom', name, ...given({ description, format: formatOf(tool.format) }), ...extra }
  // Here a function is strict where nothing is said; in every other format it is not.
  const strict = own ? given({ strict: tool.strict }) : { strict: tool.strict ?? false }
  const parameters = tool.parameters ?? (own ? null : { type: 'object', properties: {} })
  return { type: 'function', name, ...given({ description, parameters }), ...strict, ...extra }
}

/** The shared words have the grammar one level deeper. */
const formatOf = (format: JsonObject | null): JsonObject | null => {
  const grammar = format?.['grammar']
  return isObject(grammar) ? { type: 'grammar', ...grammar } : format
}

const writeToolChoice = (choice: ToolChoice | null): Json | null => {
  if (choice === null) return null
  if (choice.mode === 'tool') return { type: choice.kind, name: choice.name }
  if (choice.mode !== 'allowed') return choice.mode
  const tools = choice.names.map((name) => ({ type: 'function', name }))
  return { type: 'allowed_tools', mode: choice.required ? 'required' : 'auto', tools }
}

/** A name is wanted; where the source's format has none, any will do. */
const writeFormat = (format: ResponseFormat | null): JsonObject | null => {
  if (format === null || format.type === 'text') return format
  if (format.type === 'json') return { type: 'json_object' }
  const { name, description, schema, strict } = format
  return { type: 'json_schema', name: name ?? 'answer', schema, ...given({ description, strict }) }
}

/** Other formats go further up than OpenAI's words do. */
const openaiEffort = (effort: string): string => (effort === 'max' ? 'xhigh' : effort)

const effortOf = ({ mode, effort, budgetTokens }: ReasoningWish): string | null => {
  if (mode === 'off') return 'none'
  if (effort !== null) return openaiEffort(effort)
  return budgetTokens === null ? null : effortOfBudget(budgetTokens)
}

const writeReasoning = ({ request: { reasoning }, own }: Writing): JsonObject => {
  if (reasoning === null) return {}
  if (own) return given({ effort: reasoning.effort, summary: reasoning.summary })
  const thinks = reasoning.mode !== 'off' && reasoning.effort !== 'none'
  const summary = !thinks || reasoning.summary === 'none' ? null : wordOfSummary(reasoning.summary)
  return given({ effort: effortOf(reasoning), summary })
}

const summaries: ReadonlySet<string> = new Set(['auto', 'concise', 'detailed'])

/** Other formats tell thought unasked; here it is told only where a summary is asked for. */
const wordOfSummary = (summary: string | null): string =>
  summary !== null && summaries.has(summary) ? summary : 'auto'

/** The secrets of thoughts are asked for where there may be any: without them an earlier thought is lost in the next turn. */
const includeOf = ({ request, own, target }: Writing): readonly string[] => {
  const logprobs = request.logprobs === true ? ['message.output_text.logprobs'] : []
  const kept = own && Array.isArray(request.extra['include']) ? (request.extra['include'] as string[]) : []
  const { reasoning } = request
  const thinks =
    reasoning === null
      ? !own && target.dialect.encryptsThought
      : reasoning.mode !== 'off' && reasoning.effort !== 'none'
  return [...(thinks ? ['reasoning.encrypted_content'] : []), ...logprobs, ...kept]
}

/** OpenAI takes identifiers of this length; a digest tells people apart as well. */
const userLengthMax = 64

const userOf = ({ request: { user }, own }: Writing): string | null =>
  user === null || own || user.length <= userLengthMax ? user : createHash('sha256').update(user).digest('hex')

/** A smaller maximum is refused (`max_output_tokens` of the document, `minimum`, read 2026-11-29). */
const outputTokensMin = 16

const outputMaxOf = ({ request: { outputMax }, own, warn }: Writing): number | null => {
  if (own || outputMax === null || outputMax >= outputTokensMin) return outputMax
  warn('max_tokens', `raised to ${outputTokensMin}, the least that Responses takes`)
  return outputTokensMin
}

const tiers: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast'])

const tierOf = ({ request: { serviceTier }, own, warn }: Writing): string | null => {
  if (own || serviceTier === null || tiers.has(serviceTier)) return serviceTier
  // Groq's and Anthropic's words for the usual tier.
  if (serviceTier === 'on_demand' || serviceTier === 'standard_only') return 'default'
  warn('service_tier', `Responses has no tier "${serviceTier}"`)
  return null
}

const bodyOf = (writing: Writing): JsonObject => {
  const { request, own } = writing
  const { include: _include, reasoning: ownReasoning, text: ownText, ...extra } = own ? request.extra : {}
  const tools = request.tools.map((tool) => writeTool(tool, writing)).filter((tool) => tool !== null)
  const reasoning = { ...writeReasoning(writing), ...(isObject(ownReasoning) ? ownReasoning : {}) }
  const text = {
    ...given({ format: writeFormat(request.responseFormat), verbosity: request.verbosity }),
    ...(isObject(ownText) ? ownText : {}),
  }
  const include = includeOf(writing)
  return {
    model: '',
    ...writeInput(writing),
    ...(tools.length === 0 ? {} : { tools }),
    ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
    ...(Object.keys(text).length === 0 ? {} : { text }),
    ...(include.length === 0 ? {} : { include }),
    ...given({
      max_output_tokens: outputMaxOf(writing),
      temperature: request.temperature,
      top_p: request.topP,
      frequency_penalty: own ? request.frequencyPenalty : null,
      presence_penalty: own ? request.presencePenalty : null,
      top_logprobs: request.topLogprobs,
      tool_choice: writeToolChoice(request.toolChoice),
      parallel_tool_calls: request.parallelTools,
      safety_identifier: userOf(writing),
      metadata: request.metadata,
      service_tier: tierOf(writing),
      prompt_cache_key: request.promptCacheKey,
      // A provider of this format keeps what it is not told to forget; in every other format nothing is kept unasked.
      store: own ? request.store : (request.store ?? false),
    }),
    ...extra,
    ...(request.stream ? { stream: true } : {}),
  }
}

/** The body; the model is set where the call is sent. */
export const writeChat: NonNullable<ClientFace['writeChat']> = (request, target): Converted<JsonObject> =>
  withWarnings((warn) => bodyOf({ request, target, warn, own: request.source === 'openai-responses' }))
