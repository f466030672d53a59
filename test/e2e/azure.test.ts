/** Azure OpenAI: its addresses, its own fields, and what its filter says, to callers of OpenAI's and of other formats. */

import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { benchFor } from './bench.ts'
import { call } from './call.ts'

let bench: Bench

before(async () => {
  bench = await benchFor(({ baseUrl }) => {
    const root = new URL(baseUrl).origin
    const of = (name: string, vendor: string, more = ''): string =>
      `  ${name}: { vendor: ${vendor}, base_url: "${root}", allow_private: true, api_key: "env:FAKE_KEY", price: free${more} }\n`
    return `providers:\n${of('now', 'azure')}${of('dated', 'azure', ', options: { api_version: "2024-10-21" }')}${of('claude', 'anthropic')}`
  })
})

after(() => bench?.close())

const calm = { filtered: false, severity: 'safe' }
const filters = { hate: calm, jailbreak: { filtered: false, detected: false } }
const messages = [{ role: 'user', content: 'How deep is the harbour?' }]
// https://learn.microsoft.com/azure/foundry/openai/references/on-your-data, in Microsoft's own SDKs `extra_body`.
const sources = [{ type: 'azure_search', parameters: { endpoint: 'https://s.example', index_name: 'tides' } }]

const last = async () => {
  const { upstream } = bench
  const { target, headers, body } = await upstream.arrival(
    upstream.seen.findLastIndex(({ method }) => method === 'POST'),
  )
  return { target, headers, body: JSON.parse(body.toString()) }
}

test('both forms of address carry what is Azure’s own, and its filter’s results come back byte for byte', async () => {
  const { relay, upstream, key } = bench
  const answer = { ...completion(), prompt_filter_results: [{ prompt_index: 0, content_filter_results: filters }] }
  for (const [provider, target] of [
    ['now', '/openai/v1/chat/completions'],
    ['dated', '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21'],
  ] as const) {
    upstream.answer(whole(answer))
    const body = { model: `${provider}/gpt-4o`, messages, data_sources: sources }
    const answered = await call(relay.url, { key, body })
    assert.equal(answered.status, 200, answered.text)
    assert.deepEqual(answered.at('prompt_filter_results.0.content_filter_results'), filters)
    assert.equal(answered.headers['x-drover-warnings'], undefined)
    const sent = await last()
    assert.equal(sent.target, target)
    assert.deepEqual(sent.body.data_sources, sources)
    assert.equal(typeof sent.headers['api-key'], 'string')
    assert.equal(sent.headers.authorization, undefined)
  }
})

test('elsewhere its fields are warned of, or refused where that is asked for', async () => {
  const { relay, upstream, key } = bench
  upstream.answer(
    whole({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [{ type: 'text', text: 'hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 1 },
    }),
  )
  const body = { model: 'claude/claude-sonnet-4-5', max_tokens: 9, messages, data_sources: sources }
  const answered = await call(relay.url, { key, body })
  assert.equal(answered.status, 200, answered.text)
  assert.match(answered.headers['x-drover-warnings'] ?? '', /data_sources/)
  const strict = await call(relay.url, { key, body, headers: { 'x-drover-strict': 'true' } })
  assert.deepEqual([strict.status, strict.at('error.param')], [400, 'data_sources'])
})

test('what it found in the caller’s data reaches callers of other formats as sources; what they have no place for is named', async () => {
  const { relay, upstream, key } = bench
  const answer = completion() as { readonly choices: readonly { readonly message: object }[] }
  const context = {
    citations: [{ content: 'Nine metres.', title: 'Depth', url: 'https://h.example/d' }],
    intent: '["depth"]',
  }
  const choices = answer.choices.map((choice) => ({ ...choice, message: { ...choice.message, context } }))
  upstream.answer(whole({ ...answer, choices }))
  const body = { model: 'now/gpt-4o', max_tokens: 9, messages }
  const { text, headers } = await call(relay.url, { path: '/v1/messages', key, body })
  assert.match(text, /"url":"https:\/\/h\.example\/d","title":"Depth"/)
  assert.match(headers['x-drover-warnings'] ?? '', /message\.context\.intent/)
})

const chunk = (more: object) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', ...more })}\n\n`

test('a stream that begins with the filter’s own event, and one that the filter ended, reach callers of Messages', async () => {
  const { relay, upstream, key } = bench
  const events = [
    chunk({ choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: filters }] }),
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] }),
    chunk({
      choices: [{ index: 0, delta: { content: 'Nine' }, content_filter_results: filters, finish_reason: null }],
    }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'content_filter', content_filter_results: filters }] }),
    'data: [DONE]\n\n',
  ]
  upstream.answer(stream(events))
  const own = await call(relay.url, { key, body: { model: 'now/gpt-4o', messages, stream: true } })
  assert.equal(own.text, events.join(''))
  upstream.answer(stream(events))
  const body = { model: 'now/gpt-4o', max_tokens: 9, messages, stream: true }
  const other = await call(relay.url, { path: '/v1/messages', key, body })
  assert.match(other.text, /"text":"Nine"/)
  assert.match(other.text, /"stop_reason":"refusal"/)
  assert.match(other.text, /event: message_stop/)
})

test('what the filter refuses is said to be the filter’s, in the caller’s own envelope', async () => {
  const { relay, upstream, key } = bench
  const error = {
    message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    type: null,
    param: 'prompt',
    code: 'content_filter',
    status: 400,
    innererror: {
      code: 'ResponsibleAIPolicyViolation',
      content_filter_result: { hate: { filtered: true, severity: 'high' } },
    },
  }
  upstream.answer(whole({ error }, { status: 400 }))
  const own = await call(relay.url, { key, body: { model: 'now/gpt-4o', messages } })
  assert.deepEqual([own.status, own.at('error.code')], [400, 'content_filter'])
  assert.match(own.text, /ResponsibleAIPolicyViolation/)
  const other = await call(relay.url, {
    path: '/v1/messages',
    key,
    body: { model: 'now/gpt-4o', max_tokens: 9, messages },
  })
  assert.deepEqual([other.status, other.at('error.type')], [400, 'invalid_request_error'])
  assert.match(String(other.at('error.message')), /content management policy/)
  upstream.answer(
    whole(
      { error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' } },
      { status: 404 },
    ),
  )
  const gone = await call(relay.url, { key, body: { model: 'dated/gone', messages } })
  assert.deepEqual([gone.status, gone.at('error.code')], [404, 'DeploymentNotFound'])
})
