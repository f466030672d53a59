/** Responses over one connection: each `response.create` is a call of its own, at any provider; what went before is remembered. */

import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { stream } from '../fake/answer.ts'
import type { Json } from '../fake/realtime.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { call } from './call.ts'
import type { Relay } from './harness.ts'
import { adminKey, eventually, fakeKey, startRelay, testKey } from './harness.ts'
import type { RealtimeClient } from './realtime-client.ts'
import { connectRealtime, refusedRealtime } from './realtime-client.ts'

const path = '/v1/responses'

let upstream: FakeUpstream
let relay: Relay

before(async () => {
  upstream = await startUpstream()
  relay = await startRelay({
    config: `providers:
  native: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  sold: { targets: [{ provider: native, model: any }], price: { input: "1.00", output: "2.00" } }
`,
    env: { FAKE_KEY: fakeKey },
  })
})
after(async () => {
  await upstream.close()
  await relay?.[Symbol.asyncDispose]()
})

const open = (key: string): Promise<RealtimeClient> => connectRealtime(relay.url, { key, path })
const create = (input: unknown, more: Json = {}): Json => ({
  type: 'response.create',
  model: 'gpt-4.1',
  input,
  ...more,
})
const completed = async (client: RealtimeClient): Promise<Json> =>
  (await client.hear('response.completed'))['response'] as Json
const textOf = (response: Json): unknown => (response['output'] as { content: Json[] }[])[0]?.content[0]?.['text']

test('events come as messages, in the order of a stream; the next turn says only what is new', async () => {
  const client = await open(testKey)
  client.say(create('three small words'))
  const first = await completed(client)
  assert.equal(textOf(first), 'three small words')
  assert.deepEqual(
    client.heard.map(({ sequence_number: number }) => number),
    client.heard.map((_event, index) => index),
  )
  assert.equal(client.heard[0]?.['type'], 'response.created')
  client.say(create('and more', { previous_response_id: first['id'] }))
  const second = await completed(client)
  assert.equal(textOf(second), 'and more')
  assert.equal(second['previous_response_id'], first['id'])
  const tokens = (response: Json): number => Number((response['usage'] as Json)['input_tokens'])
  assert.ok(tokens(second) > tokens(first), 'what went before is input')
  client.say(create('x', { previous_response_id: 'resp_of_nobody', stream_id: 'a' }))
  const error = await client.hear('error')
  assert.deepEqual(
    [error['status'], error['stream_id'], (error['error'] as Json)['code'], (error['error'] as Json)['param']],
    [400, 'a', 'previous_response_not_found', 'previous_response_id'],
  )
  client.leave()
  const mine = await eventually('two records', async () => {
    const found = (await relay.logs(20)).filter((one) => one['path'] === path && one['end'] === 'complete')
    return found.length >= 2 ? found : undefined
  })
  assert.notEqual(mine[0]?.['id'], mine[1]?.['id'])
})

test('a warm-up gives an id to go on from, and nothing else; lanes go side by side, each in order', async () => {
  const client = await open(testKey)
  client.say(create('remember the sea', { generate: false }))
  const warm = await completed(client)
  assert.deepEqual([warm['output'], (warm['usage'] as Json)['total_tokens']], [[], 0])
  client.say(create('go on', { previous_response_id: warm['id'] }))
  assert.ok(Number(((await completed(client))['usage'] as Json)['input_tokens']) > 8)
  client.say(create('sandbox:delay=300ms slow', { stream_id: 'one' }), create('quick', { stream_id: 'two' }))
  client.say(create('after', { stream_id: 'one' }))
  const order: unknown[] = []
  for (let index = 0; index < 3; index += 1) {
    const event = await client.hear('response.completed')
    order.push([event['stream_id'], textOf(event['response'] as Json)])
  }
  assert.deepEqual(order, [
    ['two', 'quick'],
    ['one', 'slow'],
    ['one', 'after'],
  ])
  client.leave()
})

test('a refusal is an error event with its status, and the connection goes on', async () => {
  const client = await open(testKey)
  for (const [event, status, code] of [
    [create('x', { model: 'no-such-model' }), 400, 'model_not_found'],
    [create('sandbox:status=429,retry-after=2'), 429, 'rate_limit_exceeded'],
    [create('x', { background: true }), 400, 'invalid_request_error'],
    [{ type: 'response.steer' }, 400, 'invalid_request_error'],
    [create('x', { stream_id: 'no blanks' }), 400, 'invalid_request_error'],
  ] as const) {
    client.say(event)
    const error = await client.hear('error')
    assert.deepEqual([error['status'], (error['error'] as Json)['code']], [status, code])
  }
  client.say(create('sandbox:cut-after=1 one two'))
  assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'upstream_error')
  client.say(create('still here'))
  assert.equal(textOf(await completed(client)), 'still here')
  client.leave()
  assert.equal((await refusedRealtime(relay.url, { path })).status, 401)
  assert.equal((await call(relay.url, { path, key: testKey })).status, 426)
})

test('a provider that has the API is asked for what was remembered; each response is held and settled', async () => {
  const admin = async (at: string, body?: object): Promise<Json> => {
    const answer = await call(relay.url, { path: `/api/v1${at}`, key: adminKey, ...(body && { body }) })
    return JSON.parse(answer.text) as Json
  }
  const { id } = await admin('/accounts', { name: 'talker', billing: 'prepaid' })
  await admin('/credits', { account: id, usd: '1' })
  const { key } = await relay.createKey({ account: id })
  const message = {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
  }
  const answered = (name: string): string => {
    const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 }
    const response = {
      id: name,
      object: 'response',
      created_at: 1,
      status: 'completed',
      model: 'm',
      output: [{ type: 'reasoning', id: 'rs_1', summary: [] }, message],
      usage,
    }
    return `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', sequence_number: 0, response })}\n\n`
  }
  const client = await open(key)
  upstream.answerOnce(stream([answered('resp_1')]), stream([answered('resp_2')]))
  client.say(create('hello', { model: 'sold', store: false }))
  await completed(client)
  client.say(create('again', { model: 'sold', store: false, previous_response_id: 'resp_1', stream_id: 'lane' }))
  const last = await client.hear('response.completed')
  assert.equal(last['stream_id'], 'lane')
  assert.equal((last['response'] as Json)['previous_response_id'], 'resp_1')
  const sent = JSON.parse((await upstream.arrival(1)).body.toString()) as Json
  assert.deepEqual(Object.keys(sent).sort(), ['input', 'model', 'store', 'stream'])
  assert.deepEqual(
    (sent['input'] as Json[]).map((item) => item['content']),
    ['hello', message.content, 'again'],
  )
  assert.equal((await upstream.arrival(1)).headers['upgrade'], undefined)
  client.leave()
  const balance = await eventually('the settlement', async () => {
    const found = await admin(`/credits/${id}`)
    const isOver = found['held_nano_usd'] === '0' && found['balance_nano_usd'] !== '1000000000'
    return isOver && found['balance_nano_usd'] === '999960000' ? found['balance_nano_usd'] : undefined
  })
  assert.equal(balance, '999960000')
})
