/** A request in the shared words written as a request of Cohere's chat. https://docs.cohere.com/reference/chat, read 2026-11-28. */

import type { JsonObject } from '#base/json-type.ts'
import type { Converted } from '#protocol/call.ts'
import type { ChatRequest, ResponseFormat, Tool } from '#protocol/chat-request.ts'
import { withWarnings } from '#protocol/feature.ts'
import { given } from '#protocol/field-reading.ts'
import type { Writing } from './write-message.ts'
import { writeMessage } from './write-message.ts'

type Order = Writing & { readonly request: ChatRequest }

const formatOf = (format: ResponseFormat | null): JsonObject | null => {
  if (format === null || format.type === 'text') return null
  return { type: 'json_object', ...(format.type === 'json-schema' ? { json_schema: format.schema } : {}) }
}

const thinkingOf = ({ request: { reasoning } }: Order): JsonObject | null => {
  if (reasoning === null) return null
  const { mode, effort, budgetTokens } = reasoning
  if (mode === null && effort === null && budgetTokens === null) return null
  if (mode === 'off' || effort === 'none') return { type: 'disabled' }
  return { type: 'enabled', ...given({ token_budget: budgetTokens }) }
}

const freeText: JsonObject = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }

const toolOf = (tool: Tool): readonly JsonObject[] => {
  if (tool.kind === 'provider') return []
  const { name, description } = tool
  const parameters = tool.kind === 'custom' ? freeText : (tool.parameters ?? { type: 'object', properties: {} })
  return [{ type: 'function', function: { name, ...given({ description }), parameters } }]
}

/** One tool is demanded by offering no other. */
const offeredOf = ({ tools, toolChoice }: ChatRequest): readonly Tool[] => {
  if (toolChoice?.mode === 'tool') return tools.filter(({ name }) => name === toolChoice.name)
  return toolChoice?.mode === 'allowed' ? tools.filter(({ name }) => toolChoice.names.includes(name)) : tools
}

const choiceOf = ({ toolChoice }: ChatRequest): string | null => {
  if (toolChoice === null || toolChoice.mode === 'auto') return null
  if (toolChoice.mode === 'none') return 'NONE'
  return toolChoice.mode === 'allowed' && !toolChoice.required ? null : 'REQUIRED'
}

const toolFields = ({ request }: Order): JsonObject => {
  const offered = offeredOf(request)
  const tools = offered.flatMap(toolOf)
  if (tools.length === 0) return {}
  const isStrict = offered.some((tool) => tool.kind === 'function' && tool.strict === true)
  return { tools, ...given({ tool_choice: choiceOf(request), strict_tools: isStrict ? true : null }) }
}

type Bounds = { readonly least: number; readonly most: number }

const within = (
  value: number | null,
  { least, most }: Bounds,
  told: { field: string; order: Order },
): number | null => {
  if (value === null || (value >= least && value <= most)) return value
  const clamped = Math.min(most, Math.max(least, value))
  told.order.warn(told.field, `clamped to ${clamped}`)
  return clamped
}

const bodyOf = (order: Order): JsonObject => {
  const { request, documents } = order
  const messages = request.messages.flatMap((message, index) => writeMessage(message, order, `messages[${index}]`))
  const penalty = { least: 0, most: 1 }
  return {
    model: '',
    messages,
    ...(documents.length === 0 ? {} : { documents }),
    ...toolFields(order),
    ...given({
      max_tokens: request.outputMax,
      temperature: request.temperature,
      // The ends of the scale are refused.
      p: within(request.topP, { least: 0.01, most: 0.99 }, { field: 'top_p', order }),
      k: within(request.topK, { least: 0, most: 500 }, { field: 'top_k', order }),
      seed: request.seed,
      stop_sequences: request.stop,
      frequency_penalty: within(request.frequencyPenalty, penalty, { field: 'frequency_penalty', order }),
      presence_penalty: within(request.presencePenalty, penalty, { field: 'presence_penalty', order }),
      response_format: formatOf(request.responseFormat),
      thinking: thinkingOf(order),
    }),
    ...(request.stream ? { stream: true } : {}),
  }
}

/** The body; the model is set where the call is sent. */
export const writeChat = (request: ChatRequest): Converted<JsonObject> =>
  withWarnings((warn) => bodyOf({ request, warn, documents: [] }))
