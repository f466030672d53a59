import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { findUsage, readUsage, readUsageOf, usageJson } from './usage.ts'

type Case = readonly [name: string, usage: JsonObject, expected: Partial<Usage>]

const cases: readonly Case[] = [
  ['as OpenAI counts', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, { input: 10, output: 5 }],
  [
    'reasoning within the output',
    { prompt_tokens: 10, completion_tokens: 50, total_tokens: 60, completion_tokens_details: { reasoning_tokens: 40 } },
    { input: 10, output: 50, reasoning: 40 },
  ],
  [
    'reasoning beside the output',
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 55, completion_tokens_details: { reasoning_tokens: 40 } },
    { input: 10, output: 45, reasoning: 40 },
  ],
  [
    'more reasoning than output: never the sum',
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, completion_tokens_details: { reasoning_tokens: 40 } },
    { input: 10, output: 40, reasoning: 40 },
  ],
  [
    'sound beside the input',
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 90, prompt_tokens_details: { audio_tokens: 75 } },
    { input: 85, output: 5, audioInput: 75 },
  ],
  [
    'reasoning and sound beside',
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 93,
      prompt_tokens_details: { audio_tokens: 75 },
      completion_tokens_details: { reasoning_tokens: 3 },
    },
    { input: 85, output: 8, audioInput: 75, reasoning: 3 },
  ],
  [
    'a rest that nothing explains',
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 40 },
    { input: 10, output: 30 },
  ],
  [
    'cache reads and writes beside the input',
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 315,
      cache_read_input_tokens: 200,
      cache_creation_input_tokens: 100,
    },
    { input: 310, output: 5, cachedInput: 200, cacheWrite: 100 },
  ],
  [
    'cache reads beside the input, without a total',
    { prompt_tokens: 10, completion_tokens: 5, cache_read_input_tokens: 200 },
    { input: 210, output: 5, cachedInput: 200 },
  ],
  [
    'cache writes by lifetime',
    {
      prompt_tokens: 100,
      completion_tokens: 5,
      total_tokens: 105,
      prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 60 },
      cache_creation: { ephemeral_5m_input_tokens: 40, ephemeral_1h_input_tokens: 20 },
    },
    { input: 100, output: 5, cachedInput: 10, cacheWrite: 60, cacheWrite5m: 40, cacheWrite1h: 20 },
  ],
  [
    'the cache of Kimi',
    { prompt_tokens: 9, completion_tokens: 1, cached_tokens: 8 },
    { input: 9, output: 1, cachedInput: 8 },
  ],
  [
    'the cache of DeepSeek',
    { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 1 },
    { input: 9, output: 1, cachedInput: 8 },
  ],
  [
    'an old name beside a new one that is 0',
    { prompt_tokens: 9, completion_tokens: 1, cached_tokens: 8, prompt_tokens_details: { cached_tokens: 0 } },
    { input: 9, output: 1, cachedInput: 8 },
  ],
  ['null details', { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: null }, { input: 9, output: 1 }],
  ['vectors', { prompt_tokens: 6, total_tokens: 6 }, { input: 6, output: 0 }],
  ['a total alone', { total_tokens: 43 }, { input: 43, output: 0 }],
  ['output and a total', { completion_tokens: 3, total_tokens: 10 }, { input: 7, output: 3 }],
  ['input so far', { prompt_tokens: 6, completion_tokens: null, total_tokens: null }, { input: 6 }],
  ['nothing', { prompt_tokens: null }, {}],
  ['below nothing', { prompt_tokens: -1, completion_tokens: -1 }, {}],
  ['no counts', { prompt_tokens: '9', completion_tokens: 1.5, total_tokens: 1e300 }, {}],
  [
    'images',
    {
      input_tokens: 14,
      output_tokens: 272,
      total_tokens: 286,
      input_tokens_details: { image_tokens: 4, text_tokens: 10 },
      output_tokens_details: { image_tokens: 272 },
    },
    { input: 14, output: 272, imageInput: 4, imageOutput: 272 },
  ],
  ['seconds begun', { type: 'duration', seconds: 6.1 }, { items: { seconds: 7 } }],
  [
    'the fee of a call that always searches, by what the model reads of it',
    { prompt_tokens: 27, completion_tokens: 93, total_tokens: 120, search_context_size: 'low' },
    { input: 27, output: 93, items: { search_context_low: 1 } },
  ],
  ['search units', { search_units: 2 }, { items: { search_units: 2 } }],
  [
    'searches of the server',
    { prompt_tokens: 1, completion_tokens: 1, server_tool_use_details: { web_search_requests: 3 } },
    { input: 1, output: 1, items: { web_search: 3 } },
  ],
  [
    'the tier',
    { prompt_tokens: 1, completion_tokens: 1, service_tier: 'flex' },
    { input: 1, output: 1, serviceTier: 'flex' },
  ],
]

const known = (usage: Usage): Partial<Usage> =>
  Object.fromEntries(Object.entries(usage).filter(([name, value]) => value !== null && name !== 'source'))

describe('usage is read as the books see it', () => {
  for (const [name, usage, expected] of cases) test(name, () => assert.deepEqual(known(readUsage(usage)), expected))
})

test('usage is found wherever it stands, and null is none', () => {
  const block = { prompt_tokens: 1, completion_tokens: 2 }
  assert.deepEqual(findUsage({ usage: block }), block)
  assert.deepEqual(findUsage({ usage: null, x_groq: { usage: block } }), block)
  assert.deepEqual(findUsage({ choices: [{ usage: block }] }), block)
  assert.deepEqual(findUsage({ meta: { billed_units: { search_units: 1 } } }), { search_units: 1 })
  assert.equal(findUsage({ usage: null, choices: [{ delta: {} }] }), null)
  assert.equal(findUsage({ usage: [1], choices: 'none' }), null)
})

test('the tier may stand beside the usage', () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1 }
  assert.equal(readUsageOf({ service_tier: 'priority' }, usage).serviceTier, 'priority')
  assert.equal(readUsageOf({ service_tier: 'priority' }, { ...usage, service_tier: 'flex' }).serviceTier, 'flex')
})

const count = fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.constant(null), fc.double(), fc.constant(-1))

test('no figure is ever negative, fractional or over the safe integers, and parts are within their wholes', () => {
  const usage = fc.record({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    cached_tokens: count,
    prompt_tokens_details: fc.record({ cached_tokens: count, audio_tokens: count, cache_write_tokens: count }),
    completion_tokens_details: fc.record({ reasoning_tokens: count }),
  })
  fc.assert(
    fc.property(usage, (block) => {
      const read = readUsage(block)
      for (const figure of [read.input, read.output, read.cachedInput, read.reasoning, read.cacheWrite])
        assert.ok(figure === null || (Number.isSafeInteger(figure) && figure >= 0), String(figure))
      if (read.output !== null && read.input !== null) assert.ok(read.output >= (read.reasoning ?? 0))
    }),
    { numRuns: 500 },
  )
})

test('usage is written in the shape of the format, and not at all where a figure is unknown', () => {
  const raw = { prompt_tokens: 1, completion_tokens: 2, odd: true }
  assert.equal(usageJson(readUsage(raw), raw), raw)
  const foreign = readUsage({ input_tokens: 5, output_tokens: 7, output_tokens_details: { reasoning_tokens: 3 } })
  assert.deepEqual(usageJson(foreign, { input_tokens: 5 }), {
    prompt_tokens: 5,
    completion_tokens: 7,
    total_tokens: 12,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 3 },
  })
  assert.equal(usageJson(readUsage({ prompt_tokens: 5 }), {}), null)
})
