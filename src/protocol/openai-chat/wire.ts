/**
 * Chat Completions on the wire, only the fields that are acted on; every other field is carried along. After
 * https://platform.openai.com/docs/api-reference/chat and what other providers send (recordings of 2024 to 2026), read 2026-11-22.
 */

import type { Json, JsonObject } from '#base/json-type.ts'

/** A chunk of a stream, or a whole completion. */
export type WireReply = JsonObject & {
  readonly id?: Json
  readonly created?: Json
  readonly model?: Json
  readonly choices?: Json
  readonly usage?: Json
}

/** What a writer of a provider's own format must put back: fields that no part names, by the level that they stand on. */
export type ChatExtra = {
  readonly reply?: JsonObject
  readonly choice?: JsonObject
  readonly message?: JsonObject
  /** Of one tool call. */
  readonly tool?: JsonObject
  /** The old `function_call` instead of `tool_calls`. */
  readonly legacy?: true
}

/** Fields that have parts, by level; `object` only tells a chunk from a whole. */
export const replyFields: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'usage',
  'error',
])
export const choiceFields: ReadonlySet<string> = new Set([
  'index',
  'delta',
  'message',
  'finish_reason',
  'logprobs',
  'usage',
])
export const messageFields: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'reasoning_content',
  'reasoning_details',
  'tool_calls',
  'function_call',
  'audio',
  'images',
  'annotations',
])
export const toolFields: ReadonlySet<string> = new Set(['id', 'index', 'type', 'function', 'custom'])
