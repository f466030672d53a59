/** A server that speaks Bedrock's Converse, behind callers of other formats: signed requests, binary answers. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import type { StreamedMessage } from '../fake/event-stream.ts'
import { encodeMessage } from '../fake/event-stream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call, openCall, textOf } from './call.ts'
import { startRelay } from './harness.ts'

const usage = { inputTokens: 7, outputTokens: 3, totalTokens: 10 }
const says = (text: string): StreamedMessage => [
  'event',
  'contentBlockDelta',
  { contentBlockIndex: 0, delta: { text } },
]
const begins: StreamedMessage = ['event', 'messageStart', { role: 'assistant' }]
const ends: readonly StreamedMessage[] = [
  ['event', 'contentBlockStop', { contentBlockIndex: 0 }],
  ['event', 'messageStop', { stopReason: 'end_turn' }],
  ['event', 'metadata', { usage, metrics: { latencyMs: 1 } }],
]
const binary = (...messages: readonly StreamedMessage[]) =>
  stream(messages.map(encodeMessage), { headers: { 'content-type': 'application/vnd.amazon.eventstream' } })

const configFor = (baseUrl: string): string => `providers:
  aws:
    vendor: bedrock
    base_url: "${baseUrl}"
    region: eu-central-1
    api_key: env:AWS_SECRET
    options: { access_key_id: AKIDEXAMPLE }
    headers: { x-amz-security-token: env:AWS_TOKEN }
    allow_private: true
models:
  claude: { targets: [ { provider: aws, model: "eu.anthropic.claude-sonnet-4-6-v1:0" } ], price: free }
`

test('a chat and a Messages caller are answered by Bedrock, streaming and whole, with signed requests', async () => {
  await using upstream = await startUpstream(binary(begins, says('Grüße, '), says('世界'), ...ends))
  await using relay = await startRelay({
    config: configFor(upstream.baseUrl),
    env: { AWS_SECRET: 'a-secret-of-nobody', AWS_TOKEN: 'a-token-of-nobody' },
  })
  const { key } = await relay.createKey()
  const streamed = await call(relay.url, { key, body: chat('hello', { model: 'claude', stream: true }) })
  assert.equal(textOf(streamed.text), 'Grüße, 世界')
  assert.ok(streamed.text.endsWith('data: [DONE]\n\n'))
  const asked = await upstream.arrival(0)
  assert.match(asked.target, /\/model\/eu\.anthropic\.claude-sonnet-4-6-v1%3A0\/converse-stream$/)
  assert.deepEqual(JSON.parse(asked.body.toString()), { messages: [{ role: 'user', content: [{ text: 'hello' }] }] })
  assert.match(
    asked.headers.authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
  )
  assert.equal(asked.headers['x-amz-security-token'], 'a-token-of-nobody')
  assert.ok(!asked.rawHeaders.join('\n').includes('a-secret-of-nobody'))

  upstream.answer(
    whole({ output: { message: { role: 'assistant', content: [{ text: 'hi' }] } }, stopReason: 'end_turn', usage }),
  )
  const body = { model: 'claude', input: 'hello' }
  const message = await call(relay.url, { path: '/v1/responses', key, body })
  assert.equal(message.at('output.0.content.0.text'), 'hi')
  assert.equal(message.at('usage.input_tokens'), 7)
  const record = await relay.recordOf(message)
  assert.deepEqual((record['usage'] as { output: number }).output, 3)

  upstream.answer(binary(begins, says('half')))
  const open = await openCall(relay.url, { key, body: chat('hello', { model: 'claude', stream: true }) })
  await open.until('half')
  await assert.rejects(open.rest(), 'a cut answer does not look complete')
})

/** Anthropic's events, each in one of Amazon's frames. */
const chunks = (...events: readonly object[]) =>
  binary(
    ...events.map((event): StreamedMessage => {
      const bytes = Buffer.from(JSON.stringify(event)).toString('base64')
      return ['event', 'chunk', { bytes, p: 'abcdefg' }]
    }),
  )

test("Claude's clients are answered by Claude's own API on Bedrock, event for event", async () => {
  const head = { id: 'msg_bdrk_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-6', content: [] }
  const events = [
    { type: 'message_start', message: { ...head, stop_reason: null, usage: { input_tokens: 7, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße, 世界' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 3 } },
    { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 7 } },
  ]
  await using upstream = await startUpstream(chunks(...events))
  await using relay = await startRelay({
    config: configFor(upstream.baseUrl),
    env: { AWS_SECRET: 'a-secret-of-nobody', AWS_TOKEN: 'a-token-of-nobody' },
  })
  const { key } = await relay.createKey()
  const ask = {
    model: 'claude',
    max_tokens: 50,
    messages: [{ role: 'user', content: 'hello' }],
    thinking: { type: 'disabled' },
  }
  const headers = { 'anthropic-beta': 'interleaved-thinking-2025-05-14, something-of-tomorrow-2027-01-01' }
  const streamed = await call(relay.url, { path: '/v1/messages', key, headers, body: { ...ask, stream: true } })
  assert.match(streamed.headers['content-type'] ?? '', /^text\/event-stream/)
  assert.equal(
    streamed.text,
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  )
  assert.match(streamed.headers['x-drover-warnings'] ?? '', /anthropic-beta:something-of-tomorrow/)
  const asked = await upstream.arrival(0)
  assert.match(asked.target, /\/model\/eu\.anthropic\.claude-sonnet-4-6-v1%3A0\/invoke-with-response-stream$/)
  const { model: _model, ...sent } = ask
  assert.deepEqual(JSON.parse(asked.body.toString()), {
    ...sent,
    anthropic_version: 'bedrock-2023-05-31',
    anthropic_beta: ['interleaved-thinking-2025-05-14'],
  })
  assert.equal(asked.headers['anthropic-beta'], undefined)
  const record = await relay.recordOf(streamed)
  assert.equal((record['usage'] as { output: number }).output, 3)

  const content = [{ type: 'text', text: 'hi' }]
  upstream.answer(
    whole({
      ...head,
      content,
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 7, output_tokens: 2 },
    }),
  )
  const message = await call(relay.url, { path: '/v1/messages', key, body: ask })
  assert.equal(message.at('content.0.text'), 'hi')
  assert.match((await upstream.arrival(1)).target, /\/invoke$/)

  // Cut, and with a failure of Amazon's within: never a complete answer.
  upstream.answer(chunks(...events.slice(0, 3)))
  const open = await openCall(relay.url, { path: '/v1/messages', key, body: { ...ask, stream: true } })
  await assert.rejects(open.rest())
  const failing = [...events.slice(0, 3)].map((event): StreamedMessage => {
    return ['event', 'chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64') }]
  })
  upstream.answer(binary(...failing, ['exception', 'throttlingException', { message: 'Too many tokens' }]))
  const throttled = await openCall(relay.url, { path: '/v1/messages', key, body: { ...ask, stream: true } })
  assert.match(await throttled.until('rate_limit_error'), /Too many tokens/)
  await assert.rejects(throttled.rest())
})
