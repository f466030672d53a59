import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UsageCase } from '#protocol/test-usage.ts'
import { knownOf } from '#protocol/test-usage.ts'
import { readUsage, readUsageOf } from './usage.ts'

const cases: readonly UsageCase[] = [
  [
    'the cache and reasoning are within',
    {
      input_tokens: 109,
      output_tokens: 50,
      total_tokens: 159,
      input_tokens_details: { cached_tokens: 100, cache_write_tokens: 5 },
      output_tokens_details: { reasoning_tokens: 30 },
    },
    { input: 109, output: 50, cachedInput: 100, cacheWrite: 5, reasoning: 30 },
  ],
  [
    'tools that the usage tells',
    {
      input_tokens: 1,
      output_tokens: 1,
      server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 1, mcp_calls: 4 },
    },
    { input: 1, output: 1, items: { web_search: 2, x_search: 1 } },
  ],
]

describe('usage is read as the books see it', () => {
  for (const [name, block, expected] of cases) test(name, () => assert.deepEqual(knownOf(readUsage(block)), expected))
})

test('tools of the output are billed by the piece: searches, not pages opened; a container once', () => {
  const output = [
    { type: 'web_search_call', action: { type: 'search' } },
    { type: 'web_search_call', action: { type: 'open_page' } },
    { type: 'web_search_call' },
    { type: 'file_search_call' },
    { type: 'code_interpreter_call', container_id: 'a' },
    { type: 'code_interpreter_call', container_id: 'a' },
    { type: 'message' },
  ]
  const usage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 }
  const read = readUsageOf({ usage, output, service_tier: 'priority' })
  assert.deepEqual(read && knownOf(read), {
    input: 3,
    output: 4,
    items: { web_search: 2, file_search: 1, code_interpreter: 1 },
    serviceTier: 'priority',
  })
  const earlier = readUsageOf({ usage, output, tools: [{ type: 'web_search_preview_2025_03_11' }] })
  assert.deepEqual(earlier?.items, { web_search_preview: 2, file_search: 1, code_interpreter: 1 })
  assert.equal(readUsageOf({ usage: null, output }), null)
})
