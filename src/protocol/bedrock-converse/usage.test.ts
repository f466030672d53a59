import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UsageCase } from '#protocol/test-usage.ts'
import { knownOf } from '#protocol/test-usage.ts'
import { readUsage, readUsageOf } from './usage.ts'

const cases: readonly UsageCase[] = [
  ['plain', { inputTokens: 22, outputTokens: 13, totalTokens: 35 }, { input: 22, output: 13 }],
  [
    'the cache stands beside the input; old and new names tell the same',
    {
      inputTokens: 22,
      outputTokens: 13,
      totalTokens: 2_527,
      cacheReadInputTokens: 2_492,
      cacheReadInputTokenCount: 2_492,
      cacheWriteInputTokens: 0,
      cacheWriteInputTokenCount: 0,
    },
    { input: 2_514, output: 13, cachedInput: 2_492, cacheWrite: 0 },
  ],
  [
    'the older names alone',
    { inputTokens: 1, outputTokens: 2, cacheReadInputTokenCount: 3, cacheWriteInputTokenCount: 4 },
    { input: 8, output: 2, cachedInput: 3, cacheWrite: 4 },
  ],
  [
    'writes by lifetime',
    {
      inputTokens: 3,
      outputTokens: 288,
      cacheWriteInputTokens: 2_074,
      cacheDetails: [
        { ttl: '5m', inputTokens: 2_000 },
        { ttl: '1h', inputTokens: 74 },
      ],
    },
    { input: 2_077, output: 288, cacheWrite: 2_074, cacheWrite5m: 2_000, cacheWrite1h: 74 },
  ],
]

describe('usage is read as the books see it', () => {
  for (const [name, block, expected] of cases) test(name, () => assert.deepEqual(knownOf(readUsage(block)), expected))
})

test('the tier stands beside the usage; no usage is none', () => {
  const usage = { inputTokens: 1, outputTokens: 2 }
  const read = readUsageOf({ usage, serviceTier: { type: 'flex' } })
  assert.deepEqual(read && knownOf(read), { input: 1, output: 2, serviceTier: 'flex' })
  assert.equal(readUsageOf({ usage: null }), null)
})
