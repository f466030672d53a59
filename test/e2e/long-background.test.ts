/** Responses in the background: made while nobody waits, by Drover where their provider cannot, and billed all the same. */

import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { whole as document, stream } from '../fake/answer.ts'
import { responseEvents } from '../fake/responses.ts'
import type { FakeUpstream, Script } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Answer } from './call.ts'
import { call, eventsOf, openCall } from './call.ts'
import type { Relay } from './harness.ts'
import { adminKey, eventually, fakeKey, startRelay, testKey } from './harness.ts'

const path = '/v1/responses'
/** Some of these start three relays, beside whatever else runs. */
const startWithinMs = 120_000

let upstream: FakeUpstream
let relay: Relay

const config = (): string => `providers:
  native: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  sold: { targets: [{ provider: native, model: any }], price: { input: "1.00", output: "2.00" } }
`
before(async () => {
  upstream = await startUpstream()
  relay = await startRelay({ config: config(), env: { FAKE_KEY: fakeKey }, startWithinMs })
})
after(async () => {
  await upstream.close()
  await relay?.[Symbol.asyncDispose]()
})

const make = (input: string, more: object = {}): Promise<Answer> =>
  call(relay.url, { path, key: testKey, body: { model: 'gpt-4.1', input, background: true, store: true, ...more } })
const show = (id: unknown, query = ''): Promise<Answer> =>
  call(relay.url, { path: `${path}/${id}${query}`, key: testKey })
const ended = (id: unknown): Promise<Answer> =>
  eventually(`the end of ${id}`, async () => {
    const answer = await show(id)
    return ['queued', 'in_progress'].includes(String(answer.at('status'))) ? undefined : answer
  })

test('Drover makes it: queued, looked at, read along from anywhere, kept', async () => {
  const made = await make('sandbox:delay=400ms one two three')
  assert.deepEqual([made.status, made.at('status'), made.at('background')], [200, 'queued', true])
  const id = made.at('id')
  assert.ok(['queued', 'in_progress'].includes(String((await show(id)).at('status'))))
  const items = await show(id, '/input_items')
  assert.equal((items.at('data') as object[]).length, 1)
  assert.equal((await call(relay.url, { path: `${path}/${id}`, key: (await relay.createKey()).key })).status, 404)
  const along = await show(id, '?stream=true&starting_after=1')
  const numbers = eventsOf(along.text).map(({ data }) => JSON.parse(data).sequence_number)
  assert.equal(numbers[0], 2)
  assert.equal(JSON.parse(eventsOf(along.text).at(-1)?.data ?? '{}').type, 'response.completed')
  const whole = await ended(id)
  assert.deepEqual([whole.at('status'), whole.at('output.0.content.0.text')], ['completed', 'one two three'])
  const next = await call(relay.url, {
    path,
    key: testKey,
    body: { model: 'gpt-4.1', input: 'go on', previous_response_id: id },
  })
  assert.equal(next.status, 200, next.text)
  assert.equal((await show(id, '/cancel')).status, 405)
  const late = await call(relay.url, { path: `${path}/${id}/cancel`, key: testKey, method: 'POST' })
  assert.equal(late.status, 400)
  // The call that made it is over, and it is what is kept of it that is told.
  assert.equal((await show(id)).at('background'), true)
  const again = eventsOf((await show(id, '?stream=true')).text).map(({ data }) => JSON.parse(data))
  assert.ok(again.every(({ response }) => response === undefined || response.background === true))
  const dropped = await call(relay.url, { path: `${path}/${id}`, key: testKey, method: 'DELETE' })
  assert.deepEqual([dropped.status, dropped.at('deleted')], [200, true])
  assert.equal((await show(id)).status, 404)
})

test('streamed, it goes on when its reader leaves', async () => {
  const body = { model: 'gpt-4.1', input: 'sandbox:delay=300ms a b c', background: true, store: true, stream: true }
  const reading = await openCall(relay.url, { path, key: testKey, body })
  const first = await reading.until('response.created')
  reading.leave()
  const id = JSON.parse(eventsOf(`${first.split('\n\n')[0]}\n\n`)[0]?.data ?? '{}').response.id
  assert.equal((await ended(id)).at('output.0.content.0.text'), 'a b c')
})

