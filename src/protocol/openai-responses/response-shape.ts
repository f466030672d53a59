/** What the first event, the last one and a whole response have in common. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { addCounts, countOf } from '#base/usage.ts'
import type { Asked } from '#http/inbound.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext } from '#protocol/protocol.ts'
import type { PartOf } from './wire.ts'
import { extraOf } from './wire.ts'

const or = (value: Json | undefined, otherwise: Json): Json =>
  value === undefined || value === null ? otherwise : value

/** What is said of a function in a response; clients read every member. */
const toolOf = (tool: Json): Json =>
  isObject(tool) && tool['type'] === 'function' ? { description: null, parameters: null, strict: false, ...tool } : tool

const textOf = (text: Json | undefined): JsonObject => {
  const told = isObject(text) ? text : {}
  const format = isObject(told['format']) ? told['format'] : { type: 'text' }
  // A schema's own members stand in every answer, also where the request left them out.
  const schema = format['type'] === 'json_schema' ? { description: null, strict: false, ...format } : format
  return { ...told, format: schema }
}

const reasoningOf = (reasoning: Json | undefined): JsonObject => {
  const told = isObject(reasoning) ? reasoning : {}
  return { ...told, effort: or(told['effort'], null), summary: or(told['summary'], null) }
}

/** The settings of the request, which every response repeats: what was not given as it is meant then. */
const settingsOf = (body: JsonObject, previous: string | null): JsonObject => ({
  background: body['background'] === true,
  frequency_penalty: or(body['frequency_penalty'], 0),
  instructions: or(body['instructions'], null),
  max_output_tokens: or(body['max_output_tokens'], null),
  max_tool_calls: or(body['max_tool_calls'], null),
  metadata: or(body['metadata'], {}),
  parallel_tool_calls: or(body['parallel_tool_calls'], true),
  presence_penalty: or(body['presence_penalty'], 0),
  previous_response_id: or(previous ?? undefined, null),
  prompt_cache_key: or(body['prompt_cache_key'], null),
  reasoning: reasoningOf(body['reasoning']),
  safety_identifier: or(body['safety_identifier'], null),
  service_tier: or(body['service_tier'], 'default'),
  store: body['store'] === true,
  temperature: or(body['temperature'], 1),
  text: textOf(body['text']),
  tool_choice: or(body['tool_choice'], 'auto'),
  tools: Array.isArray(body['tools']) ? body['tools'].map(toolOf) : [],
  top_logprobs: or(body['top_logprobs'], 0),
  top_p: or(body['top_p'], 1),
  truncation: or(body['truncation'], 'disabled'),
  user: or(body['user'], null),
})

/** The id of a response that is written here. */
export const idOf = ({ id }: Asked): string => `resp_${id}`

/** The id of a response: its own where it came in this format, else the call's. */
export const responseId = (context: ReplyContext, start: PartOf<'start'> | null): string =>
  start?.id?.startsWith('resp_') === true ? start.id : idOf(context.asked)

/** A response without what its end tells. */
export const headOf = (context: ReplyContext, start: PartOf<'start'> | null): JsonObject => ({
  id: responseId(context, start),
  object: 'response',
  created_at: Math.floor((start?.createdMs ?? context.nowMs) / 1000),
  status: 'in_progress',
  completed_at: null,
  error: null,
  incomplete_details: null,
  model: start?.model ?? context.call.model,
  output: [],
  usage: null,
  ...settingsOf(context.call.body(), context.call.continues ?? null),
  ...(start === null ? {} : extraOf(start).response),
})

/** Usage in this format; `null` where input or output is unknown. */
export const usageJson = (usage: Usage, raw: JsonObject): JsonObject | null => {
  if (countOf(raw['input_tokens']) !== null && isObject(raw['input_tokens_details'])) return raw
  const { input, output, cachedInput, cacheWrite, reasoning } = usage
  if (input === null || output === null) return null
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: cachedInput ?? 0,
      cache_write_tokens: cacheWrite ?? 0,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning ?? 0 },
    total_tokens: addCounts(input, output),
  }
}

const ownAnnotations: ReadonlySet<string> = new Set([
  'url_citation',
  'file_citation',
  'container_file_citation',
  'file_path',
])

/** A citation in this format; one that came in another is told as far as it can be. */
export const annotationOf = (part: PartOf<'citation'>, end: number): JsonObject => {
  const type = String(part.raw['type'])
  if (ownAnnotations.has(type) && part.raw[type] === undefined) return part.raw
  return {
    type: 'url_citation',
    url: part.url ?? '',
    title: part.title ?? '',
    start_index: part.start ?? 0,
    end_index: part.end ?? end,
  }
}

/** What this format has no place for is warned of by its name. */
export const lossReason = (part: Part): string =>
  part.type === 'tool-input-start' || part.type === 'tool-result'
    ? "what a provider's own tools did is not told in Responses"
    : 'Responses has no item for it'
