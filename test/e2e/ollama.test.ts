/** A server that speaks only Ollama's own format, behind callers of others. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call, openCall, textOf } from './call.ts'
import { startRelay } from './harness.ts'

const line = (more: object): string =>
  `${JSON.stringify({ model: 'm', created_at: '2026-11-28T10:00:00Z', message: { role: 'assistant', content: '' }, done: false, ...more })}\n`
const says = (content: string): object => ({ message: { role: 'assistant', content } })
const last = { done: true, done_reason: 'stop', prompt_eval_count: 7, eval_count: 3 }

test('a chat and a Messages caller are answered by Ollama, streaming and whole', async () => {
  await using upstream = await startUpstream(
    stream([line(says('Grüße, ')), line(says('世界')), line(last)], {
      headers: { 'content-type': 'application/x-ndjson' },
    }),
  )
  const config = `providers:
  box: { vendor: ollama-native, base_url: "${upstream.baseUrl}", allow_private: true }
models:
  local: { targets: [ { provider: box, model: "qwen3:4b" } ], price: free }
`
  await using relay = await startRelay({ config })
  const { key } = await relay.createKey()
  const streamed = await call(relay.url, { key, body: chat('hello', { model: 'local', stream: true }) })
  assert.equal(textOf(streamed.text), 'Grüße, 世界')
  assert.ok(streamed.text.endsWith('data: [DONE]\n\n'))
  const sent = JSON.parse((await upstream.arrival(0)).body.toString())
  assert.deepEqual(sent, { model: 'qwen3:4b', messages: [{ role: 'user', content: 'hello' }], stream: true })
  assert.match((await upstream.arrival(0)).target, /\/chat$/)

  upstream.answer(whole({ ...JSON.parse(line(says('hi'))), ...last }))
  const body = { model: 'local', max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] }
  const message = await call(relay.url, { path: '/v1/messages', key, body })
  assert.equal(message.at('content.0.text'), 'hi')
  assert.equal(message.at('usage.input_tokens'), 7)
  assert.equal(message.at('stop_reason'), 'end_turn')
  const record = await relay.recordOf(message)
  assert.deepEqual((record['usage'] as { output: number }).output, 3)

  upstream.answer(stream([line(says('half'))], { headers: { 'content-type': 'application/x-ndjson' } }))
  const open = await openCall(relay.url, { key, body: chat('hello', { model: 'local', stream: true }) })
  await open.until('half')
  await assert.rejects(open.rest(), 'a cut answer does not look complete')
})