test('cancelled, failed, refused: each is said', async () => {
  const slow = (await make('sandbox:delay=20s x')).at('id')
  const cancelled = await call(relay.url, { path: `${path}/${slow}/cancel`, key: testKey, method: 'POST' })
  assert.deepEqual([cancelled.status, cancelled.at('status')], [200, 'cancelled'])
  const again = await call(relay.url, { path: `${path}/${slow}/cancel`, key: testKey, method: 'POST' })
  assert.equal(again.at('status'), 'cancelled')
  const broken = await ended((await make('sandbox:cut-after=1 one two three')).at('id'))
  assert.deepEqual([broken.at('status'), broken.at('error.code')], ['failed', 'upstream_error'])
  const busy = await ended((await make('sandbox:status=503 x')).at('id'))
  assert.equal(busy.at('status'), 'failed')
  assert.equal((await make('x', { model: 'nowhere' })).at('error.code'), 'model_not_found')
  const unkept = await make('x', { store: false })
  assert.deepEqual([unkept.status, unkept.at('error.param')], [400, 'background'])
  const dropped = await call(relay.url, { path: `${path}/${slow}`, key: testKey, method: 'DELETE' })
  assert.equal(dropped.at('deleted'), true)
  assert.equal((await show(slow)).status, 404)
})

test('a relay that is killed in the middle says so afterwards, and leaves no hold', async () => {
  const first = await startRelay({ startWithinMs })
  const body = { model: 'gpt-4.1', input: 'sandbox:delay=60s x', background: true, store: true }
  const id = (await call(first.url, { path, key: testKey, body })).at('id')
  await first.kill()
  await using second = await startRelay({ folder: first.folder, startWithinMs })
  const found = await call(second.url, { path: `${path}/${id}`, key: testKey })
  assert.deepEqual([found.at('status'), found.at('error.code')], ['failed', 'server_error'])
  assert.match(String(found.at('error.message')), /ended before it was complete/)
})

const response = (id: string, status: string, more: object = {}): object => ({
  id,
  object: 'response',
  created_at: 1_790_000_000,
  status,
  background: true,
  model: 'any',
  output: [],
  usage: null,
  ...more,
})
const usage = { input_tokens: 100, output_tokens: 50, total_tokens: 150 }

/** A provider that has one response, which is as the test says. */
const provider = (id: string, state: { status: string; gone?: boolean; usage?: object }): Script => {
  const script: Script = (exchange) => {
    const { seen } = exchange
    if (seen.method === 'POST' && seen.target === path) return document(response(id, 'queued'))(exchange)
    if (seen.target.endsWith('/cancel')) state.status = 'cancelled'
    const isOver = state.status !== 'in_progress'
    return document(response(id, state.status, isOver ? { usage: state.usage ?? usage } : {}))(exchange)
  }
  return script
}

let accounts = 0
type Account = { readonly id: string; readonly key: string }
const customer = async (at: Relay): Promise<Account> => {
  accounts += 1
  const post = async (to: string, body: object): Promise<Answer> =>
    call(at.url, { path: `/api/v1${to}`, key: adminKey, body })
  const id = String((await post('/accounts', { name: `waits-${accounts}`, billing: 'prepaid' })).at('id'))
  await post('/credits', { account: id, usd: '1' })
  return { id, key: (await at.createKey({ account: id })).key }
}
const creditOf = async (at: Relay, id: string): Promise<{ balance: unknown; held: unknown }> => {
  const found = await call(at.url, { path: `/api/v1/credits/${id}`, key: adminKey })
  return { balance: found.at('balance_nano_usd'), held: found.at('held_nano_usd') }
}
const settledAt = (at: Relay, id: string): Promise<unknown> =>
  eventually(
    'the settlement',
    async () => {
      const { balance, held } = await creditOf(at, id)
      return held === '0' && balance !== '1000000000' ? balance : undefined
    },
    30_000,
  )

