/**
 * Usage as Anthropic writes it: `input_tokens` is only what was neither read from the cache nor written to it. So do Bedrock's
 * and Vertex's own forms of these models.
 */

import type { JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { addCounts, countOf, usageOf } from '#base/usage.ts'

const writesOf = (block: JsonObject): number | null => {
  const creation = objectAt(block, 'cache_creation')
  const byLifetime = addCounts(
    countOf(creation['ephemeral_5m_input_tokens']),
    countOf(creation['ephemeral_1h_input_tokens']),
  )
  const all = countOf(block['cache_creation_input_tokens'])
  return byLifetime === null || all === null ? (all ?? byLifetime) : Math.max(all, byLifetime)
}

const inputOf = (block: JsonObject): number | null => {
  const fresh = countOf(block['input_tokens'])
  return fresh === null ? null : addCounts(fresh, countOf(block['cache_read_input_tokens']), writesOf(block))
}

const iterationsOf = (usage: JsonObject): readonly JsonObject[] => {
  const { iterations } = usage
  return Array.isArray(iterations) ? iterations.filter(isObject) : []
}

/** A compaction is billed, and is the one step of the same model that the top level leaves out (platform.claude.com, read 2026-11-22). */
const billedBlocks = (usage: JsonObject): readonly JsonObject[] => [
  usage,
  ...iterationsOf(usage).filter((step) => step['type'] === 'compaction'),
]

/** An advisor is another model, billed at its own rates beside the call: told by the piece, never mixed with the call's tokens. */
const advisorItems = (usage: JsonObject): Record<string, number> => {
  const steps = iterationsOf(usage).filter((step) => step['type'] === 'advisor_message')
  const input = addCounts(...steps.map(inputOf))
  const output = addCounts(...steps.map((step) => countOf(step['output_tokens'])))
  return { advisor_input_tokens: input ?? 0, advisor_output_tokens: output ?? 0 }
}

const itemsOf = (usage: JsonObject): Usage['items'] => {
  const searches = countOf(objectAt(usage, 'server_tool_use')['web_search_requests'])
  const items = Object.entries({ web_search: searches ?? 0, ...advisorItems(usage) }).filter(([, count]) => count > 0)
  return items.length === 0 ? null : Object.fromEntries(items)
}

/** Fast mode is told as a speed and billed as a tier. */
const tierOf = (usage: JsonObject): string | null => {
  if (usage['speed'] === 'fast') return 'fast'
  const tier = usage['service_tier']
  return typeof tier === 'string' ? tier : null
}

/** A `usage` block of a message, of `message_start`, or of both parts of a stream joined by `joinUsage`. */
export const readUsage = (usage: JsonObject): Usage => {
  const blocks = billedBlocks(usage)
  const total = (read: (block: JsonObject) => number | null): number | null => addCounts(...blocks.map(read))
  const creation = (name: string) => (block: JsonObject) => countOf(objectAt(block, 'cache_creation')[name])
  const output = total((block) => countOf(block['output_tokens']))
  const thinking = countOf(objectAt(usage, 'output_tokens_details')['thinking_tokens'])
  return usageOf({
    input: inputOf(usage) === null ? null : total(inputOf),
    output,
    cachedInput: total((block) => countOf(block['cache_read_input_tokens'])),
    cacheWrite: total(writesOf),
    cacheWrite5m: total(creation('ephemeral_5m_input_tokens')),
    cacheWrite1h: total(creation('ephemeral_1h_input_tokens')),
    reasoning: thinking === null ? null : Math.min(thinking, output ?? 0),
    items: itemsOf(usage),
    serviceTier: tierOf(usage),
  })
}

/**
 * The usage of a stream: `message_start` tells the input, `message_delta` running totals. Of one figure in both the larger one
 * stands, because compatible servers send 0 in the place that they do not use; of anything else the later.
 */
export const joinUsage = (earlier: JsonObject, later: JsonObject): JsonObject => {
  const joined: Record<string, JsonObject[string]> = { ...earlier }
  for (const [name, value] of Object.entries(later)) {
    const before = joined[name]
    if (value === null || value === undefined) continue
    if (isObject(before) && isObject(value)) joined[name] = joinUsage(before, value)
    else joined[name] = typeof before === 'number' && typeof value === 'number' ? Math.max(before, value) : value
  }
  return joined
}
