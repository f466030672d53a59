/** A request in the shared words written as a Converse request. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, read 2026-11-28. */

import type { JsonObject } from '#base/json-type.ts'
import type { Thinking } from '#protocol/anthropic-messages/write-thinking.ts'
import { writeThinking } from '#protocol/anthropic-messages/write-thinking.ts'
import type { Converted } from '#protocol/call.ts'
import type { ChatRequest } from '#protocol/chat-request.ts'
import { withWarnings } from '#protocol/feature.ts'
import { given } from '#protocol/field-reading.ts'
import type { ChatTarget } from '#protocol/protocol.ts'
import { isSystem } from '#protocol/system-alone.ts'
import type { Writing } from './write-content.ts'
import { blocksOf } from './write-content.ts'
import { toolConfigOf } from './write-tools.ts'

/** All system messages stand at the top in this format. */
const systemOf = (writing: Writing): readonly JsonObject[] => {
  const { messages } = writing.request
  const first = messages.findIndex((message) => !isSystem(message))
  return messages.flatMap((message, index) => {
    if (!isSystem(message)) return []
    if (first !== -1 && index > first)
      writing.warn(`messages[${index}]`, 'system messages between turns are moved to the top')
    return blocksOf(message.content, writing, `messages[${index}]`)
  })
}

/** Turns alternate here: what one side says in several messages is one turn. */
const messagesOf = (writing: Writing): readonly JsonObject[] => {
  const turns: { readonly role: 'user' | 'assistant'; readonly content: JsonObject[] }[] = []
  for (const [index, message] of writing.request.messages.entries()) {
    if (isSystem(message)) continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = blocksOf(message.content, writing, `messages[${index}]`)
    const last = turns.at(-1)
    if (content.length === 0) continue
    if (last?.role === role) last.content.push(...content)
    else turns.push({ role, content: [...content] })
  }
  return turns.map(({ role, content }) => ({ role, content: withText(content, writing) }))
}

/** A document is taken only beside a text. */
const withText = (content: readonly JsonObject[], { warn }: Writing): readonly JsonObject[] => {
  if (!content.some((block) => 'document' in block) || content.some((block) => 'text' in block)) return content
  warn('messages', 'a text was put beside a document, which Bedrock does not take alone')
  return [...content, { text: 'See the document.' }]
}

const textFormatOf = ({ request: { responseFormat }, warn }: Writing): JsonObject | null => {
  if (responseFormat === null || responseFormat.type === 'text') return null
  if (responseFormat.type === 'json') {
    warn('response_format', 'Bedrock holds an answer to a schema, not to "any JSON"')
    return null
  }
  const { name, description, schema } = responseFormat
  const jsonSchema = { schema: JSON.stringify(schema), ...given({ name, description }) }
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } }
}

const efforts: readonly string[] = ['low', 'medium', 'high']

/** Models of other makers than Anthropic think by a word, or cannot be told. */
const effortOf = ({ request: { reasoning }, target, warn }: Writing): JsonObject => {
  if (reasoning === null || target.dialect.thinking === 'budget' || target.dialect.thinking === 'adaptive') return {}
  const { effort, mode, budgetTokens } = reasoning
  if (target.dialect.thinking === 'effort' && effort !== null && efforts.includes(effort))
    return { reasoning_effort: effort }
  if (effort !== null || mode !== null || budgetTokens !== null)
    warn('reasoning_effort', 'the model cannot be told so through Bedrock')
  return {}
}

const noThinking: Thinking = { thinking: null, config: {}, fixesSampling: false }

/** Claude is asked to think in its own words. */
const thinkingOf = (writing: Writing): Thinking => {
  const { dialect } = writing.target
  if (dialect.thinking !== 'budget' && dialect.thinking !== 'adaptive') return noThinking
  // The format of the answer has a place of its own here.
  const request: ChatRequest = { ...writing.request, responseFormat: null }
  return writeThinking({ ...writing, request, own: false }, writing.request.outputMax ?? writing.target.outputMax)
}

const topKOf = ({ request: { topK }, target, warn }: Writing): number | null => {
  if (topK === null || target.dialect.topK) return topK
  warn('top_k', 'the model has no such field')
  return null
}

const temperatureOf = ({ request: { temperature }, warn }: Writing): number | null => {
  if (temperature === null || temperature <= 1) return temperature
  warn('temperature', 'clamped to 1')
  return 1
}

const tiers: Readonly<Record<string, string>> = { default: 'default', flex: 'flex', priority: 'priority' }

const tierOf = ({ request: { serviceTier }, warn }: Writing): JsonObject | null => {
  if (serviceTier === null || serviceTier === 'auto') return null
  const type = Object.hasOwn(tiers, serviceTier) ? tiers[serviceTier] : undefined
  if (type === undefined) warn('service_tier', `"${serviceTier}" is unknown to Bedrock`)
  return type === undefined ? null : { type }
}

/** Short texts only. */
const metadataOf = ({ request: { metadata }, warn }: Writing): JsonObject | null => {
  if (metadata === null) return null
  const all = Object.entries(metadata)
  const taken = all.filter(([, value]) => typeof value === 'string' && value.length <= 256)
  if (taken.length < all.length) warn('metadata', 'only texts of up to 256 characters are taken')
  return taken.length === 0 ? null : Object.fromEntries(taken)
}

const filled = (object: JsonObject): JsonObject | null => (Object.keys(object).length === 0 ? null : object)

const bodyOf = (writing: Writing): JsonObject => {
  const { request } = writing
  const { thinking, config, fixesSampling } = thinkingOf(writing)
  const system = systemOf(writing)
  const stops = request.stop?.filter((text) => text.trim() !== '') ?? []
  if (stops.length < (request.stop?.length ?? 0))
    writing.warn('stop', 'sequences of blanks are not taken by the target')
  const inference = given({
    maxTokens: request.outputMax ?? (thinking === null ? null : writing.target.outputMax),
    temperature: fixesSampling ? null : temperatureOf(writing),
    topP: fixesSampling ? null : request.topP,
    stopSequences: stops.length === 0 ? null : stops,
  })
  const additional = given({
    top_k: fixesSampling ? null : topKOf(writing),
    thinking,
    output_config: filled(config),
    ...effortOf(writing),
  })
  return {
    ...given({ system: system.length === 0 ? null : system }),
    messages: messagesOf(writing),
    ...given({
      inferenceConfig: filled(inference),
      toolConfig: toolConfigOf(writing),
      outputConfig: textFormatOf(writing),
      additionalModelRequestFields: filled(additional),
      serviceTier: tierOf(writing),
      requestMetadata: metadataOf(writing),
    }),
  }
}

/** The body; the model stands in the path. */
export const writeChat = (request: ChatRequest, target: ChatTarget): Converted<JsonObject> =>
  withWarnings((warn) => bodyOf({ request, target, warn, documentNames: new Set() }))
