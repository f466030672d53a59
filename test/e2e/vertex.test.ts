/** Gemini on Vertex AI behind a service account: one token for many calls, by the way that calls go. */

import { strict as assert } from 'node:assert'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call } from './call.ts'
import { startRelay } from './harness.ts'

const answer = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3, totalTokenCount: 10 },
}

test('a chat caller is answered by Vertex AI; the service account is exchanged once', async () => {
  await using tokens = await startUpstream(whole({ access_token: 'ya29.token-of-nobody', expires_in: 3600 }))
  await using upstream = await startUpstream(whole(answer))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const account = {
    project_id: 'harbour',
    client_email: 'drover@harbour.example',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: `${tokens.baseUrl}/token`,
  }
  const config = `providers:
  google: { vendor: vertex, region: europe-west4, base_url: "${upstream.baseUrl}", api_key: env:ACCOUNT, allow_private: true }
models:
  claude: { targets: [ { provider: google, model: "claude-sonnet-4-5@20250929" } ], price: free }
  flash: { targets: [ { provider: google, model: gemini-2.5-flash } ], price: free }
`
  await using relay = await startRelay({ config, env: { ACCOUNT: JSON.stringify(account) } })
  const { key } = await relay.createKey()
  for (const text of ['hello', 'again']) {
    const answered = await call(relay.url, { key, body: chat(text, { model: 'flash' }) })
    assert.equal(answered.at('choices.0.message.content'), 'hi')
    assert.equal(answered.at('usage.prompt_tokens'), 7)
  }
  const asked = await upstream.arrival(1)
  assert.match(
    asked.target,
    /\/projects\/harbour\/locations\/europe-west4\/publishers\/google\/models\/gemini-2\.5-flash:generateContent$/,
  )
  assert.equal(asked.headers.authorization, 'Bearer ya29.token-of-nobody')
  assert.equal(tokens.seen.length, 1)
  assert.ok(!asked.rawHeaders.join('\n').includes('PRIVATE KEY'))

  const usage = { input_tokens: 7, output_tokens: 2 }
  const content = [{ type: 'text', text: 'hi' }]
  const head = { id: 'msg_vrtx_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5', content, usage }
  upstream.answer(whole({ ...head, stop_reason: 'end_turn', stop_sequence: null }))
  const messages = [{ role: 'user', content: 'hello' }]
  const headers = { 'anthropic-beta': 'context-1m-2025-08-07' }
  const body = { model: 'claude', max_tokens: 50, messages }
  const native = await call(relay.url, { path: '/v1/messages', key, headers, body })
  assert.equal(native.at('content.0.text'), 'hi')
  const claude = await upstream.arrival(2)
  assert.match(claude.target, /\/publishers\/anthropic\/models\/claude-sonnet-4-5@20250929:rawPredict$/)
  assert.deepEqual(JSON.parse(claude.body.toString()), {
    max_tokens: 50,
    messages,
    anthropic_version: 'vertex-2023-10-16',
  })
  assert.equal(claude.headers['anthropic-beta'], 'context-1m-2025-08-07')
  // Callers of other formats are translated to it.
  const translated = await call(relay.url, { key, body: chat('hello', { model: 'claude' }) })
  assert.equal(translated.at('choices.0.message.content'), 'hi')
  assert.match((await upstream.arrival(3)).target, /:rawPredict$/)
  await call(relay.url, { path: '/v1/messages', key, body: { ...body, stream: true } })
  assert.match((await upstream.arrival(4)).target, /:streamRawPredict$/)
  upstream.answer(whole({ input_tokens: 9 }))
  const count = await call(relay.url, { path: '/v1/messages/count_tokens', key, body: { model: 'claude', messages } })
  assert.equal(count.at('input_tokens'), 9)
  const counted = await upstream.arrival(5)
  assert.match(counted.target, /\/models\/count-tokens:rawPredict$/)
  assert.equal(JSON.parse(counted.body.toString()).model, 'claude-sonnet-4-5@20250929')
})
