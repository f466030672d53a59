/** OpenRouter's `reasoning_details`: thought with what must come back unchanged (https://openrouter.ai/docs/use-cases/reasoning-tokens, read 2026-11-22). */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { carriedObject, carrierFormats } from '#protocol/carrier.ts'
import type { ReasoningBlock } from '#protocol/chat-request.ts'
import type { Carrier } from '#protocol/part.ts'

const { anthropic, openaiChat, openaiResponses, gemini } = carrierFormats

/** Their names for whose a signature is. */
const names: Readonly<Record<string, string>> = {
  [anthropic]: 'anthropic-claude-v1',
  [openaiResponses]: 'openai-responses-v1',
  [gemini]: 'google-gemini-v1',
}

/** What of a detail can be said in other words than its own: Claude's signature over a text, or its redacted thought. */
export const carrierOfDetail = (detail: JsonObject): Carrier | null => {
  const { type, signature, data, format } = detail
  const secret = typeof signature === 'string' ? signature : data
  if (typeof secret !== 'string' || secret === '') return null
  const hidden = type === 'reasoning.encrypted' ? { redacted: true as const } : {}
  if (format === names[anthropic]) return { format: anthropic, value: secret, ...hidden }
  // What OpenRouter gave with an id goes back with it.
  if (format === names[openaiResponses] && detail['id'] === undefined) return { format: openaiResponses, value: secret }
  return { format: openaiChat, value: JSON.stringify(detail) }
}

/** One piece of thought of an earlier turn. */
export const readDetail = (detail: JsonObject): ReasoningBlock => {
  const { type, text, summary } = detail
  const carrier = carrierOfDetail(detail)
  return {
    type: 'reasoning',
    text: typeof text === 'string' ? text : typeof summary === 'string' ? summary : '',
    redacted: type === 'reasoning.encrypted',
    summary: type === 'reasoning.summary',
    carriers: carrier === null ? [] : [carrier],
  }
}

type Thought = Pick<ReasoningBlock, 'text' | 'redacted' | 'carriers'>

/**
 * A thought as details, one for each carrier: without any there is nothing that must come back. `index` counts the
 * thoughts of one message. A signature of Claude's over a thought that was not told stays a signature: as data it would come back as
 * a thought that may not be read, and be refused.
 */
export const detailsOf = ({ text, redacted, carriers }: Thought, index: number): readonly JsonObject[] =>
  carriers.map((carrier) => {
    const own = carrier.format === openaiChat ? carriedObject(carrier) : null
    if (isObject(own)) return own
    const format = names[carrier.format] ?? carrier.format
    const isData = redacted || (text === '' && carrier.format !== anthropic)
    return isData
      ? { type: 'reasoning.encrypted', data: carrier.value, format, index }
      : { type: 'reasoning.text', text, signature: carrier.value, format, index }
  })
