/**
 * Golden costs: usage of every provider as it was seen, and what it comes to under a price row, worked out by hand from the row's
 * own figures. The test holds the code against them; the page in docs/reference prints them. Figures only: no answer is kept.
 */

import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { readUsage as anthropic } from '#protocol/anthropic-messages/usage.ts'
import { readUsage as bedrock } from '#protocol/bedrock-converse/usage.ts'
import { readUsage as cohere } from '#protocol/cohere-chat/usage.ts'
import { readUsage as gemini } from '#protocol/gemini/usage.ts'
import { readUsage as openai } from '#protocol/openai/usage.ts'
import { readUsage as responses } from '#protocol/openai-responses/usage.ts'

/**
 * `[item, count, price as the row says it, product]`: of tokens the price is of a million and the product count x price, in
 * millionths of the currency; of pieces (`each`) the price is of one, and the product a million times as much.
 */
export type GoldenLine = readonly [item: string, count: number, price: string, product: string, per?: 'each']

export type GoldenCost = {
  readonly name: string
  readonly read: (usage: JsonObject) => Usage
  readonly usage: JsonObject
  /** Vendor and model of the shipped catalog; or a row that is none of the catalog's, by its rates. */
  readonly priced:
    | { readonly vendor: string; readonly model: string }
    | { readonly rates: Readonly<Record<string, string>> }
  readonly at: string
  readonly currency: 'USD' | 'CNY'
  /** For yuan: the rate of the day. */
  readonly perUsd?: string
  readonly lines: readonly GoldenLine[]
  /** The sum of the products, in millionths. */
  readonly sum: string
  readonly nanoUsd: string
  readonly note?: string
}

const november = '2026-11-22T12:00:00Z'
const deepseek = {
  read: openai,
  usage: {
    prompt_tokens: 563,
    completion_tokens: 116,
    total_tokens: 679,
    prompt_cache_hit_tokens: 512,
    prompt_cache_miss_tokens: 51,
    completion_tokens_details: { reasoning_tokens: 60 },
  },
  currency: 'USD',
} as const
const kimi = {
  read: openai,
  usage: {
    prompt_tokens: 94,
    completion_tokens: 1_661,
    total_tokens: 1_755,
    cached_tokens: 94,
    completion_tokens_details: { reasoning_tokens: 1_264 },
  },
  at: november,
} as const

