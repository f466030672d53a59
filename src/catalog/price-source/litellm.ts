/** LiteLLM's `model_prices_and_context_window.json` (read 2026-11-22): USD per token, cliffs and tiers in the names of fields. */

import { isObject } from '#base/json-type.ts'
import { ratesOfFigures, scales } from './figure.ts'
import type { PriceSource, ReadPrice, ReadRequest, TableReading } from './proposal.ts'

type Fields = Readonly<Record<string, unknown>>

const fields = {
  input: 'input_cost_per_token',
  cachedInput: 'cache_read_input_token_cost',
  cacheWrite5m: 'cache_creation_input_token_cost',
  cacheWrite1h: 'cache_creation_input_token_cost_above_1hr',
  output: 'output_cost_per_token',
  reasoning: 'output_cost_per_reasoning_token',
  audioInput: 'input_cost_per_audio_token',
  audioOutput: 'output_cost_per_audio_token',
  imageInput: 'input_cost_per_image_token',
  imageOutput: 'output_cost_per_image_token',
  cachedAudioInput: 'cache_read_input_audio_token_cost',
} as const

const tiers: Readonly<Record<string, string>> = { batch: '_batches', flex: '_flex', priority: '_priority' }

const stepsIn = (entry: Fields): readonly number[] => [
  ...new Set(
    Object.keys(entry).flatMap((field) => {
      const match = /_above_(\d+)k_tokens$/.exec(field)
      return match === null ? [] : [Number(match[1]) * 1_000]
    }),
  ),
]

/** The figures of one step and tier. What a step does not say is as below it; a tier has only what it says itself. */
const ratesAt = (entry: Fields, step: number | null, suffix: string): ReadPrice['rates'] => {
  const above = step === null ? '' : `_above_${step / 1_000}k_tokens`
  const figures = Object.entries(fields).map(([name, field]) => [
    name,
    entry[`${field}${above}${suffix}`] ?? (suffix === '' ? entry[field] : undefined),
  ])
  return ratesOfFigures(Object.fromEntries(figures), scales.usdPerToken)
}

const rowsOf = (entry: Fields, names: Pick<ReadPrice, 'vendor' | 'names'>): readonly ReadPrice[] => [
  { ...names, rates: ratesAt(entry, null, '') },
  ...stepsIn(entry).map((step) => ({ ...names, contextOverTokens: step, rates: ratesAt(entry, step, '') })),
  ...Object.entries(tiers)
    .map(([serviceTier, suffix]) => ({ ...names, serviceTier, rates: ratesAt(entry, null, suffix) }))
    .filter(({ rates }) => rates.input !== null),
]

const read = ({ json }: ReadRequest): TableReading => {
  const prices: ReadPrice[] = []
  for (const [id, entry] of Object.entries(isObject(json) ? json : {})) {
    if (!isObject(entry) || typeof entry['litellm_provider'] !== 'string') continue
    prices.push(...rowsOf(entry, { vendor: entry['litellm_provider'], names: [id, id.slice(id.lastIndexOf('/') + 1)] }))
  }
  return { prices, skipped: [] }
}

export const litellm: PriceSource = {
  name: 'litellm',
  title: 'LiteLLM',
  url: 'https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json',
  recognises: (json) => isObject(json) && Object.values(json).some((one) => isObject(one) && 'litellm_provider' in one),
  read,
}
