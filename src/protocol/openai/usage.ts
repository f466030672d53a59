/** Usage as the OpenAI family writes it: one shape in name, many ways of counting; read into the books' one way. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { countOf, usageOf } from '#base/usage.ts'

/** The largest known figure: providers repeat one under an old and a new name, and fill the unused name with 0. */
const largest = (...values: readonly unknown[]): number | null => {
  let found: number | null = null
  for (const value of values) {
    const count = countOf(value)
    if (count !== null && (found === null || count > found)) found = count
  }
  return found
}

const sum = (left: number, right: number): number => Math.min(left + right, Number.MAX_SAFE_INTEGER)

type Stated = {
  readonly input: number | null
  readonly output: number | null
  readonly total: number | null
  readonly reasoning: number | null
  /** Figures that some providers leave out of `prompt_tokens`. */
  readonly besideInput: readonly (number | null)[]
  readonly cached: number
}

/**
 * What the total says beyond input and output is put where it belongs. xAI counts reasoning beside `completion_tokens`,
 * Mistral audio beside `prompt_tokens`, gateways to Anthropic cache reads and writes beside them; a rest that nothing
 * explains is unshown thinking (Gemini's compatible endpoint). All seen in answers of 2025 and 2026, read 2026-11-22.
 */
const withRest = (
  input: number,
  output: number,
  stated: Stated & { readonly total: number },
): readonly [number, number] => {
  const rest = stated.total - input - output
  const beside = [stated.reasoning ?? 0, ...stated.besideInput.map((count) => count ?? 0)]
  for (let chosen = 1; chosen < 2 ** beside.length; chosen += 1) {
    const taken = beside.map((count, place) => ((chosen >> place) & 1 ? count : 0))
    const [reasoning = 0, ...others] = taken
    const besideInput = others.reduce(sum, 0)
    if (reasoning + besideInput === rest) return [sum(input, besideInput), sum(output, reasoning)]
  }
  return [input, sum(output, rest)]
}

const byTotal = (stated: Stated): readonly [number | null, number | null] => {
  const { input, output, total } = stated
  if (total === null) return [input, output]
  if (input !== null && output !== null)
    return total > sum(input, output) ? withRest(input, output, { ...stated, total }) : [input, output]
  if (input !== null) return [input, Math.max(0, total - input)]
  return output === null ? [total, 0] : [Math.max(0, total - output), output]
}

/**
 * A part cannot be larger than its whole: then the whole was counted without it, or by another tokeniser. Of the output the
 * larger figure stands, never the sum, which would be twice the same tokens; cache reads and writes are surely beside.
 */
const settled = (stated: Stated): readonly [number | null, number | null] => {
  const [input, output] = byTotal(stated)
  return [
    input !== null && stated.cached > input ? sum(input, stated.cached) : input,
    output === null ? null : Math.max(output, stated.reasoning ?? 0),
  ]
}

const itemNames: ReadonlyArray<readonly [name: string, read: (usage: JsonObject) => unknown]> = [
  ['seconds', (usage) => usage['seconds']],
  ['audio_seconds', (usage) => usage['prompt_audio_seconds']],
  ['search_units', (usage) => usage['search_units']],
  ['web_search', (usage) => objectAt(usage, 'server_tool_use_details', 'server_tool_use')['web_search_requests']],
  ['search_sources', (usage) => usage['num_sources_used']],
  ['search_queries', (usage) => usage['num_search_queries']],
  ['citation_tokens', (usage) => usage['citation_tokens']],
]

/** Perplexity searches for every call, and bills the call by how much of what it found the model reads. */
const searchContexts: readonly unknown[] = ['low', 'medium', 'high']

const itemsOf = (usage: JsonObject): Readonly<Record<string, number>> | null => {
  const found: Record<string, number> = {}
  for (const [name, read] of itemNames) {
    const value = read(usage)
    // Seconds of audio come with a fraction; they are billed by the second begun.
    const count = countOf(typeof value === 'number' ? Math.ceil(value) : value)
    if (count !== null && count > 0) found[name] = count
  }
  const context = usage['search_context_size']
  if (searchContexts.includes(context)) found[`search_context_${String(context)}`] = 1
  return Object.keys(found).length === 0 ? null : found
}

