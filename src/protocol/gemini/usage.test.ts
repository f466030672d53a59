import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UsageCase } from '#protocol/test-usage.ts'
import { knownOf } from '#protocol/test-usage.ts'
import { readUsage } from './usage.ts'

const cases: readonly UsageCase[] = [
  [
    'thinking is output, and stands beside the candidates',
    { promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 40, totalTokenCount: 55 },
    { input: 10, output: 45, reasoning: 40 },
  ],
  [
    'what tools read is input, and stands beside the prompt',
    {
      promptTokenCount: 17,
      candidatesTokenCount: 201,
      thoughtsTokenCount: 213,
      toolUsePromptTokenCount: 119,
      totalTokenCount: 550,
    },
    { input: 136, output: 414, reasoning: 213 },
  ],
  [
    'the cache is within the prompt, by modality',
    {
      promptTokenCount: 17_713,
      cachedContentTokenCount: 17_379,
      candidatesTokenCount: 68,
      totalTokenCount: 17_781,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 16 },
        { modality: 'VIDEO', tokenCount: 15_780 },
        { modality: 'AUDIO', tokenCount: 1_917 },
      ],
      cacheTokensDetails: [
        { modality: 'AUDIO', tokenCount: 1_881 },
        { modality: 'VIDEO', tokenCount: 15_483 },
      ],
    },
    { input: 17_713, output: 68, cachedInput: 17_379, cachedAudioInput: 1_881, audioInput: 36 },
  ],
  [
    'pictures made',
    {
      promptTokenCount: 10,
      candidatesTokenCount: 1_304,
      totalTokenCount: 1_314,
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_290 }],
    },
    { input: 10, output: 1_304, imageOutput: 1_290 },
  ],
  [
    'thinking that only the total tells',
    { promptTokenCount: 66, candidatesTokenCount: 6, totalTokenCount: 100 },
    { input: 66, output: 34 },
  ],
  ['nothing came of it', { promptTokenCount: 7, totalTokenCount: 7 }, { input: 7, output: 0 }],
  ['vectors', { promptTokenCount: 7 }, { input: 7 }],
  [
    'the tier served, on the API',
    { promptTokenCount: 1, candidatesTokenCount: 1, serviceTier: 'STANDARD' },
    { input: 1, output: 1, serviceTier: 'standard' },
  ],
  [
    'the tier served, on Vertex',
    { promptTokenCount: 1, candidatesTokenCount: 1, trafficType: 'ON_DEMAND_FLEX' },
    { input: 1, output: 1, serviceTier: 'flex' },
  ],
]

describe('usage is read as the books see it', () => {
  for (const [name, block, expected] of cases) test(name, () => assert.deepEqual(knownOf(readUsage(block)), expected))
})
