/** Every usage block of the shared set: our tokens against those that genai-prices takes from it, and our price against its price. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { loadCatalog } from '#catalog/load.ts'
import { namedAt } from '#catalog/lookup.ts'
import { nanoFigure, scales } from '#catalog/price-source/figure.ts'
import { chargeOf } from '#ledger/charge.ts'
import { readUsage as anthropic } from '#protocol/anthropic-messages/usage.ts'
import { readUsage as bedrock } from '#protocol/bedrock-converse/usage.ts'
import { readUsage as cohere } from '#protocol/cohere-chat/usage.ts'
import { readUsage as gemini } from '#protocol/gemini/usage.ts'
import { readUsage as chat } from '#protocol/openai/usage.ts'
import { readUsage as responses } from '#protocol/openai-responses/usage.ts'
import { sharedFolder } from './exchange.ts'

type Extractor = {
  readonly provider_id: string
  readonly api_flavor: string
  readonly input_price?: string
  readonly output_price?: string
}
type Extracted = { readonly usage: Readonly<Record<string, number>>; readonly extractors: readonly Extractor[] }
type Row = { readonly model?: string; readonly body: JsonObject; readonly extracted: readonly Extracted[] }

const rows = JSON.parse(readFileSync(join(sharedFolder(), 'usage', 'genai-prices-usages.json'), 'utf8')) as Row[]

type Dialect = {
  readonly name: string
  readonly usage: Usage
  /** `provider:flavor` of their rules for such a body. */
  readonly flavors: RegExp
}

const dialectOf = (body: JsonObject): Dialect => {
  const { usage, usageMetadata, meta } = body
  if (isObject(usageMetadata)) return { name: 'gemini', usage: gemini(usageMetadata), flavors: /^google:default$/ }
  if (isObject(meta)) return { name: 'cohere', usage: cohere(meta), flavors: /^cohere:embeddings$/ }
  assert.ok(isObject(usage))
  if ('billed_units' in usage) return { name: 'cohere', usage: cohere(usage), flavors: /^cohere:default$/ }
  if ('inputTokens' in usage) return { name: 'bedrock', usage: bedrock(usage), flavors: /^aws:default$/ }
  if ('prompt_tokens' in usage) {
    const isChat = 'completion_tokens' in usage
    return {
      name: 'chat',
      usage: chat(usage),
      flavors: isChat ? /^(?!anthropic).*:(chat|default)$/ : /^openai:embeddings$/,
    }
  }
  if ('input_tokens_details' in usage) return { name: 'responses', usage: responses(usage), flavors: /:responses$/ }
  return { name: 'anthropic', usage: anthropic(usage), flavors: /^anthropic:default$/ }
}

/** By OpenAI's own rules where those are among them: others read fewer figures of the same body. */
const theirs = ({ extracted }: Row, flavors: RegExp): Extracted => {
  const by = (flavor: (name: string) => boolean): Extracted | undefined =>
    extracted.find(({ extractors }) => extractors.some((one) => flavor(`${one.provider_id}:${one.api_flavor}`)))
  const found = by((name) => name.startsWith('openai:') && flavors.test(name)) ?? by((name) => flavors.test(name))
  assert.ok(found !== undefined, 'they have rules for every dialect')
  return found
}

const figures: ReadonlyArray<readonly [theirs: string, ours: keyof Usage]> = [
  ['input_tokens', 'input'],
  ['output_tokens', 'output'],
  ['cache_read_tokens', 'cachedInput'],
  ['cache_write_tokens', 'cacheWrite'],
  ['cache_write_1h_tokens', 'cacheWrite1h'],
  ['output_reasoning_tokens', 'reasoning'],
  ['input_audio_tokens', 'audioInput'],
  ['output_image_tokens', 'imageOutput'],
]

/** Where our tokens differ on purpose: by dialect, model and figure. */
const tokenReasons: Readonly<Record<string, string>> = {
  'chat mistral-large-latest cachedInput': 'they read no num_cached_tokens',
  'chat mistral-medium-latest cachedInput': 'they read no num_cached_tokens',
  'chat gemini-2.5-pro-preview-05-06 output': 'they leave out the thinking that only the total tells',
  'gemini gemini-2.5-flash audioInput':
    'ours is the sound that was read anew; what came from the cache is counted there',
}