test('a provider that can is asked for it: held until it has ended, settled though nobody asks, over a restart as well', async () => {
  const state = { status: 'in_progress' }
  upstream.answer(provider('resp_native', state))
  const first = await startRelay({ config: config(), env: { FAKE_KEY: fakeKey }, startWithinMs })
  const { id, key } = await customer(first)
  const body = { model: 'sold', input: 'think', background: true }
  const made = await call(first.url, { path, key, body })
  assert.deepEqual([made.status, made.at('id'), made.at('status')], [200, 'resp_native', 'queued'])
  const sent = JSON.parse(upstream.seen.at(-1)?.body.toString() ?? '{}')
  assert.deepEqual(sent, { ...body, model: 'any' })
  assert.notEqual((await creditOf(first, id)).held, '0')
  assert.equal((await call(first.url, { path: `${path}/resp_native`, key })).at('status'), 'in_progress')
  const early = await call(first.url, { path: `${path}/resp_native`, key, method: 'DELETE' })
  assert.match(String(early.at('error.message')), /Cancel it first/)
  await first.kill()
  await using second = await startRelay({
    config: config(),
    env: { FAKE_KEY: fakeKey },
    folder: first.folder,
    startWithinMs,
  })
  assert.notEqual((await creditOf(second, id)).held, '0')
  state.status = 'completed'
  assert.equal(await settledAt(second, id), '999800000')
  const record = (await second.logs(20)).find((one) => one['id'] === made.headers['x-request-id'])
  assert.deepEqual(
    [record?.['end'], record?.['finish_reason'], record?.['cost_nano_usd']],
    ['complete', 'completed', '200000'],
  )
})

test('what its provider leaves unsaid of its usage is counted, and not free', async () => {
  const { id, key } = await customer(relay)
  upstream.answer(provider('resp_half', { status: 'completed', usage: { output_tokens: 50 } }))
  const made = await call(relay.url, { path, key, body: { model: 'sold', input: 'think', background: true } })
  const balance = Number(await settledAt(relay, id))
  // 50 tokens of output, and a few of the question.
  assert.ok(balance < 999_900_000 && balance > 999_800_000, String(balance))
  const record = (await relay.logs(20)).find((one) => one['id'] === made.headers['x-request-id'])
  assert.match(String(record?.['warnings']), /did not say all of it for this response, and it was counted/)
})

test('cancelled at its provider, or streamed and left: what it used is charged once', async () => {
  const { id, key } = await customer(relay)
  const state = { status: 'in_progress' }
  upstream.answer(provider('resp_cancelled', state))
  const body = { model: 'sold', input: 'think', background: true }
  assert.equal((await call(relay.url, { path, key, body })).status, 200)
  const cancelled = await call(relay.url, { path: `${path}/resp_cancelled/cancel`, key, method: 'POST' })
  assert.equal(cancelled.at('status'), 'cancelled')
  assert.equal(await settledAt(relay, id), '999800000')

  const other = await customer(relay)
  const event = (value: { readonly type: string } & object): string =>
    `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
  const created = event({
    type: 'response.created',
    sequence_number: 0,
    response: response('resp_s', 'in_progress'),
  } as never)
  const last = event({
    type: 'response.completed',
    sequence_number: 1,
    response: response('resp_s', 'completed', { usage }),
  } as never)
  upstream.answerOnce(stream([created, last]))
  const streamed = await call(relay.url, { path, key: other.key, body: { ...body, stream: true } })
  assert.equal(streamed.text, created + last)
  assert.equal(await settledAt(relay, other.id), '999800000')
})

test('a provider of Responses that has none in the background is asked as for any: Drover keeps what it says', async () => {
  await using provider = await startUpstream(stream(responseEvents(['one ', 'two'])))
  const config = `providers:
  x: { vendor: xai, base_url: "${provider.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
`
  await using own = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
  const { key } = await own.createKey()
  const asked = (body: object) => call(own.url, { path, key, body: { model: 'x/m', store: true, ...body } })
  const shown = (id: unknown) => call(own.url, { path: `${path}/${id}`, key })
  const made = await asked({ input: 'a', background: true })
  const id = made.at('id')
  const whole = await eventually('the end of the response', async () => {
    const answer = await shown(id)
    return ['queued', 'in_progress'].includes(String(answer.at('status'))) ? undefined : answer
  })
  for (const told of [whole, await shown(id)])
    assert.deepEqual(
      ['id', 'status', 'background', 'output.0.content.0.text'].map((name) => told.at(name)),
      [id, 'completed', true, 'one two'],
      told.text,
    )
  const next = await asked({ input: 'b', previous_response_id: id, stream: true })
  assert.equal(next.status, 200, next.text)
  assert.match(provider.seen[1]?.body.toString() ?? '', /"a".*one two.*"b"/s)
  // What the provider keeps cannot be gone on from by what Drover keeps.
  const refused = await asked({ input: 'c', previous_response_id: 'resp_fake_0001', background: true })
  assert.deepEqual([refused.status, refused.at('error.param')], [400, 'previous_response_id'], refused.text)
})
