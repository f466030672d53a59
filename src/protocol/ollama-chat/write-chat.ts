/** A request in the shared words written as an Ollama chat request (https://docs.ollama.com/api/chat, read 2026-11-28). */

import type { Json, JsonObject } from '#base/json-type.ts'
import type { Converted } from '#protocol/call.ts'
import type { ChatRequest, ReasoningWish, ResponseFormat, Tool } from '#protocol/chat-request.ts'
import { withWarnings } from '#protocol/feature.ts'
import { given } from '#protocol/field-reading.ts'
import type { Writing } from './write-message.ts'
import { writeMessage } from './write-message.ts'

const formatOf = (format: ResponseFormat | null): Json | null => {
  if (format === null || format.type === 'text') return null
  return format.type === 'json' ? 'json' : format.schema
}

const levels: readonly string[] = ['low', 'medium', 'high']

const thinkOf = (wish: ReasoningWish | null): Json | null => {
  if (wish === null) return null
  const { mode, effort } = wish
  if (mode === 'off' || effort === 'none') return false
  if (effort !== null && levels.includes(effort)) return effort
  return mode === null && effort === null ? null : true
}

const freeText: JsonObject = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }

const writeTool = (tool: Tool): readonly JsonObject[] => {
  if (tool.kind === 'provider') return []
  const parameters = tool.kind === 'custom' ? freeText : (tool.parameters ?? { type: 'object', properties: {} })
  const { name, description } = tool
  return [{ type: 'function', function: { name, ...given({ description }), parameters } }]
}

/** Ollama offers tools or does not; which of them is to be called cannot be said. */
const toolsOf = ({ tools, toolChoice }: ChatRequest, { warn }: Writing): readonly JsonObject[] => {
  if (toolChoice === null) return tools.flatMap(writeTool)
  if (toolChoice.mode === 'none') return []
  const isDemand =
    toolChoice.mode === 'required' ||
    toolChoice.mode === 'tool' ||
    (toolChoice.mode === 'allowed' && toolChoice.required)
  if (isDemand) warn('tool_choice', 'Ollama cannot be made to call a tool')
  const wanted = toolChoice.mode === 'allowed' ? toolChoice.names : null
  const offered = tools.filter((tool) => wanted === null || wanted.includes(tool.name))
  return offered.flatMap(writeTool)
}

/** The tool that each call of the conversation was for, by the call's id. */
const namesOf = ({ messages }: ChatRequest): ReadonlyMap<string, string> =>
  new Map(
    messages.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === 'tool-call' ? [[block.id, block.name] as const] : [])),
    ),
  )

const bodyOf = (request: ChatRequest, writing: Writing): JsonObject => {
  const names = namesOf(request)
  const nameOf = (id: string): string | null => names.get(id) ?? null
  const tools = toolsOf(request, writing)
  const options = given({
    num_predict: request.outputMax,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    seed: request.seed,
    stop: request.stop,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
  })
  return {
    model: '',
    messages: request.messages.flatMap((message, index) =>
      writeMessage(message, { ...writing, nameOf }, `messages[${index}]`),
    ),
    ...(tools.length === 0 ? {} : { tools }),
    ...given({
      format: formatOf(request.responseFormat),
      think: thinkOf(request.reasoning),
      logprobs: request.logprobs,
      top_logprobs: request.topLogprobs,
    }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    // Without the field Ollama streams.
    stream: request.stream,
  }
}

/** The body; the model is set where the call is sent. */
export const writeChat = (request: ChatRequest): Converted<JsonObject> =>
  withWarnings((warn) => bodyOf(request, { warn }))
