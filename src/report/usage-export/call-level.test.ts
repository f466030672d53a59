// The samples are written by hand from each product's documentation; see each reader for its page and date.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readUsageExport } from './read.ts'
import type { UsageExportRow } from './row.ts'

const rowsOf = (document: unknown, name = 'export.json'): readonly UsageExportRow[] =>
  readUsageExport(JSON.stringify(document), name).rows

const figures = ({ provider, model, input, cachedInput, cacheWrite, output }: UsageExportRow) => [
  provider,
  model,
  input,
  cachedInput,
  cacheWrite,
  output,
]

const spend = {
  request_id: 'chatcmpl-1',
  call_type: 'acompletion',
  api_key: '88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b',
  spend: 0.00123,
  total_tokens: 1500,
  prompt_tokens: 1000,
  completion_tokens: 500,
  startTime: '2026-11-20T10:00:00.000Z',
  endTime: '2026-11-20T10:00:02.500Z',
  completionStartTime: '2026-11-20T10:00:00.400Z',
  model: 'openai/gpt-4o-mini',
  model_group: 'gpt-4o-mini',
  custom_llm_provider: 'openai',
  team_id: 'team-a',
  request_tags: ['call_site:app/main#ask', 'env:prod'],
  metadata: { usage_object: { prompt_tokens_details: { cached_tokens: 400 } } },
  status: 'success',
}

test('LiteLLM: prompt tokens include cached ones, a tag names the call site, spend is dollars', () => {
  const [row, failed] = rowsOf([spend, { ...spend, status: 'failure', prompt_tokens: 0, completion_tokens: 0 }])
  assert.ok(row !== undefined)
  assert.deepEqual(figures(row), ['openai', 'gpt-4o-mini', 1000, 400, null, 500])
  assert.equal(row.costNanoUsd, 1_230_000n)
  assert.equal(row.callSite, 'app/main#ask')
  assert.deepEqual([row.durationMs, row.ttftMs, row.failed, failed?.failed], [2500, 400, 0, 1])
})

test('LiteLLM: its table as CSV says the same', () => {
  const csv =
    'request_id,spend,prompt_tokens,completion_tokens,startTime,endTime,model,custom_llm_provider,request_tags,metadata,status\n' +
    'r1,0.00123,1000,500,2026-11-20 10:00:00,2026-11-20 10:00:02.5,gpt-4o-mini,openai,"[""call_site:job""]","{""usage_object"":{""prompt_tokens_details"":{""cached_tokens"":400}}}",success\n'
  const [row] = readUsageExport(csv, 'spend.csv').rows
  assert.ok(row !== undefined)
  assert.deepEqual(figures(row), ['openai', 'gpt-4o-mini', 1000, 400, null, 500])
  assert.deepEqual([row.costNanoUsd, row.callSite, row.durationMs], [1_230_000n, 'job', 2500])
})

const generation = {
  id: 'o1',
  traceId: 't1',
  type: 'GENERATION',
  name: 'summarise',
  startTime: '2026-11-20T10:00:00.000Z',
  endTime: '2026-11-20T10:00:03.000Z',
  completionStartTime: '2026-11-20T10:00:00.700Z',
  model: 'gpt-4o',
  usageDetails: { input: 600, input_cached_tokens: 400, output: 200, output_reasoning_tokens: 50, total: 1250 },
  costDetails: { input: 0.0015, output: 0.0025, total: 0.0045 },
  level: 'DEFAULT',
  metadata: { call_site: 'app/summary#run' },
}

test('Langfuse: details are apart, spans are no calls', () => {
  const span = { ...generation, id: 'o2', type: 'SPAN' }
  for (const document of [{ data: [generation, span], meta: { page: 1 } }, [generation, span]]) {
    const rows = rowsOf(document)
    assert.equal(rows.length, 1)
    const [row] = rows
    assert.ok(row !== undefined)
    assert.deepEqual(figures(row), [null, 'gpt-4o', 1000, 400, null, 250])
    assert.deepEqual([row.costNanoUsd, row.callSite, row.ttftMs, row.failed], [4_500_000n, 'app/summary#run', 700, 0])
  }
})

