/** Batches in Anthropic's form, and those of the sandbox in both. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { messageBatchShelf, succeeded } from '../fake/message-batch-shelf.ts'
import { startUpstream } from '../fake/upstream.ts'
import { call } from './call.ts'
import { adminKey, eventually, fakeKey, startRelay, testKey } from './harness.ts'
import { upload } from './upload.ts'

const request = (id: string, model: string): object => ({
  custom_id: id,
  params: { model, max_tokens: 20, messages: [{ role: 'user', content: `Grüße ${id}` }] },
})

const version = { 'anthropic-version': '2023-06-01' }

test('message batches go to Anthropic under its names, and are settled at the batch price', async () => {
  const shelf = messageBatchShelf('claude-sonnet-4-5')
  await using upstream = await startUpstream((exchange) => {
    if (!shelf.answer(exchange)) exchange.response.writeHead(404).end('{}')
  })
  const config = `providers:
  claude: { vendor: anthropic, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
  other: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  mine: { targets: [{ provider: claude, model: claude-sonnet-4-5 }] }
  theirs: { targets: [{ provider: other, model: gpt }], price: free }
`
  await using relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const admin = (path: string, body?: object) =>
    call(relay.url, { path: `/api/v1${path}`, key: adminKey, ...(body && { body }) })
  const account = String((await admin('/accounts', { name: 'acme', billing: 'prepaid' })).at('id'))
  await admin('/credits', { account, usd: '1.00' })
  const { key } = await relay.createKey({ account })
  const headers = { ...version, 'x-api-key': key }
  const path = '/anthropic/v1/messages/batches'
  const made = await call(relay.url, {
    path,
    headers,
    body: { requests: ['a', 'b', 'c'].map((id) => request(id, 'mine')) },
  })
  assert.equal(made.status, 200, made.text)
  const id = String(made.at('id'))
  assert.equal(shelf.requestsOf(id).length, 3)
  const held = BigInt(String((await admin(`/credits/${account}`)).at('held_nano_usd')))
  assert.ok(held > 0n)
  shelf.end(id, (asked) =>
    asked.custom_id === 'c'
      ? { type: 'errored', error: { type: 'error', error: { type: 'invalid_request_error', message: 'No.' } } }
      : succeeded(asked, { input_tokens: 1000, output_tokens: 100 }),
  )
  const done = await call(relay.url, { path: `${path}/${id}`, headers })
  assert.deepEqual(
    [done.at('processing_status'), done.at('results_url')],
    ['ended', `${relay.url}${path}/${id}/results`],
  )
  const results = await call(relay.url, { path: `${path}/${id}/results`, headers })
  assert.equal(results.text.trim().split('\n').length, 3)
  // Sonnet 4.5 in a batch: 1.50 and 7.50 USD a million.
  const cost = 2n * (1000n * 1500n + 100n * 7500n)
  const left = await eventually(
    'the settlement',
    async () => {
      const money = await admin(`/credits/${account}`)
      return money.at('held_nano_usd') === '0' ? BigInt(String(money.at('balance_nano_usd'))) : undefined
    },
    15_000,
  )
  assert.equal(left, 1_000_000_000n - cost)
  assert.equal((await admin('/ledger/verify')).at('ok'), true)

  const stranger = { ...version, 'x-api-key': (await relay.createKey()).key }
  for (const ask of [{}, { method: 'DELETE' }]) {
    const foreign = await call(relay.url, { path: `${path}/${id}`, headers: stranger, ...ask })
    assert.deepEqual([foreign.status, foreign.at('error.type')], [404, 'not_found_error'])
  }
  assert.equal((await call(relay.url, { path: `${path}/${id}/results`, headers: stranger })).status, 404)
  assert.equal((await call(relay.url, { path, headers })).at('data.0.id'), id)
  const wrong = await call(relay.url, { path, headers, body: { requests: [request('a', 'theirs')] } })
  assert.deepEqual([wrong.status, wrong.at('type')], [400, 'error'])
  assert.match(String(wrong.at('error.message')), /no provider of it takes message batches.*POST \/v1\/batches/)
  assert.equal(
    (await call(relay.url, { path: `${path}/${id}`, headers, method: 'DELETE' })).at('type'),
    'message_batch_deleted',
  )
  assert.equal((await call(relay.url, { path: `${path}/${id}`, headers })).status, 404)
})

test('the sandbox runs batches of test keys in both forms, without money', async () => {
  await using relay = await startRelay()
  const lines = ['one', 'sandbox:status=429', 'three'].map((content, index) =>
    JSON.stringify({
      custom_id: `line-${index}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'kimi-k2', messages: [{ role: 'user', content }] },
    }),
  )
  const file = await upload(relay, { key: testKey, bytes: lines.join('\n') }, { purpose: 'batch' })
  const body = { input_file_id: file.at('id'), endpoint: '/v1/chat/completions', completion_window: '24h' }
  const made = await call(relay.url, { path: '/v1/batches', key: testKey, body })
  assert.equal(made.status, 200, made.text)
  const id = made.at('id')
  const done = await call(relay.url, { path: `/v1/batches/${id}`, key: testKey })
  assert.deepEqual([done.at('status'), done.at('request_counts.completed')], ['completed', 2])
  const output = await call(relay.url, { path: `/v1/files/${done.at('output_file_id')}/content`, key: testKey })
  const said = output.text
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text).response.body.choices[0].message.content)
  assert.deepEqual(said, ['one', 'three'])
  const errors = await call(relay.url, { path: `/v1/files/${done.at('error_file_id')}/content`, key: testKey })
  assert.match(errors.text, /"status_code":429/)
  const records = await eventually('the records of the lines', async () => {
    const found = (await relay.logs(100)).filter(({ tags }) => (tags as Record<string, string>)['batch'] === id)
    return found.length === 3 ? found : undefined
  })
  assert.deepEqual(
    records.map((one) => one['cost_nano_usd']),
    ['0', '0', '0'],
  )
  const responses = JSON.stringify({
    custom_id: 'r',
    method: 'POST',
    url: '/v1/responses',
    body: { model: 'gpt-4.1', input: 'four' },
  })
  const other = await upload(relay, { key: testKey, bytes: responses }, { purpose: 'batch' })
  const asked = { input_file_id: other.at('id'), endpoint: '/v1/responses', completion_window: '24h' }
  const third = await call(relay.url, { path: '/v1/batches', key: testKey, body: asked })
  const finished = await call(relay.url, { path: `/v1/batches/${third.at('id')}`, key: testKey })
  const told = await call(relay.url, { path: `/v1/files/${finished.at('output_file_id')}/content`, key: testKey })
  assert.equal(JSON.parse(told.text).response.body.output[0].content[0].text, 'four')
  const wished = { ...body, metadata: { sandbox: 'in_progress' } }
  const running = await call(relay.url, { path: '/v1/batches', key: testKey, body: wished })
  const cancel = { path: `/v1/batches/${running.at('id')}/cancel`, key: testKey, method: 'POST' }
  assert.equal((await call(relay.url, cancel)).at('status'), 'cancelled')

  const headers = { ...version, 'x-api-key': testKey }
  const messages = { path: '/v1/messages/batches', headers, body: { requests: [request('a', 'claude-sonnet-4.5')] } }
  const batch = await call(relay.url, messages)
  assert.equal(batch.status, 200, batch.text)
  const ended = await call(relay.url, { path: `/v1/messages/batches/${batch.at('id')}`, headers })
  assert.equal(ended.at('processing_status'), 'ended')
  const results = await call(relay.url, { path: `/v1/messages/batches/${batch.at('id')}/results`, headers })
  assert.equal(JSON.parse(results.text).result.message?.content[0].text, 'Grüße a', results.text)
})
