/** Why an answer ended: the provider's word beside the one that all formats share. */

import type { JsonObject } from '#base/json-type.ts'
import type { FinishReason } from '#protocol/part.ts'

const reasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  refusal: 'refusal',
  error: 'error',
  insufficient_system_resource: 'error',
}

const words: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  error: 'error',
  other: 'stop',
}

/** The only words that clients of this format know. */
const known = new Set(['stop', 'length', 'tool_calls', 'function_call', 'content_filter'])

/** Any provider's `finish_reason`. */
export const readFinishReason = (raw: string): FinishReason => reasons[raw.toLowerCase()] ?? 'other'

/** The word of this format; a provider's own is kept where it is one of them. */
export const writeFinishReason = (reason: FinishReason, raw: string | null): string =>
  raw !== null && known.has(raw) ? raw : words[reason]

/**
 * The word of this format, and the provider's own beside it where it is another one, under the name that OpenRouter has for it
 * (https://openrouter.ai/announcements/standardized-finish-reasons, and `native_finish_reason` in OpenRouter's OpenAPI document; both read 2026-12-01).
 */
export const finishMembers = (reason: FinishReason, raw: string | null): JsonObject => {
  const word = writeFinishReason(reason, raw)
  return { finish_reason: word, ...(raw === null || raw === word ? {} : { native_finish_reason: raw }) }
}
