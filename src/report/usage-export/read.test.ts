// The samples are written by hand from the providers' documentation; see each reader for its page and date.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nanoOfNumber } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import { readUsageExport } from './read.ts'

const openaiPage = JSON.stringify({
  object: 'page',
  has_more: false,
  next_page: null,
  data: [
    {
      object: 'bucket',
      start_time: 1_763_942_400,
      end_time: 1_764_028_800,
      results: [
        {
          object: 'organization.usage.completions.result',
          input_tokens: 1000,
          input_cached_tokens: 800,
          input_cache_write_tokens: 50,
          output_tokens: 500,
          num_model_requests: 5,
          project_id: 'proj_a',
          api_key_id: 'key_a',
          model: 'gpt-5.4',
          batch: false,
          service_tier: 'default',
        },
        {
          object: 'organization.usage.completions.result',
          input_tokens: 7,
          output_tokens: 3,
          model: null,
          batch: true,
        },
      ],
    },
  ],
})

test('OpenAI: input includes what was cached; what the bucket does not say is unknown', () => {
  const { title, rows } = readUsageExport(openaiPage, 'usage.json')
  assert.match(title, /OpenAI/)
  const [first, second] = rows
  assert.deepEqual(
    { ...first },
    {
      vendor: 'openai',
      provider: null,
      startMs: 1_763_942_400_000,
      endMs: 1_764_028_800_000,
      day: '2025-11-24',
      model: 'gpt-5.4',
      project: 'proj_a',
      key: 'key_a',
      serviceTier: 'default',
      calls: 5,
      input: 1000,
      cachedInput: 800,
      cacheWrite: 50,
      cacheWrite5m: null,
      cacheWrite1h: null,
      output: 500,
      reasoning: null,
      costNanoUsd: null,
      callSite: null,
      tags: [],
      failed: null,
      durationMs: null,
      ttftMs: null,
    },
  )
  assert.equal(second?.cachedInput, null)
  assert.equal(second?.calls, null)
  assert.equal(second?.serviceTier, 'batch')
})

test('OpenAI costs: dollars to the digit, the model before the comma', () => {
  const text =
    '{"object":"page","data":[{"object":"bucket","start_time":1763942400,"end_time":1764028800,"results":[' +
    '{"object":"organization.costs.result","amount":{"value":0.0600000000000000001,"currency":"usd"},"line_item":"gpt-5.4, cached input","project_id":"proj_a"},' +
    '{"object":"organization.costs.result","amount":{"value":1.5e-7,"currency":"usd"},"line_item":null,"project_id":null},' +
    '{"object":"organization.costs.result","amount":{"value":3,"currency":"eur"},"line_item":null,"project_id":null}]}],"has_more":true}'
  const { rows, incomplete } = readUsageExport(text, 'costs.json')
  assert.deepEqual(
    rows.map(({ model, costNanoUsd, input }) => ({ model, costNanoUsd, input })),
    [
      { model: 'gpt-5.4', costNanoUsd: 60_000_000n, input: null },
      { model: null, costNanoUsd: 150n, input: null },
      { model: null, costNanoUsd: null, input: null },
    ],
  )
  assert.equal(incomplete, true)
})

const anthropicBucket = (results: readonly object[]) => ({
  data: [{ starting_at: '2026-11-20T00:00:00Z', ending_at: '2026-11-21T00:00:00Z', results }],
  has_more: false,
  next_page: null,
})

test('Anthropic: the input is what was not cached plus what was read and written', () => {
  const usage = {
    uncached_input_tokens: 1500,
    cache_creation: { ephemeral_1h_input_tokens: 1000, ephemeral_5m_input_tokens: 500 },
    cache_read_input_tokens: 200,
    output_tokens: 500,
    server_tool_use: { web_search_requests: 10 },
    api_key_id: 'apikey_1',
    workspace_id: 'wrkspc_1',
    model: 'claude-opus-4-6',
    service_tier: 'standard',
    context_window: '0-200k',
  }
  const [row] = readUsageExport(JSON.stringify(anthropicBucket([usage])), 'usage.json').rows
  assert.equal(row?.input, 3200)
  assert.equal(row?.cachedInput, 200)
  assert.equal(row?.cacheWrite, 1500)
  assert.equal(row?.cacheWrite1h, 1000)
  assert.equal(row?.day, '2026-11-20')
  assert.equal(row?.project, 'wrkspc_1')
  assert.equal(row?.calls, null)
})

test('Anthropic costs are cents with fractions', () => {
  const cost = {
    currency: 'USD',
    amount: '123.78912',
    workspace_id: null,
    model: 'claude-opus-4-6',
    cost_type: 'tokens',
  }
  const [row] = readUsageExport(JSON.stringify(anthropicBucket([cost])), 'cost.json').rows
  assert.equal(row?.costNanoUsd, 1_237_891_200n)
  assert.equal(row?.input, null)
})

test('OpenRouter: the activity API by day, and the CSV by generation', () => {
  const activity = {
    data: [
      {
        date: '2026-11-20',
        model: 'openai/gpt-4.1',
        model_permaslug: 'openai/gpt-4.1-2025-04-14',
        endpoint_id: 'e',
        provider_name: 'OpenAI',
        usage: 0.015,
        byok_usage_inference: 0.012,
        requests: 5,
        prompt_tokens: 50,
        completion_tokens: 125,
        reasoning_tokens: 25,
      },
    ],
  }
  const [row] = readUsageExport(JSON.stringify(activity), 'activity.json').rows
  assert.equal(row?.costNanoUsd, 15_000_000n)
  assert.equal(row?.calls, 5)
  assert.equal(row?.reasoning, 25)
  assert.equal(row?.cachedInput, null)
  const csv =
    'generation_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,api_key_name,app_name\n' +
    'gen-1,2026-11-20 23:59:59.713,0.0123,10389,137,0,8000,"moonshotai/kimi-k2.6",Moonshot,ci,\n'
  const [line] = readUsageExport(csv, 'activity.csv').rows
  assert.equal(line?.day, '2026-11-20')
  assert.equal(line?.cachedInput, 8000)
  assert.equal(line?.costNanoUsd, 12_300_000n)
  assert.equal(line?.key, 'ci')
})

test('pages come alone, in a list, or one a line, and an empty day among them is no fault', () => {
  const empty = JSON.stringify({ object: 'page', data: [] })
  assert.equal(readUsageExport(`[${openaiPage},${empty}]`, 'a').rows.length, 2)
  assert.equal(readUsageExport(`${openaiPage}\n${openaiPage}\n`, 'a').rows.length, 4)
})

test('anything else is refused by name', () => {
  for (const text of ['{"hello":1}', 'a,b\n1,2\n', '', '[]', '{"data":[{"x":1}]}', openaiPage.slice(0, 40)])
    assert.throws(
      () => readUsageExport(text, 'mine.txt'),
      (thrown) => thrown instanceof Problem && /mine\.txt is no usage export/.test(thrown.message),
    )
})

test('amounts are read to the digit and rounded half up', () => {
  assert.equal(nanoOfNumber('0.0000000005'), 1n)
  assert.equal(nanoOfNumber('0.00000000049'), 0n)
  assert.equal(nanoOfNumber('-1.5'), -1_500_000_000n)
  assert.equal(nanoOfNumber('2e3'), 2_000_000_000_000n)
  assert.equal(nanoOfNumber(12), 12_000_000_000n)
  assert.equal(nanoOfNumber('12,5'), null)
  assert.equal(nanoOfNumber(''), null)
})
