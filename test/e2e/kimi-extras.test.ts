/** What Kimi has beyond Chat Completions: estimates, partial mode, tools of its own, an endpoint for Claude's clients. */

import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { failure, whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { benchFor } from './bench.ts'
import { call } from './call.ts'
import { testKey } from './harness.ts'

let bench: Bench

const configOf = ({ baseUrl }: FakeUpstream): string => {
  const of = (name: string, vendor: string): string =>
    `  ${name}: { vendor: ${vendor}, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY", price: free }\n`
  return `providers:\n${of('kimi', 'moonshot')}${of('claude', 'anthropic')}${of('other', 'openai-compatible')}`
}

before(async () => {
  bench = await benchFor(configOf)
})

after(() => bench?.close())

const last = async () => {
  const { target, body } = await bench.upstream.arrival(bench.upstream.seen.length - 1)
  return { target, body: JSON.parse(body.toString()) }
}

const messages = [{ role: 'user', content: 'Hello, Kimi' }]
const estimatePath = '/v1/tokenizers/estimate-token-count'

test('tokens are estimated by Kimi where it serves the model, by Drover elsewhere and in the sandbox, and cost nothing', async () => {
  const { relay, upstream, key } = bench
  upstream.answer(whole({ code: 0, data: { total_tokens: 80 }, scode: '0x0', status: true }))
  const own = await call(relay.url, { path: estimatePath, key, body: { model: 'kimi/kimi-k2.6', messages } })
  assert.deepEqual([own.status, own.at('data.total_tokens')], [200, 80])
  assert.equal(own.headers['x-drover-warnings'], undefined)
  const sent = await last()
  assert.deepEqual([sent.target, sent.body.model], [estimatePath, 'kimi-k2.6'])
  const asked = (): number => upstream.seen.filter(({ target }) => target === estimatePath).length
  const sentBefore = asked()
  for (const [asking, model] of [
    [key, 'other/some-model'],
    [testKey, 'kimi-k2'],
  ] as const) {
    const answer = await call(relay.url, { path: estimatePath, key: asking, body: { model, messages } })
    assert.ok((answer.at('data.total_tokens') as number) > 0, answer.text)
    assert.match(answer.headers['x-drover-warnings'] ?? '', /estimated by Drover/)
  }
  assert.equal(asked(), sentBefore, 'who does not count is not asked')
  const bad = await call(relay.url, { path: estimatePath, key, body: { model: 'kimi/kimi-k2.6' } })
  assert.deepEqual([bad.status, bad.at('error.param')], [400, 'messages'])
})

test('partial mode, thinking and tools of its own reach Kimi as they are; its search becomes the search of Claude', async () => {
  const { relay, upstream, key } = bench
  const body = {
    model: 'kimi/kimi-k2.6',
    thinking: { type: 'disabled' },
    tools: [{ type: 'builtin_function', function: { name: '$web_search' } }],
    messages: [...messages, { role: 'assistant', name: 'Kimi', content: '{"answer":', partial: true }],
  }
  upstream.answer(whole(completion()))
  const native = await call(relay.url, { key, body })
  assert.equal(native.status, 200, native.text)
  assert.deepEqual((await last()).body, { ...body, model: 'kimi-k2.6' })

  const message = {
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'c',
    stop_reason: 'end_turn',
    stop_sequence: null,
  }
  const usage = { input_tokens: 1, output_tokens: 1 }
  upstream.answer(whole({ ...message, content: [{ type: 'text', text: 'found' }], usage }))
  const { tools } = body
  const moved = await call(relay.url, {
    key,
    body: { model: 'claude/claude-sonnet-4-5', messages, tools, max_tokens: 100 },
  })
  assert.equal(moved.at('choices.0.message.content'), 'found')
  assert.equal((await last()).body.tools[0].name, 'web_search')
  assert.doesNotMatch(moved.headers['x-drover-warnings'] ?? '', /tools/)
})

test("Claude's clients reach Kimi's own endpoint for them; errors in OpenAI's envelope are said again in theirs", async () => {
  const { relay, upstream, key } = bench
  upstream.answer(failure(400, { message: 'Invalid request: too long', type: 'invalid_request_error' }))
  const body = { model: 'kimi/kimi-k2.6', max_tokens: 10, messages }
  const refused = await call(relay.url, { path: '/v1/messages', key, body })
  assert.deepEqual(
    [refused.status, refused.at('type'), refused.at('error.type')],
    [400, 'error', 'invalid_request_error'],
  )
  assert.match(String(refused.at('error.message')), /too long/)
  assert.equal((await last()).target, '/anthropic/v1/messages')
})

test('an answer that a stop sequence ended says so to callers of Messages', async () => {
  const path = '/v1/messages'
  const body = {
    model: 'kimi-k2',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'one END two' }],
    stop_sequences: ['END'],
  }
  const answer = await call(bench.relay.url, { path, key: testKey, body })
  assert.deepEqual([answer.at('stop_reason'), answer.at('stop_sequence')], ['stop_sequence', 'END'])
  const streamed = await call(bench.relay.url, { path, key: testKey, body: { ...body, stream: true } })
  assert.match(streamed.text, /"stop_reason":"stop_sequence","stop_sequence":"END"/)
  const whole = await call(bench.relay.url, { path, key: testKey, body: { ...body, stop_sequences: ['NEVER'] } })
  assert.deepEqual([whole.at('stop_reason'), whole.at('stop_sequence')], ['end_turn', null])
})
