/** Usage as Bedrock's Converse writes it: `inputTokens` leaves out what was read from the cache and written to it. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { addCounts, countOf, usageOf } from '#base/usage.ts'

const writtenFor = (usage: JsonObject, lifetime: string): number | null => {
  const { cacheDetails } = usage
  if (!Array.isArray(cacheDetails)) return null
  const entries = cacheDetails.filter(isObject).filter((entry) => entry['ttl'] === lifetime)
  return addCounts(...entries.map((entry) => countOf(entry['inputTokens'])))
}

/** A `usage` block; the older names end in `Count` and stand beside the newer ones. */
export const readUsage = (usage: JsonObject): Usage => {
  const fresh = countOf(usage['inputTokens'])
  const cachedInput = countOf(usage['cacheReadInputTokens'] ?? usage['cacheReadInputTokenCount'])
  const cacheWrite = countOf(usage['cacheWriteInputTokens'] ?? usage['cacheWriteInputTokenCount'])
  const input = fresh === null ? null : addCounts(fresh, cachedInput, cacheWrite)
  return usageOf({
    input,
    output: countOf(usage['outputTokens']),
    cachedInput,
    cacheWrite,
    cacheWrite5m: writtenFor(usage, '5m'),
    cacheWrite1h: writtenFor(usage, '1h'),
  })
}

/** The usage of an answer, or of a stream's `metadata` event, with the tier that stands beside it. */
export const readUsageOf = (document: JsonObject): Usage | null => {
  const { usage } = document
  if (!isObject(usage)) return null
  const tier = objectAt(document, 'serviceTier')['type']
  return { ...readUsage(usage), serviceTier: typeof tier === 'string' ? tier : null }
}
