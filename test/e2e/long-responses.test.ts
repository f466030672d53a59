/** OpenAI Responses in front: written by Drover, passed on from a provider that speaks it, kept, continued, and nobody else's. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { cutAfter, stream, whole } from '../fake/answer.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Answer } from './call.ts'
import { call, eventsOf } from './call.ts'
import type { Relay } from './harness.ts'
import { fakeKey, startRelay, testKey } from './harness.ts'

const path = '/v1/responses'

const ask = (relay: Relay, key: string, body: object): Promise<Answer> =>
  call(relay.url, { path, key, body: { model: 'gpt-4.1', ...body } })

const response = (id: string, status: string, text: string): object => ({
  id,
  object: 'response',
  created_at: 1_790_000_000,
  status,
  error: null,
  incomplete_details: null,
  model: 'gpt-of-the-provider',
  output:
    text === ''
      ? []
      : [
          {
            id: 'msg_1',
            type: 'message',
            status: 'completed',
            role: 'assistant',
            content: [{ type: 'output_text', text, annotations: [] }],
          },
        ],
  usage: text === '' ? null : { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
})

const event = (value: { readonly type: string } & object): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`

const begun = [
  event({ type: 'response.created', sequence_number: 0, response: response('resp_a', 'in_progress', '') } as never),
  event({
    type: 'response.output_text.delta',
    sequence_number: 1,
    output_index: 0,
    content_index: 0,
    item_id: 'msg_1',
    delta: 'Grüße, 世界',
  } as never),
]
const ended = event({
  type: 'response.completed',
  sequence_number: 2,
  response: response('resp_a', 'completed', 'Grüße, 世界'),
} as never)

test('a stream of the sandbox counts its events, tells every item from beginning to end, and ends with the response', async () => {
  await using relay = await startRelay()
  const answer = await ask(relay, testKey, { input: 'three small words', stream: true })
  const events = eventsOf(answer.text).map(({ event: name, data }) => ({ name, ...JSON.parse(data) }))
  assert.deepEqual(
    events.map(({ name }) => name),
    [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ],
  )
  assert.deepEqual(
    events.map(({ sequence_number: number }) => number),
    events.map((_event, index) => index),
  )
  assert.equal(events.at(-1)?.response.output[0].content[0].text, 'three small words')
  assert.equal(events.at(-1)?.response.usage.output_tokens > 0, true)
  const limited = await ask(relay, testKey, { input: 'sandbox:finish=length' })
  assert.deepEqual([limited.at('status'), limited.at('incomplete_details.reason')], ['incomplete', 'max_output_tokens'])
  const busy = await ask(relay, testKey, { input: 'sandbox:status=429,retry-after=2' })
  assert.equal(busy.headers['retry-after'], '2')
  const count = await call(relay.url, {
    path: `${path}/input_tokens`,
    key: testKey,
    body: { model: 'gpt-4.1', input: 'hello' },
  })
  assert.equal(count.at('object'), 'response.input_tokens')
})

test('what is asked to be kept is kept for its account alone, sealed, and continued', async () => {
  await using relay = await startRelay()
  const first = await ask(relay, testKey, { input: 'my name is Ada', store: true })
  const id = String(first.at('id'))
  const one = { path: `${path}/${id}`, key: testKey }
  assert.deepEqual((await call(relay.url, one)).at('output'), first.at('output'))
  const second = await ask(relay, testKey, { input: 'and again', previous_response_id: id, stream: true, store: true })
  const last = JSON.parse(eventsOf(second.text).at(-1)?.data ?? '{}').response
  assert.equal(last.previous_response_id, id)
  const items = await call(relay.url, { path: `${path}/${last.id}/input_items?order=asc`, key: testKey })
  const said = (items.at('data') as { content: { text: string }[] }[]).map(({ content }) => content[0]?.text)
  assert.deepEqual(said, ['my name is Ada', 'my name is Ada', 'and again'])

  const unkept = await ask(relay, testKey, { input: 'gone' })
  assert.equal((await call(relay.url, { path: `${path}/${unkept.at('id')}`, key: testKey })).status, 404)
  const lost = await ask(relay, testKey, { input: 'x', previous_response_id: unkept.at('id') })
  assert.deepEqual([lost.status, lost.at('error.param')], [400, 'previous_response_id'])
  // The same account in the other environment is somebody else.
  const { key } = await relay.createKey()
  assert.equal((await call(relay.url, { ...one, key })).status, 404)
  assert.equal((await call(relay.url, { ...one, key, method: 'DELETE' })).status, 404)
  assert.equal((await call(relay.url, { ...one, path: `${one.path}/cancel`, method: 'POST' })).status, 400)
  assert.equal((await call(relay.url, { ...one, method: 'DELETE' })).at('deleted'), true)
  assert.equal((await call(relay.url, one)).status, 404)
  for (const refused of [{ background: true }, { conversation: 'conv_1' }])
    assert.equal((await ask(relay, testKey, { input: 'x', ...refused })).status, 400)
})

test('a stream that is kept is told again, event for event, from wherever its reader left off', async () => {
  await using relay = await startRelay()
  const asked = { input: 'three small words', stream: true, store: true }
  const first = await ask(relay, testKey, asked)
  const eventsIn = ({ text }: Answer) => eventsOf(text).map(({ event: name, data }) => ({ name, ...JSON.parse(data) }))
  const live = eventsIn(first)
  const id = String(live.at(-1)?.response.id)
  const again = (query: string): Promise<Answer> =>
    call(relay.url, { path: `${path}/${id}?stream=true${query}`, key: testKey })
  const replayed = await again('')
  assert.match(String(replayed.headers['content-type']), /^text\/event-stream/)
  const plain = ({ response: _response, ...event }: { readonly response?: unknown }): object => event
  assert.deepEqual(eventsIn(replayed).map(plain), live.map(plain))
  assert.deepEqual(eventsIn(replayed).at(-1)?.response, live.at(-1)?.response)
  assert.deepEqual(
    eventsIn(await again('&starting_after=5')).map(({ sequence_number: number }) => number),
    live.slice(6).map(({ sequence_number: number }) => number),
  )
  assert.equal((await again('&starting_after=x')).status, 400)
  const wholly = await ask(relay, testKey, { ...asked, stream: false })
  const told = eventsIn(await call(relay.url, { path: `${path}/${wholly.at('id')}?stream=true`, key: testKey }))
  assert.equal(told.find(({ type }) => type === 'response.output_text.delta')?.delta, 'three small words')
  assert.deepEqual(told.at(-1)?.response.output, wholly.at('output'))
})

test('a conversation is compacted by a provider that does that, as its caller alone may, and by no other', async () => {
  await using upstream = await startUpstream()
  const at = `base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY"`
  const config = `providers:
  native: { vendor: openai, ${at} }
  claude: { vendor: anthropic, ${at} }
models:
  both:
    targets: [ { provider: claude, model: c, weight: 9 }, { provider: native, model: a-model } ]
    price: { input: "1.00", output: "10.00" }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  const output = [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'sealed' }]
  const usage = { input_tokens: 400, output_tokens: 30, total_tokens: 430 }
  const compacted = { id: 'resp_c', object: 'response.compaction', output, created_at: 1_790_000_000, usage }
  upstream.answer(whole(compacted))
  const input = [{ role: 'user', content: 'a long talk' }]
  const compact = (body: object): Promise<Answer> =>
    call(relay.url, { path: `${path}/compact`, key, body: { model: 'both', input, ...body } })
  const answer = await compact({})
  assert.deepEqual(JSON.parse(answer.text), compacted)
  const seen = await upstream.arrival(0)
  assert.equal(seen.target, '/v1/responses/compact')
  assert.deepEqual(JSON.parse(seen.body.toString()), { model: 'a-model', input })
  const record = await relay.recordOf(answer)
  assert.deepEqual([record['provider'], record['end'], record['cost_nano_usd']], ['native', 'complete', '700000'])
  assert.equal((await call(relay.url, { path: `${path}/resp_c`, key })).status, 404, 'it is no response that is kept')

  const foreign = await compact({ previous_response_id: 'resp_of_somebody' })
  assert.deepEqual([foreign.status, foreign.at('error.param')], [400, 'previous_response_id'])
  const none = await compact({ model: 'claude/c' })
  assert.deepEqual([none.status, none.at('error.code')], [400, 'unsupported_parameter'])
  assert.equal(upstream.seen.length, 1)
})

test('a response is asked for, and continued, with the credential of its provider that it was made with', async () => {
  await using upstream = await startUpstream()
  const config = `providers:
  native: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_keys: ["env:FAKE_KEY", "env:SECOND_KEY"] }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey, SECOND_KEY: `${fakeKey}-2` } })
  const { key } = await relay.createKey()
  const bearer = async (index: number): Promise<unknown> => (await upstream.arrival(index)).headers['authorization']
  const made = new Set<unknown>()
  let count = 0
  for (let number = 0; number < 16 && made.size < 2; number += 1) {
    const id = `resp_k${number}`
    upstream.answer(whole(response(id, 'completed', 'more')))
    await ask(relay, key, { input: 'x', model: 'native/a-model' })
    const own = await bearer(count)
    await call(relay.url, { path: `${path}/${id}`, key })
    await ask(relay, key, { input: 'y', model: 'native/a-model', previous_response_id: id })
    assert.deepEqual([await bearer(count + 1), await bearer(count + 2)], [own, own])
    count += 3
    made.add(own)
  }
  assert.equal(made.size, 2, 'both credentials have made some')
})

test('a provider that speaks it is asked in it: its bytes pass, and its ids are those of one account', async () => {
  await using upstream = await startUpstream()
  const config = `providers:
  native: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  const model = 'native/a-model'
  upstream.answer(stream([...begun, ended]))
  const body = { input: 'hello', stream: true, include: ['reasoning.encrypted_content'], model }
  const native = await ask(relay, key, body)
  assert.equal(native.text, [...begun, ended].join(''))
  const seen = await upstream.arrival(0)
  assert.equal(seen.target, '/v1/responses')
  assert.deepEqual(JSON.parse(seen.body.toString()), { ...body, model: 'a-model' })
  const record = await relay.recordOf(native)
  assert.deepEqual([record['provider'], record['end']], ['native', 'complete'])

  upstream.answer(whole(response('resp_b', 'completed', 'more')))
  const continued = await ask(relay, key, { input: 'go on', model, previous_response_id: 'resp_a' })
  assert.equal(continued.at('id'), 'resp_b')
  assert.equal(JSON.parse((await upstream.arrival(1)).body.toString()).previous_response_id, 'resp_a')
  upstream.answer(whole(response('resp_b', 'completed', 'more')))
  const shown = await call(relay.url, { path: `${path}/resp_b?include%5B%5D=x`, key })
  assert.deepEqual(
    [shown.at('id'), (await upstream.arrival(2)).target],
    ['resp_b', '/v1/responses/resp_b?include%5B%5D=x'],
  )
  assert.equal((await upstream.arrival(2)).headers['authorization'], `Bearer ${fakeKey}`)

  // Who was not given it does not learn that it is there, and its provider is not asked.
  const foreign = await ask(relay, testKey, { input: 'x', previous_response_id: 'resp_a' })
  assert.equal(foreign.status, 400)
  assert.equal((await call(relay.url, { path: `${path}/resp_a`, key: testKey })).status, 404)
  upstream.answer(whole({ id: 'resp_b', object: 'response.deleted', deleted: true }))
  assert.equal((await call(relay.url, { path: `${path}/resp_b`, key, method: 'DELETE' })).at('deleted'), true)
  assert.equal((await call(relay.url, { path: `${path}/resp_b`, key })).status, 404)
  assert.equal(upstream.seen.length, 4)
})

test('a stream that breaks off within never looks complete', async () => {
  await using upstream = await startUpstream()
  const config = `providers:
  native: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  for (const [script, code] of [
    [cutAfter(begun), 'upstream_error'],
    [stream(begun), 'upstream_error'],
    [stream([...begun, 'data: [DONE]\n\n']), 'upstream_error'],
  ] as const) {
    upstream.answer(script)
    const text = await call(relay.url, {
      path,
      key,
      body: { model: 'native/a-model', input: 'x', stream: true },
    }).then(
      (answer) => answer.text,
      () => '',
    )
    assert.ok(!text.includes('response.completed'), text)
    if (text !== '') assert.equal(JSON.parse(eventsOf(text).at(-1)?.data ?? '{}').code, code)
  }
})

test('what a guardrail takes out of a text is in no event that tells it again', async () => {
  await using upstream = await startUpstream()
  const config = `providers:
  native: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
guardrails:
  pii: { when: both, action: redact, find: [mail], for: { keys: [clean] } }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey({ name: 'clean' })
  const text = 'Write to ada@example.org. Goodbye.'
  const delta = (piece: string): string => (begun[1] ?? '').replace('Grüße, 世界', piece)
  const last = event({ type: 'response.completed', response: response('resp_a', 'completed', text) } as never)
  upstream.answer(stream([begun[0] ?? '', delta('Write to ada@exam'), delta('ple.org. Goodbye.'), last]))
  const body = { model: 'native/a-model', input: 'x', stream: true }
  const streamed = await ask(relay, key, body)
  assert.ok(!streamed.text.includes('example.org'), streamed.text)
  const told = JSON.parse(eventsOf(streamed.text).at(-1)?.data ?? '{}')
  assert.equal(told.type, 'response.completed')
  assert.equal(told.response.output[0].content[0].text, 'Write to [redacted:mail]. Goodbye.')
  upstream.answer(whole(response('resp_b', 'completed', text)))
  const document = await ask(relay, key, { ...body, stream: false })
  assert.equal(document.at('output.0.content.0.text'), 'Write to [redacted:mail]. Goodbye.')
})
