/** Fine-tuning through bindings: held for and settled once, and its model called by its account alone. Uploads in parts. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { fileShelf } from '../fake/file-shelf.ts'
import { completion } from '../fake/openai.ts'
import { tuningShelf } from '../fake/tuning-shelf.ts'
import { uploadShelf } from '../fake/upload-shelf.ts'
import { startUpstream } from '../fake/upstream.ts'
import { customer, free, moneyOf, proven } from './batch-bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call } from './call.ts'
import { adminKey, eventually, fakeKey, startRelay, testKey } from './harness.ts'
import { upload } from './upload.ts'

const startKeeper = async () => {
  const files = fileShelf('file-')
  const jobs = tuningShelf(files, 'gpt-real')
  const uploads = uploadShelf(files)
  const upstream = await startUpstream((exchange) => {
    if (files.answer(exchange) || jobs.answer(exchange) || uploads(exchange)) return undefined
    return whole(completion())(exchange)
  })
  return Object.assign(upstream, { files, jobs })
}

const configOf = (upstream: { readonly baseUrl: string }): string => `providers:
  fake: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  base: { targets: [{ provider: fake, model: gpt-real }], price: { input: "1.00", output: "2.00", items: { training_token: "0.000025" } } }
  untrained: { targets: [{ provider: fake, model: gpt-real }], price: { input: "1.00", output: "2.00" } }
`

test('a job is held for by its epochs, settled by its trained tokens, and its model is its account’s', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configOf(upstream), env: { FAKE_KEY: fakeKey } })
  const admin = (path: string, body?: object): Promise<Answer> =>
    call(relay.url, { path: `/api/v1${path}`, key: adminKey, ...(body && { body }) })
  const customer = async (name: string, billing: string): Promise<{ readonly id: string; readonly key: string }> => {
    const id = String((await admin('/accounts', { name, billing })).at('id'))
    if (billing === 'prepaid') await admin('/credits', { account: id, usd: '1.00' })
    return { id, key: (await relay.createKey({ account: id })).key }
  }
  const { id: account, key } = await customer('payer', 'prepaid')
  const stranger = await customer('stranger', 'unlimited')
  const bytes = 'x'.repeat(1000)
  const file = (await upload(relay, { key, bytes }, { purpose: 'fine-tune' })).at('id')
  const job = (as: string, more: object): Promise<Answer> =>
    call(relay.url, { path: '/v1/fine_tuning/jobs', key: as, body: { model: 'base', training_file: file, ...more } })

  assertProblem(await job(key, { model: 'untrained' }), 400, 'price_unknown')
  assertProblem(await job(stranger.key, {}), 404, 'not_found')
  assert.equal((await job(key, { training_file: 7 })).status, 400)
  const dear = await job(key, { hyperparameters: { n_epochs: 50 } })
  assertProblem(dear, 402, 'credit_exhausted')
  const made = await job(key, { method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 3 } } } })
  assert.equal(made.status, 200, made.text)
  assert.equal(made.text.includes('org-of-the-operator'), false)
  const id = String(made.at('id'))
  const money = async (): Promise<readonly unknown[]> => {
    const answer = await admin(`/credits/${account}`)
    return [answer.at('balance_nano_usd'), answer.at('held_nano_usd')]
  }
  assert.deepEqual(await money(), ['1000000000', String(1000 * 3 * 25_000)])

  const one = { path: `/v1/fine_tuning/jobs/${id}`, key }
  const events = await call(relay.url, { ...one, path: `${one.path}/events?limit=1` })
  assert.match(String(events.at('data.0.message')), /events\?limit=1$/)
  assert.equal((await call(relay.url, { ...one, path: `${one.path}/pause`, method: 'POST' })).at('status'), 'paused')
  for (const ask of [
    one,
    { ...one, path: `${one.path}/events` },
    { ...one, path: `${one.path}/cancel`, method: 'POST' },
  ])
    assertProblem(await call(relay.url, { ...ask, key: stranger.key }), 404, 'not_found')
  assert.equal((await call(relay.url, { path: '/v1/fine_tuning/jobs', key })).at('data.0.id'), id)

  const model = 'ft:gpt-real:acme::abc'
  upstream.jobs.end(id, { status: 'succeeded', fine_tuned_model: model, trained_tokens: 2000 })
  assert.equal((await call(relay.url, one)).at('fine_tuned_model'), model)
  await eventually('the settlement', async () => ((await money())[1] === '0' ? true : undefined), 15_000)
  assert.deepEqual(await money(), [String(1_000_000_000 - 2000 * 25_000), '0'])
  assert.equal((await admin('/ledger/verify')).at('ok'), true)
  const record = (await relay.logs(50)).find(({ tags }) => (tags as Record<string, string>)['job'] === id)
  assert.deepEqual([record?.['model'], record?.['cost_nano_usd']], ['base', '50000000'])

  // The model has no price of its own, so that a payer is refused until the operator sets one; nobody else knows it.
  const chat = (as: string, name: string): Promise<Answer> =>
    call(relay.url, { key: as, body: { model: name, messages: [{ role: 'user', content: 'hi' }] } })
  for (const name of [model, `fake/${model}`, `${model}:ckpt-step-8`]) {
    assertProblem(await chat(key, name), 400, 'price_unknown')
    assertProblem(await chat(stranger.key, name), 400, 'model_not_found')
    assertProblem(await chat(testKey, name), 400, 'model_not_found')
  }
  const names = async (as: string): Promise<readonly string[]> =>
    ((await call(relay.url, { path: '/v1/models', key: as })).at('data') as { id: string }[]).map((entry) => entry.id)
  assert.equal((await names(key)).includes(model), true)
  assert.equal((await names(stranger.key)).includes(model), false)
  await relay.edit(
    `${configOf(upstream)}  "${model}": { targets: [{ provider: fake, model: "${model}" }], price: { input: "3.00", output: "6.00" } }\n`,
  )
  await eventually('the new price', async () => ((await chat(key, model)).status === 200 ? true : undefined), 10_000)
  assertProblem(await chat(stranger.key, model), 400, 'model_not_found')
  assertProblem(
    await call(relay.url, { path: `/v1/models/${model}`, key: stranger.key, method: 'DELETE' }),
    404,
    'not_found',
  )
  assert.equal((await call(relay.url, { path: `/v1/models/${model}`, key, method: 'DELETE' })).at('deleted'), true)
})

test('a job whose answer is lost is found by its mark, bound, and what its Idempotency-Key is answered with', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configOf(upstream), env: { FAKE_KEY: fakeKey } })
  const { id: account, key } = await customer(relay, '1.00')
  const file = (await upload(relay, { key, bytes: 'x'.repeat(1000) }, { purpose: 'fine-tune' })).at('id')
  const body = { model: 'base', training_file: file, hyperparameters: { n_epochs: 3 } }
  const ask = () => call(relay.url, { path: '/v1/fine_tuning/jobs', key, headers: { 'idempotency-key': 'job' }, body })
  upstream.jobs.loseAnswer()
  const lost = await ask()
  assert.ok(lost.status >= 500, lost.text)
  const again = await ask()
  if (again.status !== 200) assertProblem(again, 409, 'idempotency_in_progress')
  const found = await eventually(
    'the job is found',
    async () => {
      const answer = await ask()
      return answer.status === 200 ? answer : undefined
    },
    15_000,
  )
  assert.equal(upstream.jobs.jobs.size, 1)
  const id = String(found.at('id'))
  assert.deepEqual([...upstream.jobs.jobs.keys()], [id])
  assert.equal(found.text.includes('drover_call'), false, 'callers do not see the mark')
  assert.equal(found.text.includes('org-of-the-operator'), false)
  assert.equal((await moneyOf(relay, account)).held, 1000n * 3n * 25_000n)
  upstream.jobs.end(id, { status: 'succeeded', fine_tuned_model: 'ft:gpt-real:acme::lost', trained_tokens: 2000 })
  const one = await call(relay.url, { path: `/v1/fine_tuning/jobs/${id}`, key })
  assert.equal(one.at('status'), 'succeeded', one.text)
  assert.equal(await free(relay, account), 1_000_000_000n - 2000n * 25_000n)
  await proven(relay)
})

test('a job that succeeds and of which its provider tells no tokens costs nothing, and is not said to cost nothing', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configOf(upstream), env: { FAKE_KEY: fakeKey } })
  const { id: account, key } = await customer(relay, '1.00')
  const file = (await upload(relay, { key, bytes: 'x'.repeat(1000) }, { purpose: 'fine-tune' })).at('id')
  const body = { model: 'base', training_file: file, hyperparameters: { n_epochs: 3 } }
  const id = String((await call(relay.url, { path: '/v1/fine_tuning/jobs', key, body })).at('id'))
  upstream.jobs.end(id, { status: 'succeeded', fine_tuned_model: 'ft:gpt-real:acme::untold', trained_tokens: null })
  await call(relay.url, { path: `/v1/fine_tuning/jobs/${id}`, key })
  assert.equal(await free(relay, account), 1_000_000_000n)
  const record = (await relay.logs(50)).find(({ tags }) => (tags as Record<string, string>)['job'] === id)
  assert.equal(record?.['cost_nano_usd'], null)
  assert.match(String(record?.['warnings']), /the provider told no trained tokens/)
})

test('uploads in parts make a file of their account', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configOf(upstream), env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  const post = (path: string, body: object, as = key): Promise<Answer> => call(relay.url, { path, key: as, body })
  const begun = await post('/v1/uploads', { filename: 'a.jsonl', purpose: 'batch', bytes: 6, mime_type: 'text/jsonl' })
  assert.equal(begun.status, 200, begun.text)
  const path = `/v1/uploads/${begun.at('id')}`
  const form = new FormData()
  form.set('data', new File(['abc'], 'part'))
  const encoded = new Response(form)
  const headers = { 'content-type': encoded.headers.get('content-type') ?? '' }
  const body = new Uint8Array(await encoded.arrayBuffer())
  const part = await call(relay.url, { path: `${path}/parts`, key, method: 'POST', headers, body })
  const done = await post(`${path}/complete`, { part_ids: [part.at('id'), part.at('id')] })
  const content = await call(relay.url, { path: `/v1/files/${done.at('file.id')}/content`, key })
  assert.equal(content.text, 'abcabc')
  assertProblem(await post(`${path}/complete`, { part_ids: [] }, testKey), 404, 'not_found')
  assertProblem(await post('/v1/uploads', {}, testKey), 400, 'invalid_request_error')
})
