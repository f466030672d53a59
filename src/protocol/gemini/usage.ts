/** Usage as Gemini writes it: `promptTokenCount` holds what came out of the cache; thinking and what tools read stand beside. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { addCounts, countOf, usageOf } from '#base/usage.ts'

const ofModality = (details: unknown, modality: string): number | null => {
  if (!Array.isArray(details)) return null
  const found = details.filter(isObject).filter((entry) => String(entry['modality']).toUpperCase() === modality)
  return addCounts(...found.map((entry) => countOf(entry['tokenCount'])))
}

/** What of a modality was read anew: its cached part is billed as cached. */
const uncached = (usage: JsonObject, modality: string): number | null => {
  const all = addCounts(
    ofModality(usage['promptTokensDetails'], modality),
    ofModality(usage['toolUsePromptTokensDetails'], modality),
  )
  return all === null ? null : Math.max(0, all - (ofModality(usage['cacheTokensDetails'], modality) ?? 0))
}

/**
 * Candidates and thoughts, and what only the total tells: a thinking model that leaves its thoughts out still bills them, and a
 * call that made nothing has no candidates.
 */
const outputOf = (usage: JsonObject, input: number | null): number | null => {
  const told = addCounts(countOf(usage['candidatesTokenCount']), countOf(usage['thoughtsTokenCount']))
  const total = countOf(usage['totalTokenCount'])
  return total === null || input === null ? told : Math.max(told ?? 0, total - input)
}

const tiersOfTraffic: Readonly<Record<string, string>> = {
  ON_DEMAND: 'standard',
  ON_DEMAND_FLEX: 'flex',
  ON_DEMAND_PRIORITY: 'priority',
  PROVISIONED_THROUGHPUT: 'provisioned',
}

/** `serviceTier` on the Gemini API, `trafficType` on Vertex: both say what was served, not what was asked for. */
const tierOf = (usage: JsonObject): string | null => {
  const { serviceTier, trafficType } = usage
  if (typeof serviceTier === 'string') return serviceTier.toLowerCase()
  return typeof trafficType === 'string' ? (tiersOfTraffic[trafficType] ?? null) : null
}

/**
 * Grounding with Google Search is billed by the query (Gemini 3) or by the prompt that was grounded (Gemini 2): both are counted, and
 * the price row says which of them costs. It stands in the answer and not in the usage.
 */
export const withSearches = (usage: Usage, queries: number): Usage =>
  queries === 0 ? usage : { ...usage, items: { ...usage.items, web_search: queries, grounded_prompt: 1 } }

/** A `usageMetadata` block; in a stream each chunk has one, and the last counts. A cache larger than its prompt is clamped to it. */
export const readUsage = (usage: JsonObject): Usage => {
  const prompt = countOf(usage['promptTokenCount'])
  const input = addCounts(prompt, countOf(usage['toolUsePromptTokenCount']))
  const output = outputOf(usage, input)
  const thoughts = countOf(usage['thoughtsTokenCount'])
  const cached = countOf(usage['cachedContentTokenCount'])
  return usageOf({
    input,
    output,
    cachedInput: cached === null ? null : Math.min(cached, input ?? 0),
    ...(cached === null ? {} : { cachedAudioInput: ofModality(usage['cacheTokensDetails'], 'AUDIO') }),
    reasoning: thoughts === null ? null : Math.min(thoughts, output ?? 0),
    audioInput: uncached(usage, 'AUDIO'),
    imageInput: uncached(usage, 'IMAGE'),
    audioOutput: ofModality(usage['candidatesTokensDetails'], 'AUDIO'),
    imageOutput: ofModality(usage['candidatesTokensDetails'], 'IMAGE'),
    serviceTier: tierOf(usage),
  })
}
