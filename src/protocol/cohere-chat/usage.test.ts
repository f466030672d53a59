import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UsageCase } from '#protocol/test-usage.ts'
import { knownOf } from '#protocol/test-usage.ts'
import { readUsage } from './usage.ts'

const cases: readonly UsageCase[] = [
  [
    'what is billed counts, not what the model read',
    {
      billed_units: { input_tokens: 41, output_tokens: 28 },
      tokens: { input_tokens: 1_442, output_tokens: 29, reasoning_tokens: 5 },
      cached_tokens: 1_040,
    },
    { input: 41, output: 28, reasoning: 5 },
  ],
  [
    'tokens where nothing is billed by unit',
    { tokens: { input_tokens: 12, output_tokens: 3 }, cached_tokens: 4 },
    { input: 12, output: 3, cachedInput: 4 },
  ],
  ['pictures read', { billed_units: { input_tokens: 4, image_tokens: 60 } }, { input: 64, imageInput: 60 }],
  ['by the piece', { billed_units: { search_units: 2, classifications: 0 } }, { items: { search_units: 2 } }],
  ['nothing', {}, {}],
]

describe('usage is read as the books see it', () => {
  for (const [name, block, expected] of cases) test(name, () => assert.deepEqual(knownOf(readUsage(block)), expected))
})