/** A usage block, of chat (`prompt_tokens`), of images and transcriptions (`input_tokens`), or of rerank (units, a total). */
export const readUsage = (usage: JsonObject): Usage => {
  const input = objectAt(usage, 'prompt_tokens_details', 'input_tokens_details', 'input_token_details')
  const output = objectAt(usage, 'completion_tokens_details', 'output_tokens_details')
  const creation = objectAt(usage, 'cache_creation')
  const reasoning = largest(output['reasoning_tokens'], usage['reasoning_tokens'])
  const cachedInput = largest(
    input['cached_tokens'],
    usage['cached_tokens'],
    usage['prompt_cache_hit_tokens'],
    usage['cache_read_input_tokens'],
    usage['num_cached_tokens'],
  )
  const cacheWrite = largest(
    input['cache_write_tokens'],
    input['cache_creation_tokens'],
    usage['cache_creation_input_tokens'],
  )
  const audioInput = countOf(input['audio_tokens'])
  const [inputCount, outputCount] = settled({
    input: largest(usage['prompt_tokens'], usage['input_tokens']),
    output: largest(usage['completion_tokens'], usage['output_tokens']),
    total: countOf(usage['total_tokens']),
    reasoning,
    besideInput: [audioInput, cachedInput, cacheWrite],
    cached: sum(cachedInput ?? 0, cacheWrite ?? 0),
  })
  const tier = usage['service_tier']
  return usageOf({
    input: inputCount,
    output: outputCount,
    cachedInput,
    cacheWrite,
    cacheWrite5m: countOf(creation['ephemeral_5m_input_tokens']),
    cacheWrite1h: countOf(creation['ephemeral_1h_input_tokens']),
    reasoning,
    audioInput,
    audioOutput: countOf(output['audio_tokens']),
    imageInput: countOf(input['image_tokens']),
    imageOutput: countOf(output['image_tokens']),
    items: itemsOf(usage),
    serviceTier: typeof tier === 'string' ? tier : null,
  })
}

/** Usage of several choices that each tell their own (Moonshot puts it inside): they share the prompt. */
const usageOfChoices = (choices: unknown): JsonObject | null => {
  if (!Array.isArray(choices)) return null
  const blocks = choices.map((choice: unknown) => (isObject(choice) ? choice['usage'] : null)).filter(isObject)
  const [first] = blocks
  if (first === undefined || blocks.length === 1) return first ?? null
  const input = largest(...blocks.map((block) => block['prompt_tokens']))
  const output = blocks.map((block) => countOf(block['completion_tokens']) ?? 0).reduce(sum, 0)
  return { ...first, prompt_tokens: input, completion_tokens: output, total_tokens: sum(input ?? 0, output) }
}

/**
 * The usage block of a reply or of one chunk, wherever the provider puts it: at the top, in `x_groq`, inside `choices[]`,
 * in rerank's `meta.billed_units`. `null` = there is none, also where the field stands with nothing in it.
 */
export const findUsage = (document: JsonObject): JsonObject | null => {
  if (isObject(document['usage'])) return document['usage']
  const places = [objectAt(document, 'x_groq')['usage'], objectAt(document, 'meta')['billed_units']]
  return places.find(isObject) ?? usageOfChoices(document['choices'])
}

/** The usage of a document with the tier that the document tells beside it. */
export const readUsageOf = (document: JsonObject, raw: JsonObject): Usage => {
  const usage = readUsage(raw)
  const tier = document['service_tier']
  return usage.serviceTier === null && typeof tier === 'string' ? { ...usage, serviceTier: tier } : usage
}

/** A usage block that says nothing (all figures null) is no usage. */
export const saysNothing = (usage: Usage): boolean =>
  usage.input === null && usage.output === null && usage.items === null

/**
 * Usage in the OpenAI shape, for writers: the provider's own block where it has that shape already. `null` where input or
 * output is unknown: the shape has no way to say so, and zero would be a lie.
 */
export const usageJson = (usage: Usage, raw: JsonObject): JsonObject | null => {
  if (countOf(raw['prompt_tokens']) !== null && countOf(raw['completion_tokens']) !== null) return raw
  const { input, output } = usage
  if (input === null || output === null) return null
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: sum(input, output),
    prompt_tokens_details: {
      cached_tokens: usage.cachedInput ?? 0,
      ...(usage.cacheWrite === null ? {} : { cache_write_tokens: usage.cacheWrite }),
      ...(usage.audioInput === null ? {} : { audio_tokens: usage.audioInput }),
      ...(usage.imageInput === null ? {} : { image_tokens: usage.imageInput }),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning ?? 0,
      ...(usage.audioOutput === null ? {} : { audio_tokens: usage.audioOutput }),
      ...(usage.imageOutput === null ? {} : { image_tokens: usage.imageOutput }),
    },
  }
}
