/**
 * Usage as Cohere writes it. `billed_units` is what is charged for; `tokens` is what the model read, Cohere's own preamble
 * included, and is larger by far. The books follow the bill. `cached_tokens` counts within `tokens` and has no rate of its own.
 */

import type { JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { addCounts, countOf, usageOf } from '#base/usage.ts'

const pieces: readonly string[] = ['search_units', 'classifications', 'images']

const itemsOf = (billed: JsonObject): Usage['items'] => {
  const found = pieces.map((name) => [name, countOf(billed[name]) ?? 0] as const).filter(([, count]) => count > 0)
  return found.length === 0 ? null : Object.fromEntries(found)
}

/** A `usage` block of chat v2, or a `meta` block of chat v1, embed and rerank. */
export const readUsage = (usage: JsonObject): Usage => {
  const isBilled = isObject(usage['billed_units'])
  const billed = objectAt(usage, 'billed_units', 'tokens')
  const image = countOf(billed['image_tokens'])
  const output = countOf(billed['output_tokens'])
  const reasoning = countOf(objectAt(usage, 'tokens')['reasoning_tokens'])
  return usageOf({
    input: addCounts(countOf(billed['input_tokens']), image),
    output,
    cachedInput: isBilled ? null : countOf(usage['cached_tokens']),
    reasoning: reasoning === null ? null : Math.min(reasoning, output ?? 0),
    imageInput: image,
    items: itemsOf(billed),
  })
}
