/** Why Gemini stopped, and in Gemini's words. https://ai.google.dev/api/generate-content#FinishReason, read 2026-11-28. */

import type { JsonObject } from '#base/json-type.ts'
import type { FinishReason } from '#protocol/part.ts'

const reasons: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  LANGUAGE: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  MALFORMED_FUNCTION_CALL: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MALFORMED_RESPONSE: 'error',
  MISSING_THOUGHT_SIGNATURE: 'error',
}

/** Numbers of the words, for callers who asked for enums as numbers (`$alt=json;enum-encoding=int`). */
const numbered: readonly string[] = ['', 'STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION', 'OTHER', 'LANGUAGE', 'BLOCKLIST']

/** The word for why an answer ended; `null` = it has not. */
export const finishWord = (value: unknown): string | null => {
  const word = typeof value === 'number' ? (numbered[value] ?? 'OTHER') : value
  return typeof word !== 'string' || word === '' || word === 'FINISH_REASON_UNSPECIFIED' ? null : word
}

/** Gemini says STOP at a call of a tool as well: whether there was one is known beside. */
export const readFinishReason = (raw: string, called: boolean): FinishReason => {
  const reason = Object.hasOwn(reasons, raw) ? (reasons[raw] ?? 'other') : 'other'
  return reason === 'stop' && called ? 'tool-calls' : reason
}

const words: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
  refusal: 'SAFETY',
  pause: 'OTHER',
  error: 'OTHER',
  other: 'OTHER',
}

/** A word of Gemini's own stays what it was; one of another format that looks like it (Cohere's COMPLETE) does not mean the same. */
export const writeFinishReason = (reason: FinishReason, raw: string | null): string =>
  raw !== null && Object.hasOwn(reasons, raw) && readFinishReason(raw, reason === 'tool-calls') === reason
    ? raw
    : words[reason]

/** The word of this format; where an answer did not simply end, the provider's own is told in Google's place for details. */
export const finishMembers = (reason: FinishReason, raw: string | null): JsonObject => {
  const word = writeFinishReason(reason, raw)
  return { finishReason: word, ...(raw === null || raw === word || word === 'STOP' ? {} : { finishMessage: raw }) }
}
