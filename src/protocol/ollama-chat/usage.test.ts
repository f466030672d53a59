import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UsageCase } from '#protocol/test-usage.ts'
import { knownOf } from '#protocol/test-usage.ts'
import { readUsage } from './usage.ts'

const cases: readonly UsageCase[] = [
  ['counts', { done: true, prompt_eval_count: 26, eval_count: 298 }, { input: 26, output: 298 }],
  ['a prompt still in memory is unknown, not zero', { done: true, eval_count: 298 }, { output: 298 }],
  ['vectors', { embeddings: [[1]], prompt_eval_count: 8 }, { input: 8, output: 0 }],
]

describe('usage is read as the books see it', () => {
  for (const [name, block, expected] of cases) test(name, () => assert.deepEqual(knownOf(readUsage(block)), expected))
})
