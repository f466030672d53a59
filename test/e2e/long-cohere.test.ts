/** Cohere is asked in its own format for callers of Messages, and through its compatibility API for those of OpenAI's. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call, openCall } from './call.ts'
import { startRelay } from './harness.ts'

const event = (type: string, more: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const says = (text: string): string => event('content-delta', { index: 0, delta: { message: { content: { text } } } })
const begins = event('message-start', { id: 'c1', delta: { message: { role: 'assistant' } } })
const usage = { billed_units: { input_tokens: 7, output_tokens: 3 }, tokens: { input_tokens: 207, output_tokens: 3 } }
const ends = event('message-end', { delta: { finish_reason: 'COMPLETE', usage } })

test('a Messages caller is answered by Cohere’s own chat, streaming and whole; an OpenAI caller as before', async () => {
  await using upstream = await startUpstream(
    whole({
      id: 'c1',
      message: { role: 'assistant', content: [{ type: 'text', text: 'hi' }] },
      finish_reason: 'COMPLETE',
      usage,
    }),
  )
  const host = upstream.baseUrl.replace(/\/v1$/, '')
  const config = `providers:
  co: { vendor: cohere, base_url: "${host}", api_key: env:CO_KEY, allow_private: true }
models:
  command: { targets: [ { provider: co, model: "command-a-03-2025" } ], price: free }
`
  await using relay = await startRelay({ config, env: { CO_KEY: 'a-key-of-nobody' } })
  const { key } = await relay.createKey()
  const body = {
    model: 'command',
    max_tokens: 50,
    system: 'Be brief.',
    messages: [{ role: 'user', content: 'hello' }],
  }
  const message = await call(relay.url, { path: '/v1/messages', key, body })
  assert.equal(message.at('content.0.text'), 'hi')
  assert.equal(message.at('usage.input_tokens'), 7)
  const asked = await upstream.arrival(0)
  assert.equal(asked.target, '/v2/chat')
  assert.deepEqual(JSON.parse(asked.body.toString()), {
    model: 'command-a-03-2025',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'hello' },
    ],
    max_tokens: 50,
  })

  upstream.answer(stream([begins, says('Grüße, '), says('世界'), ends]))
  const streamed = await call(relay.url, { path: '/v1/messages', key, body: { ...body, stream: true } })
  assert.match(streamed.text, /Grüße, .*世界/s)
  assert.match(streamed.text, /event: message_stop\n/)

  upstream.answer(stream([begins, says('half')]))
  const open = await openCall(relay.url, { path: '/v1/messages', key, body: { ...body, stream: true } })
  await open.until('half')
  await assert.rejects(open.rest(), 'a cut answer does not look complete')

  upstream.forget()
  upstream.answer(
    whole({ choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }] }),
  )
  await call(relay.url, { key, body: chat('hello', { model: 'command' }) })
  assert.equal((await upstream.arrival(0)).target, '/compatibility/v1/chat/completions')
})
