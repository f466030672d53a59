/** The books' usage in Gemini's words. */

import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { given } from '#protocol/field-reading.ts'

/** `candidatesTokenCount` leaves thoughts out; `null` = nothing is known. */
export const usageJson = ({
  input,
  output,
  cachedInput,
  reasoning,
  audioInput,
  imageInput,
}: Usage): JsonObject | null => {
  if (input === null && output === null) return null
  const media = [
    ['AUDIO', audioInput],
    ['IMAGE', imageInput],
  ].filter(([, count]) => typeof count === 'number' && count > 0)
  return given({
    promptTokenCount: input,
    cachedContentTokenCount: cachedInput === 0 ? null : cachedInput,
    candidatesTokenCount: output === null ? null : Math.max(0, output - (reasoning ?? 0)),
    thoughtsTokenCount: reasoning === 0 ? null : reasoning,
    totalTokenCount: input === null || output === null ? null : input + output,
    promptTokensDetails: media.length === 0 ? null : media.map(([modality, tokenCount]) => ({ modality, tokenCount })),
  })
}
