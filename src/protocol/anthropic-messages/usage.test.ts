import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UsageCase } from '#protocol/test-usage.ts'
import { knownOf } from '#protocol/test-usage.ts'
import { joinUsage, readUsage } from './usage.ts'

const cases: readonly UsageCase[] = [
  [
    'reads and writes of the cache stand beside the input',
    { input_tokens: 3, output_tokens: 33, cache_read_input_tokens: 1_111, cache_creation_input_tokens: 418 },
    { input: 1_532, output: 33, cachedInput: 1_111, cacheWrite: 418 },
  ],
  [
    'writes by lifetime',
    {
      input_tokens: 3,
      output_tokens: 33,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 418,
      cache_creation: { ephemeral_5m_input_tokens: 400, ephemeral_1h_input_tokens: 18 },
    },
    { input: 421, output: 33, cachedInput: 0, cacheWrite: 418, cacheWrite5m: 400, cacheWrite1h: 18 },
  ],
  [
    'lifetimes alone',
    { input_tokens: 1, output_tokens: 1, cache_creation: { ephemeral_1h_input_tokens: 9 } },
    { input: 10, output: 1, cacheWrite: 9, cacheWrite1h: 9 },
  ],
  [
    'thinking is within the output',
    { input_tokens: 4, output_tokens: 290, output_tokens_details: { thinking_tokens: 19 }, service_tier: 'standard' },
    { input: 4, output: 290, reasoning: 19, serviceTier: 'standard' },
  ],
  [
    'searches by the piece; fast mode is a tier',
    {
      input_tokens: 4,
      output_tokens: 9,
      server_tool_use: { web_search_requests: 3, web_fetch_requests: 1 },
      service_tier: 'standard',
      speed: 'fast',
    },
    { input: 4, output: 9, items: { web_search: 3 }, serviceTier: 'fast' },
  ],
  [
    'a compaction is billed though the top level leaves it out',
    {
      input_tokens: 181,
      output_tokens: 8,
      cache_read_input_tokens: 0,
      iterations: [
        { type: 'compaction', input_tokens: 100, output_tokens: 83, cache_read_input_tokens: 55_096 },
        { type: 'message', input_tokens: 181, output_tokens: 8, cache_read_input_tokens: 0 },
      ],
    },
    { input: 55_377, output: 91, cachedInput: 55_096 },
  ],
  [
    'an advisor is another model: its tokens are items',
    {
      input_tokens: 2_417,
      output_tokens: 133,
      iterations: [
        { type: 'message', input_tokens: 1_128, output_tokens: 121 },
        { type: 'advisor_message', model: 'other', input_tokens: 2_529, output_tokens: 38 },
        { type: 'message', input_tokens: 1_289, output_tokens: 12 },
      ],
    },
    { input: 2_417, output: 133, items: { advisor_input_tokens: 2_529, advisor_output_tokens: 38 } },
  ],
  [
    'output so far: the input is unknown, not zero',
    { output_tokens: 12, cache_read_input_tokens: 5 },
    { output: 12, cachedInput: 5 },
  ],
  ['nothing', {}, {}],
  ['below nothing', { input_tokens: -1, output_tokens: -7 }, {}],
]

describe('usage is read as the books see it', () => {
  for (const [name, block, expected] of cases) test(name, () => assert.deepEqual(knownOf(readUsage(block)), expected))
})

test('a stream tells the input first and the output last; servers that send 0 in the unused place lose nothing', () => {
  const start = { input_tokens: 25, output_tokens: 1, cache_creation: { ephemeral_5m_input_tokens: 7 } }
  const joined = joinUsage(start, {
    output_tokens: 15,
    input_tokens: 0,
    cache_creation: null,
    service_tier: 'priority',
  })
  assert.deepEqual(joined, {
    input_tokens: 25,
    output_tokens: 15,
    cache_creation: { ephemeral_5m_input_tokens: 7 },
    service_tier: 'priority',
  })
  assert.deepEqual(
    joinUsage({ input_tokens: 0 }, { input_tokens: 31, cache_creation: { ephemeral_1h_input_tokens: 2 } }),
    {
      input_tokens: 31,
      cache_creation: { ephemeral_1h_input_tokens: 2 },
    },
  )
})
