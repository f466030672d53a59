import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallRecord } from '#base/call-record.ts'
import { usageOf } from '#base/usage.ts'
import { makeMetrics } from './metrics.ts'

const record: CallRecord = {
  id: 'call_1',
  timeMs: 0,
  organisation: 'org_1',
  project: null,
  member: null,
  account: 'acc_1',
  key: 'key_1',
  test: false,
  protocol: 'openai-chat',
  path: '/v1/chat/completions',
  stream: true,
  model: 'anything "a caller\n chose"',
  provider: 'moonshot',
  upstreamModel: 'kimi-k2.6',
  status: 200,
  error: null,
  errorMessage: null,
  attempts: [],
  usage: usageOf({ input: 10, output: 5, cachedInput: 4 }),
  costNanoUsd: 1n,
  priceHash: null,
  ttftMs: 120,
  durationMs: 900,
  overheadMs: 2,
  end: 'complete',
  finishReason: 'stop',
  tags: {},
  conversation: null,
  callSite: null,
  session: null,
  migration: null,
  arm: null,
  warnings: [],
  cache: null,
  requestBytes: 1,
  responseBytes: 1,
  upstreamDigest: null,
  deliveredDigest: null,
  requestBody: null,
  responseBody: null,
}

test('a record becomes figures under closed labels', async () => {
  const metrics = makeMetrics({ defaults: false })
  metrics.observe(record)
  metrics.observe({ ...record, error: 'upstream_timeout', end: 'refused', provider: null, usage: null, ttftMs: null })
  const text = await metrics.text()
  assert.match(
    text,
    /drover_calls_total\{protocol="openai-chat",provider="moonshot",end="complete",error_type="none"\} 1/,
  )
  assert.match(text, /error_type="upstream_upstream_timeout"\} 1/)
  assert.match(text, /drover_tokens_total\{provider="moonshot",kind="cached_input"\} 4/)
  assert.doesNotMatch(text, /a caller/)
})

test('two sets do not share their figures', async () => {
  const one = makeMetrics({ defaults: false })
  const other = makeMetrics({ defaults: false })
  one.observe(record)
  assert.doesNotMatch(await other.text(), /moonshot/)
})
