/** Holds the shipped catalog files: what every entry must have, and the names that are promised. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { priceAt } from '#base/price-row.ts'
import { loadCatalog } from './load.ts'
import { nearestIds, resolve } from './lookup.ts'

const catalog = await loadCatalog(new URL('../../catalog/', import.meta.url))
const models = catalog.vendors.flatMap((vendor) => vendor.models)

/** The day on which the data was last reviewed. */
const reviewedMs = Date.parse('2026-11-22T12:00:00Z')

const sourced = (source: { readonly url: string; readonly read: string }, what: string): void => {
  assert.match(source.url, /^https:\/\/[a-z0-9.-]+\//, what)
  assert.match(source.read, /^2026-\d\d-\d\d$/, what)
}

test('every vendor of the first release has a file', () => {
  const vendors = ['moonshot', 'openai', 'anthropic', 'gemini', 'deepseek', 'xai', 'mistral', 'groq', 'openrouter']
  const more = ['together', 'fireworks', 'perplexity', 'alibaba', 'zhipu', 'cohere', 'voyageai', 'siliconflow', 'azure']
  for (const vendor of [...vendors, ...more]) assert.ok(catalog.byVendor.has(vendor), vendor)
})

test('every fact has a public source and the day it was read', () => {
  for (const model of models) {
    const what = `${model.vendor}/${model.id}`
    sourced(model.source, what)
    if (model.lifecycleSource !== null) sourced(model.lifecycleSource, what)
    for (const row of model.priceRows) sourced({ url: row.source, read: row.read }, what)
    for (const set of model.ruleSets) sourced(set.source, what)
  }
})

test('every price row rates something', () => {
  for (const model of models)
    for (const row of model.priceRows)
      assert.ok(
        Object.values(row.rates).some((rate) => rate !== null),
        `${model.vendor}/${model.id}`,
      )
})

test('prices are of the right size: under 1,000 dollars a million, cached input under input', () => {
  for (const model of models)
    for (const { rates, currency } of model.priceRows) {
      const what = `${model.vendor}/${model.id} ${currency}`
      assert.ok((rates.input ?? 0n) < 1_000_000_000_000n && (rates.output ?? 0n) < 1_000_000_000_000n, what)
      if (rates.cachedInput !== null && rates.input !== null) assert.ok(rates.cachedInput <= rates.input, what)
    }
})

test('a zero price is the vendor’s own word: a free model, not a gap in a table', () => {
  const zero = models.filter((model) => model.priceRows.some((row) => row.rates.input === 0n)).map((model) => model.id)
  const free = /:free$|^openrouter\/free$|^glm-4\.[57]-flash$|^omni-moderation/
  assert.deepEqual(
    zero.filter((id) => !free.test(id)),
    [],
  )
})

test('no name means two things: unique at a vendor, and across the makers', () => {
  const seen = new Map<string, string>()
  for (const vendor of catalog.vendors.filter((one) => !one.host))
    for (const name of vendor.byName.keys()) {
      assert.equal(seen.get(name), undefined, `${name} at ${vendor.name} and ${seen.get(name)}`)
      seen.set(name, vendor.name)
    }
})

test('every retired model has a successor line that ends at a living one, and a source', () => {
  for (const model of models.filter((one) => one.retiresOn !== null)) {
    assert.notEqual(model.lifecycleSource, null, model.id)
    if (model.successor === null) continue
    const answer = resolve(catalog, { name: model.id, atMs: reviewedMs, vendors: [model.vendor] })
    if (answer.kind === 'retired') assert.notEqual(answer.retirement.successor, null, `${model.vendor}/${model.id}`)
  }
})

const promised = [
  ['kimi-k2', 'moonshot', 'kimi-k2.6'],
  ['moonshot-v1-8k', 'moonshot', 'kimi-k2.6'],
  ['moonshot-v1-32k', 'moonshot', 'kimi-k2.6'],
  ['moonshot-v1-128k', 'moonshot', 'kimi-k2.6'],
  ['gpt-4.1', 'openai', 'gpt-4.1'],
  ['claude-sonnet-4.5', 'anthropic', 'claude-sonnet-4-5'],
  ['gemini-2.5-flash', 'gemini', 'gemini-2.5-flash'],
  ['deepseek-v3.2', 'deepseek', 'deepseek-flash'],
] as const

test('the promised names resolve to a priced model of their maker', () => {
  for (const [name, vendor, id] of promised) {
    const answer = resolve(catalog, { name, atMs: reviewedMs, vendors: null })
    assert.ok(answer.kind === 'found', name)
    assert.deepEqual([answer.model.vendor, answer.model.id], [vendor, id])
    const question = { atMs: reviewedMs, serviceTier: null, inputTokens: 1_000 } as const
    const choice = priceAt(answer.model.priceRows, question)
    assert.ok(choice !== null && choice.row.rates.input !== null && choice.row.rates.output !== null, name)
  }
})

test('the promised names answer for good: past its end each is served by its successor', () => {
  const muchLaterMs = Date.parse('2027-11-22T12:00:00Z')
  for (const [name] of promised)
    assert.equal(resolve(catalog, { name, atMs: muchLaterMs, vendors: null }).kind, 'found', name)
})

test('ids that vendors switched off answer with the day and the successor', () => {
  const gone = [
    ['kimi-k2-0711-preview', '2026-05-25', 'kimi-k2.6'],
    ['kimi-k2.5', '2026-08-31', 'kimi-k2.6'],
    ['gpt-4-0613', '2026-10-23', 'gpt-5.6-sol'],
    ['claude-3-5-sonnet-20241022', '2025-10-28', 'claude-sonnet-4-6'],
    ['deepseek-chat', '2026-07-24', 'deepseek-flash'],
    ['gemini-2.0-flash', '2026-06-01', 'gemini-3.5-flash'],
    ['grok-4-0709', '2026-05-15', 'grok-4.3'],
  ] as const
  for (const [name, retiredOn, successor] of gone) {
    const answer = resolve(catalog, { name, atMs: reviewedMs, vendors: null })
    assert.ok(answer.kind === 'retired', name)
    assert.deepEqual([answer.retirement.retiredOn, answer.retirement.successor], [retiredOn, successor])
  }
})

test('Kimi fixes its sampling, OpenAI’s reasoning models rename and fix theirs, Anthropic caps temperature', () => {
  const rulesOf = (name: string) => {
    const answer = resolve(catalog, { name, atMs: reviewedMs, vendors: null })
    assert.ok(answer.kind === 'found', name)
    return answer.model.rules
  }
  assert.deepEqual(rulesOf('kimi-k2')['temperature'], [
    { when: { 'thinking.type': ['"disabled"'] }, fixed: '0.6' },
    { fixed: '1' },
  ])
  assert.deepEqual(rulesOf('kimi-k2')['n'], [{ fixed: '1' }])
  assert.deepEqual(rulesOf('o3')['max_tokens'], [{ rename: 'max_completion_tokens' }])
  assert.deepEqual(rulesOf('gpt-5')['temperature'], [{ fixed: '1' }])
  assert.deepEqual(rulesOf('claude-haiku-4.5')['temperature'], [{ min: 0, max: 1 }])
  assert.deepEqual(rulesOf('gpt-4.1'), {})
})

test('mistyped names of real models find them', () => {
  const near = (name: string) =>
    nearestIds(catalog, { name, atMs: reviewedMs, vendors: null, also: [], countMax: 1 })[0]
  assert.equal(near('claude-sonet-4-6'), 'claude-sonnet-4-6')
  assert.equal(near('gpt-5.2-proo'), 'gpt-5.2-pro')
  assert.equal(near('gemini-3.6-flahs'), 'gemini-3.6-flash')
  assert.equal(near('kimi-k2-6'), 'kimi-k2.6')
})
