/** What providers keep beside files: containers are gone on with by whoever was told of them, and what is kept for nobody is named by nobody. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import { messageBatchShelf } from '../fake/message-batch-shelf.ts'
import { startUpstream } from '../fake/upstream.ts'
import { assertProblem, call } from './call.ts'
import { adminKey, eventually, fakeKey, startRelay } from './harness.ts'

const usage = { input_tokens: 5, output_tokens: 2, total_tokens: 7 }
const response = (container: string): object => ({
  id: `resp_${container}`,
  object: 'response',
  status: 'completed',
  model: 'fake-model',
  output: [
    {
      id: 'ci_1',
      type: 'code_interpreter_call',
      status: 'completed',
      code: '1',
      container_id: container,
      outputs: null,
    },
    {
      id: 'm',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'one' }],
    },
  ],
  usage,
})

const message = (container: string): object => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'fake-model',
  content: [{ type: 'text', text: 'one' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
  container: { id: container, expires_at: '2030-01-01T00:00:00Z' },
})

const event = (value: { readonly type: string } & object): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`

const streamedMessage = (container: string): readonly string[] =>
  [
    { type: 'message_start', message: { ...message(container), content: [], stop_reason: null, container: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'one' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null, container: { id: container, expires_at: 'x' } },
      usage: { output_tokens: 2 },
    },
    { type: 'message_stop' },
  ].map(event)

test('a container is gone on with by the account that was told of it, and by no other', async () => {
  await using upstream = await startUpstream((exchange) => {
    const { target, body } = exchange.seen
    const asked = JSON.parse(body.toString('utf8')) as { readonly stream?: boolean }
    if (!target.endsWith('/messages')) return whole(response('cntr_own'))(exchange)
    return asked.stream === true
      ? stream(streamedMessage('container_two'))(exchange)
      : whole(message('container_one'))(exchange)
  })
  const address = `base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY"`
  const config = `providers:
  gpt: { vendor: openai, ${address} }
  claude: { vendor: anthropic, ${address} }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  await relay.command('accounts', 'create', '--name', 'customer', '--billing', 'prepaid')
  const stranger = (await relay.createKey({ account: 'customer' })).key

  const responses = (container: unknown, more: object = {}) => ({
    path: '/v1/responses',
    body: { model: 'gpt/m', input: 'hi', tools: [{ type: 'code_interpreter', container }], ...more },
  })
  const messages = (more: object) => ({
    path: '/v1/messages',
    body: { model: 'claude/m', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], ...more },
  })
  const told = { type: 'code_interpreter_call', id: 'ci_1', status: 'completed', code: '1', container_id: 'cntr_own' }
  const asks = [
    responses('cntr_own'),
    responses({ type: 'auto' }, { input: [told, { role: 'user', content: 'and now?' }] }),
    messages({ container: 'container_one' }),
    messages({ container: { id: 'container_two' } }),
  ]
  for (const ask of asks) {
    const refused = await call(relay.url, { ...ask, key: stranger })
    assert.deepEqual([refused.status, upstream.seen.length], [404, 0], refused.text)
  }
  for (const ask of [responses({ type: 'auto' }), messages({}), messages({ stream: true })])
    assert.equal((await call(relay.url, { ...ask, key })).status, 200)
  for (const ask of asks) {
    const own = await call(relay.url, { ...ask, key })
    assert.equal(own.status, 200, own.text)
  }
  const asked = upstream.seen.length
  for (const ask of asks) {
    const refused = await call(relay.url, { ...ask, key: stranger })
    assert.equal(refused.status, 404, refused.text)
    assert.match(String(refused.at('error.message')), /No such Container: '(?:cntr_own|container_one|container_two)'/)
  }
  // A container is at one provider.
  const elsewhere = messages({ container: 'cntr_own' })
  assertProblem(await call(relay.url, { ...elsewhere, key }), 400, 'invalid_request_error')
  assert.equal(upstream.seen.length, asked)
  // What the operator's own people made elsewhere is theirs.
  const outside = await call(relay.url, { ...responses('cntr_outside'), key })
  assert.equal(outside.status, 200, outside.text)
  const list = await relay.command('bindings', '--account', 'default', '--kind', 'container')
  assert.match(JSON.stringify(list), /cntr_own/)
})

test('a container that an answer within a batch tells of is its account’s when the batch is settled', async () => {
  const shelf = messageBatchShelf('m')
  await using upstream = await startUpstream((exchange) => {
    if (!shelf.answer(exchange)) return whole(message('container_later'))(exchange)
  })
  const config = `providers:
  claude: { vendor: anthropic, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY", price: free }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const keyOf = async (name: string): Promise<string> => {
    await relay.command('accounts', 'create', '--name', name, '--billing', 'prepaid')
    await relay.command('credits', 'grant', '--account', name, '--usd', '1')
    return (await relay.createKey({ account: name })).key
  }
  const [key, stranger] = [await keyOf('one'), await keyOf('other')]
  const params = { model: 'claude/m', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }
  const requests = [{ custom_id: 'a', params }]
  const made = await call(relay.url, { path: '/anthropic/v1/messages/batches', key, body: { requests } })
  assert.equal(made.status, 200, made.text)
  shelf.end(String(made.at('id')), () => ({ type: 'succeeded', message: message('container_batch') }))
  const goOn = { path: '/v1/messages', body: { ...params, container: 'container_batch' } }
  await eventually(
    'the container is bound',
    async () => {
      const { status } = await call(relay.url, { ...goOn, key })
      assert.ok(status === 200 || status === 404)
      return status === 200 ? true : undefined
    },
    15_000,
  )
  assert.equal((await call(relay.url, { ...goOn, key: stranger })).status, 404)
})

test('stores and caches under the operator’s credential are named by no customer, but by the owner of a credential of their own', async () => {
  await using upstream = await startUpstream(whole(response('cntr_1')))
  const config = `providers:
  gpt: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const operators = (await relay.createKey()).key
  await relay.command('accounts', 'create', '--name', 'customer', '--billing', 'prepaid')
  const { key } = await relay.createKey({ account: 'customer' })
  const search = {
    path: '/v1/responses',
    body: { model: 'gpt/m', input: 'hi', tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] },
  }
  const cached = {
    path: '/v1beta/models/gpt/m:generateContent',
    body: { cachedContent: 'cachedContents/1', contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  }
  const counted = { ...cached, path: '/v1beta/models/gpt/m:countTokens' }
  for (const ask of [search, cached, counted]) {
    const refused = await call(relay.url, { ...ask, key })
    assert.equal(refused.status, 404, refused.text)
    assert.match(
      String(refused.at('error.message')),
      /Nothing is kept for your account under '(?:vs_1|cachedContents\/1)'/,
    )
  }
  for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) {
    const path = `/v1beta/cachedContents${method === 'GET' || method === 'POST' ? '' : '/1'}`
    const refused = await call(relay.url, { path, method, key, ...(method === 'GET' ? {} : { body: {} }) })
    assert.deepEqual([refused.status, refused.at('error.status')], [404, 'NOT_FOUND'], refused.text)
    assert.match(refused.text, /cached contents are not relayed/)
  }
  assert.equal(upstream.seen.length, 0)
  const theirs = await call(relay.url, { ...search, key: operators })
  assert.equal(theirs.status, 200, theirs.text)
  const brought = { account: 'customer', provider: 'gpt', key: 'sk-of-the-account-0123456789' }
  const added = await call(relay.url, { path: '/api/v1/credentials', key: adminKey, body: brought })
  assert.equal(added.status, 200, added.text)
  const own = await call(relay.url, { ...search, key })
  assert.equal(own.status, 200, own.text)
})