test('Helicone: what was cached is apart from prompt tokens; a status from 400 on is a failure', () => {
  const request = {
    request_id: 'q1',
    request_created_at: '2026-11-20T10:00:00.000Z',
    response_status: 200,
    request_model: 'claude-sonnet-4-5',
    provider: 'ANTHROPIC',
    prompt_tokens: 600,
    prompt_cache_read_tokens: 300,
    prompt_cache_write_tokens: 100,
    completion_tokens: 200,
    delay_ms: 1800,
    time_to_first_token: 350,
    cost: 0.006,
    request_properties: { CallSite: 'web/chat' },
  }
  const [row, failed] = rowsOf({ data: [request, { ...request, response_status: 429 }], error: null })
  assert.ok(row !== undefined)
  assert.deepEqual(figures(row), ['anthropic', 'claude-sonnet-4-5', 1000, 300, 100, 200])
  assert.deepEqual([row.callSite, row.durationMs, row.ttftMs, failed?.failed], ['web/chat', 1800, 350, 1])
})

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
})

test('OpenTelemetry: spans with usage; agents and tools around them are no calls', () => {
  const call = [
    attribute('gen_ai.operation.name', 'chat'),
    attribute('gen_ai.provider.name', 'openai'),
    attribute('gen_ai.request.model', 'gpt-4.1'),
    attribute('gen_ai.usage.input_tokens', 1000),
    attribute('gen_ai.usage.cache_read.input_tokens', 250),
    attribute('gen_ai.usage.output_tokens', 100),
  ]
  const span = (attributes: readonly object[]) => ({
    name: 'chat gpt-4.1',
    startTimeUnixNano: '1763632800000000000',
    endTimeUnixNano: '1763632801500000000',
    attributes,
  })
  const agent = [attribute('gen_ai.operation.name', 'invoke_agent'), ...call.slice(1)]
  const failed = [...call.slice(0, 3), attribute('error.type', 'timeout')]
  const rows = rowsOf({
    resourceSpans: [
      {
        resource: { attributes: [attribute('service.name', 'billing')] },
        scopeSpans: [{ spans: [span(call), span(agent), span(failed), span([attribute('http.method', 'GET')])] }],
      },
    ],
  })
  assert.equal(rows.length, 2)
  const [row, last] = rows
  assert.ok(row !== undefined)
  assert.deepEqual(figures(row), ['openai', 'gpt-4.1', 1000, 250, null, 100])
  assert.deepEqual([row.project, row.durationMs, row.failed, last?.failed, last?.input], ['billing', 1500, 0, 1, null])
})

test("Drover's records: what was paid upstream is the sum of the attempts; the sandbox is no use", () => {
  const record = {
    id: 'c1',
    time: '2026-11-20T10:00:00.000Z',
    account: 'a',
    key: 'k1',
    model: 'kimi-k2',
    provider: 'moonshot',
    upstream_model: 'kimi-k2.6',
    status: 200,
    attempts: [{ cost_nano_usd: '1000' }, { cost_nano_usd: '2500' }],
    usage: { input: 100, output: 20, cached_input: 60, cache_write: null, reasoning: 5, source: 'reported' },
    cost_nano_usd: '9000',
    ttft_ms: 210.5,
    duration_ms: 900,
    end: 'complete',
    error: null,
    tags: { team: 'a' },
    call_site: 'app/main#ask',
    test: false,
  }
  for (const document of [[record, { ...record, test: true }], { data: [record] }]) {
    const rows = rowsOf(document)
    assert.equal(rows.length, 1)
    const [row] = rows
    assert.ok(row !== undefined)
    assert.deepEqual(figures(row), ['moonshot', 'kimi-k2.6', 100, 60, null, 20])
    assert.deepEqual([row.costNanoUsd, row.callSite, row.tags], [3500n, 'app/main#ask', ['team:a']])
  }
})
