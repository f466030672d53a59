/**
 * Usage of a response and of a transcription in a session (OpenAPI document of OpenAI: RealtimeResponse, TranscriptTextUsageTokens,
 * TranscriptTextUsageDuration). The whole conversation is the input of every response; sound and text have rates of their own.
 */

import type { JsonObject } from '#base/json-type.ts'
import { objectAt } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { countOf, usageOf } from '#base/usage.ts'
import { readUsage } from '#protocol/openai/usage.ts'

/** What of a kind was not in the cache, where the provider splits the cache by kind. */
const fresh = (all: number | null, cached: number | null): number | null =>
  all === null ? null : Math.max(0, all - (cached ?? 0))

/** The `usage` of `response.done`. */
export const readResponseUsage = (usage: JsonObject): Usage => {
  const input = objectAt(usage, 'input_token_details')
  const output = objectAt(usage, 'output_token_details')
  const cached = objectAt(input, 'cached_tokens_details')
  const cachedAudioInput = countOf(cached['audio_tokens'])
  return usageOf({
    ...readUsage(usage),
    cachedAudioInput,
    audioInput: fresh(countOf(input['audio_tokens']), cachedAudioInput),
    imageInput: fresh(countOf(input['image_tokens']), countOf(cached['image_tokens'])),
    audioOutput: countOf(output['audio_tokens']),
  })
}

/** The `usage` of a transcription that was made beside the conversation: tokens, or seconds of sound. */
export const readTranscriptionUsage = (usage: JsonObject): Usage => readUsage(usage)
