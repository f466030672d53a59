/** Google's own API in front of every provider, and behind callers of every format. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call } from './call.ts'
import { configFor, fakeKey, startRelay, testKey } from './harness.ts'

const contents = [{ role: 'user', parts: [{ text: 'hello' }] }]
const head = { modelVersion: 'gemini-2.5-flash', responseId: 'r1' }
const says = (text: string, more: object = {}): object => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...more }],
  ...head,
})
const usage = { usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3, totalTokenCount: 10 } }
const last = { ...says('', { finishReason: 'STOP' }), ...usage }

test("the sandbox answers Google's clients: whole, as events, as an array, a count, a list, errors", async () => {
  await using relay = await startRelay()
  const path = (method: string): string => `/v1beta/models/kimi-k2:${method}`
  const key = { headers: { 'x-goog-api-key': testKey } }
  const answer = await call(relay.url, { path: path('generateContent'), ...key, body: { contents } })
  assert.equal(answer.at('candidates.0.content.parts.0.text'), 'hello')
  assert.equal(answer.at('candidates.0.finishReason'), 'STOP')
  assert.equal(typeof answer.at('usageMetadata.totalTokenCount'), 'number')
  const events = await call(relay.url, {
    path: `${path('streamGenerateContent')}?alt=sse&key=${testKey}`,
    body: { contents },
  })
  assert.match(events.headers['content-type'] ?? '', /event-stream/)
  const pieces = events.text.split('\n\n').filter((event) => event.startsWith('data: '))
  assert.ok(pieces.length >= 2)
  const array = await call(relay.url, { path: path('streamGenerateContent'), ...key, body: { contents } })
  assert.equal(JSON.parse(array.text).at(-1).candidates[0].finishReason, 'STOP')
  // Google's SDKs since 3 call `/v1`, and Vercel's provider leaves `models/` out before a name with a slash.
  for (const other of ['/v1/models/kimi-k2:generateContent', '/v1beta/moonshot/kimi-k2.6:generateContent']) {
    const there = await call(relay.url, { path: other, ...key, body: { contents } })
    assert.equal(there.at('candidates.0.content.parts.0.text'), 'hello', there.text)
  }
  const listed = await call(relay.url, {
    path: '/v1/models',
    headers: { ...key.headers, 'x-goog-api-client': 'google-genai-sdk/3.3.0' },
  })
  assert.match(String(listed.at('models.0.name')), /^models\//)
  const count = await call(relay.url, { path: path('countTokens'), ...key, body: { contents } })
  assert.equal(typeof count.at('totalTokens'), 'number')
  const models = await call(relay.url, { path: '/v1beta/models', ...key })
  assert.match(String(models.at('models.0.name')), /^models\//)
  const refused = await call(relay.url, { path: path('generateContent'), body: { contents } })
  assert.deepEqual([refused.status, refused.at('error.status')], [401, 'UNAUTHENTICATED'])
  const limited = { contents: [{ role: 'user', parts: [{ text: 'sandbox:status=429,retry-after=2' }] }] }
  const busy = await call(relay.url, { path: path('generateContent'), ...key, body: limited })
  assert.equal(busy.at('error.code'), busy.status)
  const unknown = await call(relay.url, { path: '/v1beta/models/nope:generateContent', ...key, body: { contents } })
  assert.deepEqual([unknown.status, unknown.at('error.status')], [404, 'NOT_FOUND'])
})

test("Google's client to Google passes byte for byte, and other clients are translated", async () => {
  await using upstream = await startUpstream()
  const config = `providers:
  google: { vendor: gemini, base_url: "${upstream.baseUrl.replace(/\/v1$/, '/v1beta')}", allow_private: true, api_key: "env:FAKE_KEY" }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  const events = [says('Grüße, '), says('世界'), last].map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`)
  upstream.answer(stream(events))
  const path = '/v1beta/models/google/gemini-2.5-flash:streamGenerateContent?alt=sse'
  const native = await call(relay.url, { path, headers: { 'x-goog-api-key': key }, body: { contents } })
  assert.equal(native.text, events.join(''))
  const seen = await upstream.arrival(0)
  assert.equal(seen.target, '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse')
  assert.equal(seen.headers['x-goog-api-key'], fakeKey)
  assert.deepEqual(JSON.parse(seen.body.toString()), { contents })

  upstream.answer(whole({ ...says('hi', { finishReason: 'STOP' }), ...usage }))
  const body = { model: 'google/gemini-2.5-flash', max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] }
  const message = await call(relay.url, { path: '/v1/messages', key, body })
  assert.equal(message.at('content.0.text'), 'hi')
  assert.equal(message.at('usage.output_tokens'), 3)
  const asked = await upstream.arrival(1)
  assert.equal(asked.target, '/v1beta/models/gemini-2.5-flash:generateContent')
  assert.equal(JSON.parse(asked.body.toString()).generationConfig.maxOutputTokens, 50)

  upstream.answer(whole(completion()))
  await call(relay.url, { key, body: chat('hello', { model: 'google/gemini-2.5-flash' }) })
  const compatible = await upstream.arrival(2)
  assert.equal(compatible.target, '/v1beta/openai/chat/completions')
  assert.equal(compatible.headers['authorization'], `Bearer ${fakeKey}`)
})

test("Google's client to a chat provider: calls of tools both ways", async () => {
  await using upstream = await startUpstream()
  await using relay = await startRelay({ config: configFor(upstream), env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  const tool = { id: 'call_9', type: 'function', function: { name: 'tide', arguments: '{"port":"Brest"}' } }
  const message = { role: 'assistant', content: null, tool_calls: [tool] }
  upstream.answer(
    whole({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    }),
  )
  const path = '/v1beta/models/fake/any-model:generateContent'
  const tools = [
    {
      functionDeclarations: [
        { name: 'tide', parameters: { type: 'OBJECT', properties: { port: { type: 'STRING' } } } },
      ],
    },
  ]
  const answer = await call(relay.url, { path, headers: { 'x-goog-api-key': key }, body: { contents, tools } })
  assert.deepEqual(answer.at('candidates.0.content.parts.0.functionCall'), {
    id: 'call_9',
    name: 'tide',
    args: { port: 'Brest' },
  })
  const sent = JSON.parse((await upstream.arrival(0)).body.toString())
  assert.equal(sent.tools[0].function.parameters.properties.port.type, 'string')
})
