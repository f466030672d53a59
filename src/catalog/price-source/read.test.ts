import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf } from '#catalog/load.ts'
import { nanoFigure, scales } from './figure.ts'
import { priceSources } from './index.ts'
import { proposalsOf } from './proposal.ts'

const page = { url: 'https://acme.example/', read: '2026-11-22' }
const moonshot = {
  vendor: 'moonshot',
  name: 'Moonshot',
  docs: page.url,
  sources: { page },
  models: [
    { id: 'kimi-x', other_ids: ['kimi-x-0101'], source: 'page' },
    { id: 'kimi-y', source: 'page' },
  ],
}
const catalog = catalogOf([{ name: 'moonshot.json', text: JSON.stringify(moonshot) }])

const read = (json: unknown, vendor: string | null = null) => {
  const source = priceSources.find(({ recognises }) => recognises(json))
  assert.ok(source !== undefined)
  const { proposals, skipped, unknown } = proposalsOf(source, { json, read: '2026-11-20', vendor }, catalog)
  const rows = proposals.map(({ row }) => {
    const { model, serviceTier, contextOverTokens, rates } = row
    const known = Object.entries(rates).filter(([, nano]) => nano !== null)
    return [model, serviceTier, contextOverTokens, Object.fromEntries(known)]
  })
  return { name: source.name, rows, skipped, unknown }
}

test('floats are read by their shortest decimal, exactly', () => {
  assert.equal(nanoFigure(2.5e-7, scales.usdPerToken), 250_000_000n)
  assert.equal(nanoFigure(1.5000000000000002e-7, scales.usdPerToken), 150_000_000n)
  assert.equal(nanoFigure(0.1 + 0.2, scales.usdPerMillion), 300_000_000n)
  assert.equal(nanoFigure('0.003625', scales.usdPerMillion), 3_625_000n)
  assert.equal(nanoFigure(0.00025, scales.centsPerToken), 2_500_000_000n)
  assert.equal(nanoFigure(0, scales.usdPerToken), 0n)
  assert.deepEqual(
    [-1, Number.NaN, null, 'x', 1e300].map((value) => nanoFigure(value, 9)),
    [null, null, null, null, null],
  )
})

test('genai-prices: cliffs, prices by date, and names by what they equal', () => {
  const json = [
    {
      id: 'moonshotai',
      models: [
        {
          id: 'kimi-x-new',
          match: { or: [{ equals: 'kimi-x-0101' }, { starts_with: 'k' }] },
          prices: { input_mtok: { base: 0.6, tiers: [{ start: 200000, price: 1.2 }] }, output_mtok: 2.5 },
        },
        {
          id: 'kimi-y',
          match: { equals: 'kimi-y' },
          prices: [
            { prices: { input_mtok: 1, output_mtok: 2 } },
            { constraint: { start_date: '2026-11-20' }, prices: { input_mtok: 3, output_mtok: 4 } },
            { constraint: { start_date: '2026-11-21' }, prices: { input_mtok: 5, output_mtok: 6 } },
          ],
        },
        { id: 'kimi-z', match: { equals: 'kimi-z' }, prices: { input_mtok: 9 } },
      ],
    },
  ]
  assert.deepEqual(read(json), {
    name: 'genai-prices',
    rows: [
      ['kimi-x', 'default', null, { input: 600_000_000n, output: 2_500_000_000n }],
      ['kimi-x', 'default', 200_000, { input: 1_200_000_000n, output: 2_500_000_000n }],
      ['kimi-y', 'default', null, { input: 3_000_000_000n, output: 4_000_000_000n }],
    ],
    skipped: [],
    unknown: ['moonshotai/kimi-z'],
  })
})

test('models.dev: cliffs of both shapes', () => {
  const cost = {
    input: 0.6,
    output: 2.5,
    cache_read: 0.15,
    tiers: [{ tier: { size: 100000 }, input: 1.2 }],
    context_over_200k: { input: 2.4 },
  }
  const { name, rows } = read({ moonshotai: { models: { 'kimi-x': { cost } } }, other: { models: {} } })
  assert.equal(name, 'models.dev')
  const others = { cachedInput: 150_000_000n, output: 2_500_000_000n }
  assert.deepEqual(rows, [
    ['kimi-x', 'default', null, { input: 600_000_000n, ...others }],
    ['kimi-x', 'default', 100_000, { input: 1_200_000_000n, ...others }],
    ['kimi-x', 'default', 200_000, { input: 2_400_000_000n, ...others }],
  ])
})

test('LiteLLM: steps and tiers stand in the names of fields', () => {
  const entry = {
    litellm_provider: 'moonshot',
    input_cost_per_token: 6e-7,
    output_cost_per_token: 2.5e-6,
    cache_creation_input_token_cost_above_1hr: 1.2e-6,
    input_cost_per_token_above_200k_tokens: 1.2e-6,
    input_cost_per_token_batches: 3e-7,
    output_cost_per_token_batches: 1.25e-6,
  }
  const { name, rows } = read({ 'moonshot/kimi-x': entry, sample_spec: { input_cost_per_token: 0 } })
  assert.equal(name, 'litellm')
  assert.deepEqual(rows, [
    ['kimi-x', 'default', null, { input: 600_000_000n, cacheWrite1h: 1_200_000_000n, output: 2_500_000_000n }],
    ['kimi-x', 'default', 200_000, { input: 1_200_000_000n, cacheWrite1h: 1_200_000_000n, output: 2_500_000_000n }],
    ['kimi-x', 'batch', null, { input: 300_000_000n, output: 1_250_000_000n }],
  ])
})

test('Portkey: cents a token, one vendor a file, and its default of 0 is nobody’s price', () => {
  const config = (price: number) => ({ pricing_config: { pay_as_you_go: { request_token: { price } } } })
  const json = { default: config(0), 'kimi-x': config(0.00006) }
  assert.deepEqual(read(json, 'moonshot').rows, [['kimi-x', 'default', null, { input: 600_000_000n }]])
  assert.deepEqual(read(json).rows, [])
  assert.match(read(json).skipped[0] ?? '', /--vendor/)
})
