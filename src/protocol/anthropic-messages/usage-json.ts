/** Usage in Anthropic's shape, for writers. */

import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { countOf } from '#base/usage.ts'

/** What stands for figures that the provider did not tell. */
export type Estimate = { readonly input: number; readonly output: number }

/**
 * Usage in this format: the provider's own block where it is one. What is unknown is estimated, because the format has no answer without
 * these two figures: its clients take anything else than a number for a broken answer (`@ai-sdk/anthropic`), and count by them how full a
 * conversation is.
 */
export const usageJson = (usage: Usage | null, raw: JsonObject | null, estimate: Estimate): JsonObject => {
  if (raw !== null && countOf(raw['input_tokens']) !== null && raw['input_tokens_details'] === undefined) return raw
  if (usage === null) return { input_tokens: estimate.input, output_tokens: estimate.output }
  const { input, output, cachedInput, cacheWrite, cacheWrite5m, cacheWrite1h, reasoning, items } = usage
  return {
    input_tokens: input === null ? estimate.input : Math.max(0, input - (cachedInput ?? 0) - (cacheWrite ?? 0)),
    cache_creation_input_tokens: cacheWrite ?? 0,
    cache_read_input_tokens: cachedInput ?? 0,
    ...(cacheWrite5m === null && cacheWrite1h === null
      ? {}
      : {
          cache_creation: {
            ephemeral_5m_input_tokens: cacheWrite5m ?? 0,
            ephemeral_1h_input_tokens: cacheWrite1h ?? 0,
          },
        }),
    output_tokens: output ?? estimate.output,
    ...(reasoning === null ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
    ...(items?.['web_search'] === undefined ? {} : { server_tool_use: { web_search_requests: items['web_search'] } }),
  }
}
