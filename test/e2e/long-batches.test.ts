/** Batches: one hold for the file's worst case, names written anew inside, settled line by line, once. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import {
  admin,
  configFor,
  create,
  customer,
  env,
  free,
  line,
  makeBatch,
  moneyOf,
  proven,
  recordsOf,
  startKeeper,
} from './batch-bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call } from './call.ts'
import { eventually, startRelay, testKey } from './harness.ts'
import { upload } from './upload.ts'

test('a batch is held for, runs under the provider’s names, and is settled line by line', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configFor(upstream), env })
  const { id: account, key } = await customer(relay, '1.00')
  const stranger = await customer(relay, '2.00')
  const lines = ['a', 'b', 'c', 'd'].map((id) => line(id, id === 'b' ? 'sold-alias' : 'sold'))
  const made = await makeBatch(relay, key, lines)
  assert.equal(made.status, 200, made.text)
  const id = String(made.at('id'))
  const input = String(made.at('input_file_id'))
  const [file] = [...upstream.files.files.values()]
  assert.equal(input, file?.id, 'the caller sees the file that it gave')
  const sent = upstream.batches.linesOf(id)
  assert.deepEqual(
    sent.map(({ custom_id: one, body }) => [one, body.model, body['max_tokens']]),
    ['a', 'b', 'c', 'd'].map((one) => [one, 'gpt-real', 20]),
  )
  // Each line's bytes and its output maximum.
  const worst = lines.reduce((sum, text) => {
    const size = BigInt(Buffer.byteLength(JSON.stringify((JSON.parse(text) as { body: object }).body)))
    return sum + size * 1000n + 20n * 2000n
  }, 0n)
  assert.deepEqual(await moneyOf(relay, account), { balance: 1_000_000_000n, held: worst })

  const one = { path: `/v1/batches/${id}`, key }
  assert.deepEqual((await call(relay.url, one)).at('status'), 'validating')
  upstream.batches.end(id, { usageOf: ({ custom_id: name }) => (name === 'c' ? null : [100, 10]) })
  const done = await call(relay.url, one)
  assert.deepEqual([done.at('status'), done.at('input_file_id')], ['completed', input])
  assert.equal(await free(relay, account), 1_000_000_000n - 3n * (100n * 1000n + 10n * 2000n))
  await proven(relay)

  const records = await recordsOf(relay, id)
  assert.deepEqual(records.map(({ end }) => end).sort(), ['complete', 'complete', 'complete', 'refused'])
  const [first] = records.filter(({ end }) => end === 'complete')
  assert.deepEqual(
    [
      first?.['provider'],
      first?.['cost_nano_usd'],
      first?.['account'],
      (first?.['usage'] as { input: number } | undefined)?.input,
    ],
    ['fake', '120000', account, 100],
  )
  assert.deepEqual(first?.['tags'], { team: 'search', batch: id })
  assert.deepEqual(new Set(records.map(({ model }) => model)), new Set(['sold', 'sold-alias']))

  // The results are the caller's, and nobody else's; what Drover put up is gone.
  const output = String(done.at('output_file_id'))
  const content = await call(relay.url, { path: `/v1/files/${output}/content`, key })
  assert.match(content.text, /"custom_id":"a".*gpt-real-2026-01-01/)
  for (const ask of [
    one,
    { path: `/v1/files/${output}/content` },
    { ...one, path: `${one.path}/cancel`, method: 'POST' },
  ])
    for (const other of [stranger.key, testKey])
      assertProblem(await call(relay.url, { ...ask, key: other }), 404, 'not_found')
  assertProblem(await create(relay, { key: stranger.key, file: input }), 404, 'not_found')
  assert.deepEqual((await call(relay.url, { path: '/v1/batches', key: stranger.key })).at('data'), [])
  assert.equal((await call(relay.url, { path: '/v1/batches', key })).at('data.0.id'), id)
  await eventually('the copy is deleted', () => (upstream.files.files.size === 3 ? true : undefined))
  const listed = await call(relay.url, { path: '/v1/files', key })
  assert.equal((listed.at('data') as unknown[]).length, 3)
  // What the operator sees of it.
  const rows = await admin(relay, `/bindings?account=${account}&kind=batch`)
  assert.deepEqual(
    [rows.at('data.0.id'), rows.at('data.0.state'), rows.at('data.0.status')],
    [id, 'ended', 'completed'],
  )
})

test('what cannot be a batch is refused by its line, before anything is held', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configFor(upstream), env })
  const { id: account, key } = await customer(relay, '0.01', { models: ['sold', 'dear', 'elsewhere'] })
  const refused = async (lines: readonly string[], code: string, message: RegExp): Promise<void> => {
    const answer = await makeBatch(relay, key, lines)
    assert.equal(answer.at('error.code'), code, answer.text)
    assert.match(String(answer.at('error.message')), message)
  }
  await refused([line('a'), 'not json'], 'invalid_request_error', /Line 2 is no JSON object/)
  await refused([line('a'), line('a')], 'invalid_request_error', /Line 2 \(custom_id "a"\): 'custom_id'/)
  await refused([line('a', 'sold', { stream: true })], 'invalid_request_error', /not streamed/)
  await refused([line('a', 'nothing')], 'model_not_found', /Line 1/)
  await refused([line('a', 'dear')], 'price_unknown', /Line 1 .*no price/)
  await refused([line('a', 'elsewhere')], 'invalid_request_error', /not served by provider "fake".*served by none/)
  await refused([line('a').replace('/v1/chat/completions', '/v1/embeddings')], 'invalid_request_error', /'url'/)
  await refused([''], 'invalid_request_error', /no lines/)
  await refused([line('a', 'sold', { messages: 7 })], 'invalid_request_error', /Line 1/)
  const dear = Array.from({ length: 30 }, (_unused, index) => line(`line ${index}`, 'sold', { max_tokens: 1000 }))
  await refused(dear, 'credit_exhausted', /this can cost .* a batch with all of its lines/)
  const file = await upload(relay, { key, bytes: line('a') }, { purpose: 'batch' })
  const bad = (body: object): Promise<Answer> => call(relay.url, { path: '/v1/batches', key, body })
  const good = { input_file_id: file.at('id'), endpoint: '/v1/chat/completions', completion_window: '24h' }
  for (const body of [
    {},
    { ...good, endpoint: '/v1/nothing' },
    { ...good, endpoint: 7 },
    { ...good, input_file_id: 1 },
  ])
    assert.equal((await bad(body)).status, 400)
  // The provider's own refusal frees the hold.
  const window = await bad({ ...good, completion_window: '1s' })
  assert.deepEqual([window.status, window.at('error.param')], [400, 'completion_window'])
  assert.deepEqual(await moneyOf(relay, account), { balance: 10_000_000n, held: 0n })
  assert.equal(upstream.batches.batches.size, 0)
  await proven(relay)
  await admin(relay, `/accounts/${account}/suspend`, {})
  assertProblem(await bad(good), 403, 'permission_denied')
  assertProblem(await upload(relay, { key }, { purpose: 'user_data' }), 403, 'permission_denied')
})

test('what expired or was cancelled is settled for what it did; a budget is spent and freed alike', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configFor(upstream), env })
  const { id: account, key } = await customer(relay, '1.00', { budget: '0.5', budget_period: 'day' })
  const lines = Array.from({ length: 120 }, (_unused, index) => line(`${index}`))
  const expired = String((await makeBatch(relay, key, lines)).at('id'))
  const cancelled = String((await makeBatch(relay, key, lines)).at('id'))
  assert.equal(
    (await call(relay.url, { path: `/v1/batches/${cancelled}/cancel`, key, method: 'POST' })).at('status'),
    'cancelling',
  )
  // An account that is suspended meanwhile begins nothing, and what is under way is settled.
  await admin(relay, `/accounts/${account}/suspend`, {})
  upstream.batches.end(expired, { status: 'expired', left: 20 })
  upstream.batches.end(cancelled, { status: 'cancelled', left: 120 })
  assert.equal(await free(relay, account), 1_000_000_000n - 100n * 120_000n)
  await proven(relay)
  await admin(relay, `/accounts/${account}/resume`, {})
  const left = await call(relay.url, { path: '/v1/key', key })
  assert.equal(left.at('data.usage_nano_usd'), '12000000')
  assert.equal((await recordsOf(relay, expired)).length, 120)
})