test('every block: the same tokens, or a reason', (context) => {
  const found = new Map<string, number>()
  const counts = new Map<string, number>()
  for (const row of rows) {
    const { name, usage, flavors } = dialectOf(row.body)
    counts.set(name, (counts.get(name) ?? 0) + 1)
    const other = theirs(row, flavors).usage
    for (const [field, own] of figures)
      if ((other[field] ?? 0) !== (usage[own] ?? 0)) {
        const difference = `${name} ${row.model} ${own}`
        found.set(difference, (found.get(difference) ?? 0) + 1)
      }
  }
  assert.deepEqual([...found.keys()].sort(), Object.keys(tokenReasons).sort())
  for (const [name, count] of counts) context.diagnostic(`${name}: ${count} blocks`)
  for (const [difference, count] of found) context.diagnostic(`${count} × ${difference}: ${tokenReasons[difference]}`)
  assert.equal(
    [...counts.values()].reduce((sum, count) => sum + count, 0),
    rows.length,
  )
})

const vendorOf: Readonly<Record<string, string>> = {
  google: 'gemini',
  'x-ai': 'xai',
  moonshotai: 'moonshot',
  zhipuai: 'zhipu',
  zai: 'zhipu',
}

/** Where our price differs on purpose: by vendor and model. */
const priceReasons: Readonly<Record<string, string>> = {
  'deepseek deepseek-reasoner': 'ours is the price of the day; theirs is one by time of day of 2025',
  'deepseek deepseek-v4-flash': 'ours has the prices from 2026-08-16 on',
  'mistral ministral-8b-latest': 'ours is the newer model that the name means',
  'mistral mistral-large-latest': 'ours reads num_cached_tokens, and has the newer model’s price',
  'mistral mistral-medium-latest': 'ours is the newer model that the name means',
  'openai gpt-4o-audio-preview-2024-12-17': 'theirs has no price of sound',
  'openai gpt-5.6-sol': 'ours has the price cut of 2026-08-21',
  'zhipu glm-4.7': 'ours is the international list',
  'zhipu glm-5.2': 'ours is the international list',
  'gemini gemini-2.5-pro-preview-05-06': 'ours ended with the model',
}

test('every block that both price: the same price, or a reason', async (context) => {
  const catalog = await loadCatalog(new URL('../../catalog/', import.meta.url))
  const atMs = Date.parse('2026-08-21T12:00:00Z')
  const found = new Map<string, number>()
  let [same, onlyTheirs] = [0, 0]
  for (const row of rows) {
    const { usage, flavors } = dialectOf(row.body)
    const priced = row.extracted.flatMap(({ extractors }) =>
      extractors.filter((one) => one.input_price !== undefined && flavors.test(`${one.provider_id}:${one.api_flavor}`)),
    )
    for (const { provider_id, input_price, output_price } of priced) {
      const vendor = vendorOf[provider_id] ?? provider_id
      const model = namedAt(catalog, vendor, row.model ?? '')?.model
      if (model === undefined) {
        onlyTheirs += 1
        continue
      }
      const input = nanoFigure(input_price?.toLowerCase(), scales.usdPerPiece) ?? 0n
      const output = nanoFigure(output_price?.toLowerCase() ?? '0', scales.usdPerPiece) ?? 0n
      const ours = chargeOf(usage, model.priceRows, atMs)?.costNanoUsd ?? null
      // Theirs are rounded apart, ours once.
      const off = ours === null ? null : ours - input - output
      if (off !== null && off >= -1n && off <= 1n) same += 1
      else {
        const difference = `${vendor} ${row.model}`
        found.set(difference, (found.get(difference) ?? 0) + 1)
      }
    }
  }
  assert.deepEqual([...found.keys()].sort(), Object.keys(priceReasons).sort())
  context.diagnostic(`${same} prices equal; ${onlyTheirs} of models and vendors that the catalog does not have`)
  for (const [difference, count] of found) context.diagnostic(`${count} × ${difference}: ${priceReasons[difference]}`)
  assert.ok(same > 550, `only ${same} agree`)
})
