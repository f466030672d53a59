/** The caller's own list of models, in OpenAI's shape with the fields that OpenRouter's clients read beside. */

import { decimalOf, tokensPerPrice } from '#base/money.ts'
import type { PriceRates } from '#base/price-row.ts'
import { percentText } from '#base/price-rule.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { ratesNow } from './account-price.ts'

export type ModelEntry = {
  readonly id: string
  readonly object: 'model'
  /** Seconds since 1970, as OpenAI writes it; 0 = unknown. */
  readonly created: number
  readonly owned_by: string
  /** The id that this name stands for; `null` = it is one. */
  readonly alias_of: string | null
  readonly context_length: number | null
  readonly top_provider: { readonly context_length: number | null; readonly max_completion_tokens: number | null }
  readonly architecture: { readonly input_modalities: readonly string[]; readonly output_modalities: readonly string[] }
  /** USD per token as decimal strings, OpenRouter's unit; `null` = unpriced. */
  readonly pricing: Readonly<Record<string, string>> | null
  /** USD per million tokens as decimal strings; `null` = unpriced. */
  readonly price_per_million: Readonly<Record<string, string>> | null
  /** Where the account's own credentials serve the model: the percent that is charged, which the prices here are the part of. */
  readonly relay_fee_percent?: string
}

/** 15 digits after the point hold nano-USD per million tokens exactly. */
const perToken = (nanoPerMillion: bigint): string => {
  const digits = (nanoPerMillion % (1_000_000_000n * tokensPerPrice)).toString().padStart(15, '0').replace(/0+$/, '')
  const whole = nanoPerMillion / (1_000_000_000n * tokensPerPrice)
  return digits === '' ? whole.toString() : `${whole}.${digits}`
}

const zero: Readonly<Record<string, string>> = { prompt: '0', completion: '0' }

const named = (
  rates: PriceRates,
  names: { input: string; output: string; cached: string },
  text: (nano: bigint) => string,
) => {
  const { input, output, cachedInput } = rates
  return {
    ...(input === null ? {} : { [names.input]: text(input) }),
    ...(output === null ? {} : { [names.output]: text(output) }),
    ...(cachedInput === null ? {} : { [names.cached]: text(cachedInput) }),
  }
}

/** The entry under the name that was asked for, which may be an alias. */
export const modelEntry = (name: string, row: ModelRow, nowMs: number): ModelEntry => {
  const free = row.priceRows === 'free'
  const fee = row.rules?.feeBasisPoints
  const price = row.priceRows === 'free' ? null : ratesNow(row, { atMs: nowMs, inputTokens: 0 })
  return {
    id: name,
    object: 'model',
    created: row.createdMs === null ? 0 : Math.floor(row.createdMs / 1_000),
    owned_by: row.ownedBy,
    alias_of: name === row.id ? null : row.id,
    context_length: row.contextTokens,
    top_provider: { context_length: row.contextTokens, max_completion_tokens: row.outputTokensMax },
    architecture: { input_modalities: row.inputModalities, output_modalities: row.outputModalities },
    pricing: free
      ? zero
      : price && named(price, { input: 'prompt', output: 'completion', cached: 'input_cache_read' }, perToken),
    price_per_million: free
      ? { input: '0', output: '0' }
      : price && named(price, { input: 'input', output: 'output', cached: 'cached_input' }, (nano) => decimalOf(nano)),
    ...(fee === undefined ? {} : { relay_fee_percent: percentText(fee).replace('%', '') }),
  }
}

/** Every id and every alias that the key may use, sorted, so that two readings compare. */
export const modelEntries = (
  names: ReadonlyMap<string, ModelRow>,
  key: Pick<KeyFacts, 'models'>,
  { nowMs, pricedFor }: { readonly nowMs: number; readonly pricedFor: (row: ModelRow) => ModelRow },
): readonly ModelEntry[] =>
  [...names]
    .filter(([name]) => key.models === null || key.models.includes(name))
    .map(([name, row]) => modelEntry(name, pricedFor(row), nowMs))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