export const goldenCosts: readonly GoldenCost[] = [
  {
    name: 'OpenAI, reasoning within the output',
    read: openai,
    usage: {
      prompt_tokens: 156,
      completion_tokens: 561,
      total_tokens: 717,
      prompt_tokens_details: { audio_tokens: 0, cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 512, audio_tokens: 0 },
    },
    priced: { vendor: 'openai', model: 'gpt-5-mini' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 156, '0.25', '39'],
      ['output', 49, '2', '98'],
      ['reasoning', 512, '2', '1024'],
    ],
    sum: '1161',
    nanoUsd: '1161000',
  },
  {
    name: 'OpenAI, sound in the input',
    read: openai,
    usage: {
      prompt_tokens: 81,
      completion_tokens: 72,
      total_tokens: 153,
      prompt_tokens_details: { audio_tokens: 69, cached_tokens: 0, image_tokens: 0, text_tokens: 12 },
      completion_tokens_details: { audio_tokens: 0, reasoning_tokens: 0, text_tokens: 72 },
    },
    priced: { vendor: 'openai', model: 'gpt-4o-audio-preview' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 12, '2.5', '30'],
      ['audio input', 69, '40', '2760'],
      ['output', 72, '10', '720'],
    ],
    sum: '3510',
    nanoUsd: '3510000',
  },
  {
    name: 'Anthropic, cache reads and writes beside the input',
    read: anthropic,
    usage: {
      input_tokens: 3,
      output_tokens: 33,
      cache_read_input_tokens: 1_111,
      cache_creation_input_tokens: 418,
      cache_creation: { ephemeral_5m_input_tokens: 418, ephemeral_1h_input_tokens: 0 },
      service_tier: 'standard',
    },
    priced: { vendor: 'anthropic', model: 'claude-sonnet-4-5' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 3, '3', '9'],
      ['cached input', 1_111, '0.3', '333.3'],
      ['cache write', 418, '3.75', '1567.5'],
      ['output', 33, '15', '495'],
    ],
    sum: '2404.8',
    nanoUsd: '2404800',
  },
  {
    name: 'Anthropic, searches by the piece',
    read: anthropic,
    usage: { input_tokens: 105, output_tokens: 6_039, server_tool_use: { web_search_requests: 3 } },
    priced: { vendor: 'anthropic', model: 'claude-sonnet-4-5' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 105, '3', '315'],
      ['output', 6_039, '15', '90585'],
      ['web_search', 3, '0.01', '30000', 'each'],
    ],
    sum: '120900',
    nanoUsd: '120900000',
  },
  {
    name: 'Perplexity, a fee for each call by the size of its search context',
    read: openai,
    usage: { prompt_tokens: 27, completion_tokens: 93, total_tokens: 120, search_context_size: 'low' },
    priced: { vendor: 'perplexity', model: 'sonar' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 27, '1', '27'],
      ['output', 93, '1', '93'],
      ['search_context_low', 1, '0.005', '5000', 'each'],
    ],
    sum: '5120',
    nanoUsd: '5120000',
    note: 'what Perplexity itself says of the call: 0.00512',
  },
  {
    name: 'xAI, tools of the Responses API and of Live Search by the piece',
    read: responses,
    usage: {
      input_tokens: 1_000,
      output_tokens: 200,
      total_tokens: 1_200,
      num_sources_used: 4,
      server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 1, code_interpreter_calls: 0 },
    },
    priced: { vendor: 'xai', model: 'grok-4.3' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 1_000, '1.25', '1250'],
      ['output', 200, '2.5', '500'],
      ['search_sources', 4, '0.025', '100000', 'each'],
      ['web_search', 2, '0.005', '10000', 'each'],
      ['x_search', 1, '0.005', '5000', 'each'],
    ],
    sum: '116750',
    nanoUsd: '116750000',
  },
  {
    name: 'Bedrock, writes by lifetime',
    read: bedrock,
    usage: {
      inputTokens: 3,
      outputTokens: 288,
      totalTokens: 2_365,
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 2_074,
      cacheDetails: [{ ttl: '5m', inputTokens: 2_074 }],
    },
    priced: { rates: { input: '3.3', cachedInput: '0.33', cacheWrite5m: '4.125', output: '16.5' } },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 3, '3.3', '9.9'],
      ['cache write', 2_074, '4.125', '8555.25'],
      ['output', 288, '16.5', '4752'],
    ],
    sum: '13317.15',
    nanoUsd: '13317150',
    note: 'a row of an operator: a region’s price, a tenth above the maker’s',
  },
  {
    name: 'Gemini, a film mostly from the cache, its sound apart',
    read: gemini,
    usage: {
      promptTokenCount: 17_713,
      cachedContentTokenCount: 17_379,
      candidatesTokenCount: 68,
      thoughtsTokenCount: 821,
      totalTokenCount: 18_602,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 16 },
        { modality: 'VIDEO', tokenCount: 15_780 },
        { modality: 'AUDIO', tokenCount: 1_917 },
      ],
      cacheTokensDetails: [
        { modality: 'AUDIO', tokenCount: 1_881 },
        { modality: 'TEXT', tokenCount: 15 },
        { modality: 'VIDEO', tokenCount: 15_483 },
      ],
    },
    priced: { vendor: 'gemini', model: 'gemini-2.5-flash' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 298, '0.3', '89.4'],
      ['cached audio input', 1_881, '0.1', '188.1'],
      ['cached input', 15_498, '0.03', '464.94'],
      ['audio input', 36, '1', '36'],
      ['output', 68, '2.5', '170'],
      ['reasoning', 821, '2.5', '2052.5'],
    ],
    sum: '3000.94',
    nanoUsd: '3000940',
  },
  {
    name: 'Gemini, what tools read is input',
    read: gemini,
    usage: {
      promptTokenCount: 17,
      candidatesTokenCount: 201,
      thoughtsTokenCount: 213,
      toolUsePromptTokenCount: 119,
      totalTokenCount: 550,
    },
    priced: { vendor: 'gemini', model: 'gemini-2.5-pro' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 136, '1.25', '170'],
      ['output', 201, '10', '2010'],
      ['reasoning', 213, '10', '2130'],
    ],
    sum: '4310',
    nanoUsd: '4310000',
  },
  {
    name: 'Gemini, a picture made',
    read: gemini,
    usage: {
      promptTokenCount: 10,
      candidatesTokenCount: 1_304,
      totalTokenCount: 1_314,
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_290 }],
    },
    priced: { vendor: 'gemini', model: 'gemini-2.5-flash-image' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 10, '0.3', '3'],
      ['output', 14, '2.5', '35'],
      ['image output', 1_290, '30', '38700'],
    ],
    sum: '38738',
    nanoUsd: '38738000',
  },
  {
    ...deepseek,
    name: 'DeepSeek, at its peak: a Monday, 02:00 UTC',
    priced: { vendor: 'deepseek', model: 'deepseek-v4-flash' },
    at: '2026-09-07T02:00:00Z',
    lines: [
      ['input', 51, '0.44', '22.44'],
      ['cached input', 512, '0.014', '7.168'],
      ['output', 56, '1.32', '73.92'],
      ['reasoning', 60, '1.32', '79.2'],
    ],
    sum: '182.728',
    nanoUsd: '182728',
  },
  {
    ...deepseek,
    name: 'DeepSeek, the same on the Sunday before',
    priced: { vendor: 'deepseek', model: 'deepseek-v4-flash' },
    at: '2026-09-06T02:00:00Z',
    lines: [
      ['input', 51, '0.22', '11.22'],
      ['cached input', 512, '0.007', '3.584'],
      ['output', 56, '0.66', '36.96'],
      ['reasoning', 60, '0.66', '39.6'],
    ],
    sum: '91.364',
    nanoUsd: '91364',
  },
  {
    ...deepseek,
    name: 'DeepSeek, the dearer model on a Friday that is a holiday',
    priced: { vendor: 'deepseek', model: 'deepseek-v4-pro' },
    at: '2026-09-25T02:00:00Z',
    lines: [
      ['input', 51, '0.66', '33.66'],
      ['cached input', 512, '0.022', '11.264'],
      ['output', 56, '1.98', '110.88'],
      ['reasoning', 60, '1.98', '118.8'],
    ],
    sum: '274.604',
    nanoUsd: '274604',
    note: 'the Mid-Autumn Festival',
  },
  {
    ...kimi,
    name: 'Moonshot, all of the input from the cache',
    priced: { vendor: 'moonshot', model: 'kimi-k3' },
    currency: 'USD',
    lines: [
      ['cached input', 94, '0.3', '28.2'],
      ['output', 397, '15', '5955'],
      ['reasoning', 1_264, '15', '18960'],
    ],
    sum: '24943.2',
    nanoUsd: '24943200',
  },
  {
    ...kimi,
    name: 'Moonshot, the same by its list in yuan',
    priced: { vendor: 'moonshot', model: 'kimi-k3' },
    currency: 'CNY',
    perUsd: '6.7758',
    lines: [
      ['cached input', 94, '2', '188'],
      ['output', 397, '100', '39700'],
      ['reasoning', 1_264, '100', '126400'],
    ],
    sum: '166288',
    nanoUsd: '24541456',
    note: '0.166288 yuan / 6.7758 = 0.0245414563… dollars',
  },
  {
    name: 'xAI, reasoning beside the output',
    read: openai,
    usage: {
      prompt_tokens: 670,
      completion_tokens: 25,
      total_tokens: 739,
      prompt_tokens_details: { text_tokens: 670, audio_tokens: 0, image_tokens: 0, cached_tokens: 618 },
      completion_tokens_details: { reasoning_tokens: 44, audio_tokens: 0 },
    },
    priced: { vendor: 'xai', model: 'grok-4-fast-reasoning' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 52, '0.2', '10.4'],
      ['cached input', 618, '0.05', '30.9'],
      ['output', 25, '0.5', '12.5'],
      ['reasoning', 44, '0.5', '22'],
    ],
    sum: '75.8',
    nanoUsd: '75800',
    note: 'xAI’s own figure in the same answer: 758,000 ticks of 0.0000000001 dollars',
  },
  {
    name: 'xAI, another model',
    read: openai,
    usage: {
      prompt_tokens: 470,
      completion_tokens: 68,
      total_tokens: 723,
      prompt_tokens_details: { text_tokens: 470, cached_tokens: 192 },
      completion_tokens_details: { reasoning_tokens: 185 },
    },
    priced: { vendor: 'xai', model: 'grok-code-fast-1' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 278, '0.2', '55.6'],
      ['cached input', 192, '0.02', '3.84'],
      ['output', 68, '1.5', '102'],
      ['reasoning', 185, '1.5', '277.5'],
    ],
    sum: '438.94',
    nanoUsd: '438940',
    note: 'xAI’s own figure in the same answer: 4,389,400 ticks',
  },
  {
    name: 'Mistral, the cache under a name of its own',
    read: openai,
    usage: { prompt_tokens: 70, completion_tokens: 12, total_tokens: 82, num_cached_tokens: 69 },
    priced: { vendor: 'mistral', model: 'mistral-large-2512' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 1, '0.5', '0.5'],
      ['cached input', 69, '0.05', '3.45'],
      ['output', 12, '1.5', '18'],
    ],
    sum: '21.95',
    nanoUsd: '21950',
  },
  {
    name: 'Groq, nearly all of the input from the cache',
    read: openai,
    usage: {
      prompt_tokens: 1_795,
      completion_tokens: 16,
      total_tokens: 1_811,
      prompt_tokens_details: { cached_tokens: 1_792 },
      completion_tokens_details: { reasoning_tokens: 14 },
    },
    priced: { vendor: 'groq', model: 'openai/gpt-oss-20b' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 3, '0.075', '0.225'],
      ['cached input', 1_792, '0.0375', '67.2'],
      ['output', 2, '0.3', '0.6'],
      ['reasoning', 14, '0.3', '4.2'],
    ],
    sum: '72.225',
    nanoUsd: '72225',
  },
  {
    name: 'Zhipu',
    read: openai,
    usage: {
      prompt_tokens: 13,
      completion_tokens: 369,
      total_tokens: 382,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 366 },
    },
    priced: { vendor: 'zhipu', model: 'glm-4.7' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 13, '0.6', '7.8'],
      ['output', 3, '2.2', '6.6'],
      ['reasoning', 366, '2.2', '805.2'],
    ],
    sum: '819.6',
    nanoUsd: '819600',
  },
  {
    name: 'Cohere, what is billed and not what was read',
    read: cohere,
    usage: {
      billed_units: { input_tokens: 41, output_tokens: 28 },
      tokens: { input_tokens: 1_442, output_tokens: 29 },
      cached_tokens: 1_040,
    },
    priced: { vendor: 'cohere', model: 'command-a-03-2025' },
    at: november,
    currency: 'USD',
    lines: [
      ['input', 41, '2.5', '102.5'],
      ['output', 28, '10', '280'],
    ],
    sum: '382.5',
    nanoUsd: '382500',
  },
  {
    name: 'Voyage AI, a total alone',
    read: openai,
    usage: { total_tokens: 3 },
    priced: { vendor: 'voyageai', model: 'voyage-3.5' },
    at: november,
    currency: 'USD',
    lines: [['input', 3, '0.06', '0.18']],
    sum: '0.18',
    nanoUsd: '180',
  },
]
