/** Files, batches and uploads under an Idempotency-Key: made once, however often they are asked for. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { fileShelf } from '../fake/file-shelf.ts'
import { makeGate } from '../fake/gate.ts'
import { startUpstream } from '../fake/upstream.ts'
import { admin, configFor, create, customer, env, free, line, moneyOf, proven, startKeeper } from './batch-bench.ts'
import { assertProblem, call } from './call.ts'
import { startRelay } from './harness.ts'
import { upload } from './upload.ts'

const under = (key: string) => ({ 'idempotency-key': key })

test('an upload and a batch that are asked for twice are made, held for and charged once', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configFor(upstream), env })
  const { id: account, key } = await customer(relay, '1.00')
  const sent = { key, bytes: `${line('a')}\n`, headers: under('file') }
  const file = await upload(relay, sent, { purpose: 'batch' })
  // A form has another boundary each time.
  const same = await upload(relay, sent, { purpose: 'batch' })
  assert.equal(file.status, 200, file.text)
  assert.equal(same.text, file.text)
  assert.deepEqual(
    [same.headers['idempotent-replayed'], same.headers['x-drover-original-request-id']],
    ['true', file.headers['x-request-id']],
  )
  assert.equal(same.headers['x-drover-provider'], 'fake')
  assert.equal(upstream.files.files.size, 1)
  const other = await upload(relay, { ...sent, bytes: `${line('b')}\n` }, { purpose: 'batch' })
  assertProblem(other, 422, 'idempotency_key_reused')

  const asked = { key, file: file.at('id'), headers: under('batch') }
  const [one, two] = await Promise.all([create(relay, asked), create(relay, asked)])
  assert.equal(one.status, 200, one.text)
  assert.equal(two.text, one.text)
  assert.equal(upstream.batches.batches.size, 1)
  const id = String(one.at('id'))
  upstream.batches.end(id, { usageOf: () => [100, 10] })
  assert.equal((await call(relay.url, { path: `/v1/batches/${id}`, key })).at('status'), 'completed')
  assert.equal(await free(relay, account), 1_000_000_000n - 120_000n)
  assert.equal((await create(relay, asked)).text, one.text, 'also when it has ended')
  await proven(relay)
  assertProblem(await create(relay, { ...asked, headers: under('a b') }), 400, 'invalid_request_error')
})

test('what was refused frees the key; another key of the same account is another one', async () => {
  await using upstream = await startKeeper()
  await using relay = await startRelay({ config: configFor(upstream), env })
  const { id: account, key } = await customer(relay, '0.000001')
  const file = await upload(relay, { key, bytes: `${line('a')}\n` }, { purpose: 'batch' })
  const asked = { key, file: file.at('id'), headers: under('batch') }
  assert.equal((await create(relay, asked)).status, 402)
  await admin(relay, '/credits', { account, usd: '1.00' })
  assert.equal((await create(relay, asked)).status, 200)
  const { key: second } = await relay.createKey({ account })
  assert.equal((await create(relay, { ...asked, key: second })).status, 200)
  assert.equal(upstream.batches.batches.size, 2)
  assert.ok((await moneyOf(relay, account)).held > 0n)
})

test('a caller who leaves does not end what is being made: the repeat finds it', async () => {
  const gate = makeGate()
  const files = fileShelf('file-')
  const arrived = Promise.withResolvers<void>()
  await using upstream = await startUpstream(async (exchange) => {
    arrived.resolve()
    await gate.passed
    files.answer(exchange)
  })
  await using relay = await startRelay({ config: configFor(upstream), env })
  const { key } = await relay.createKey()
  const form = new FormData()
  form.set('purpose', 'batch')
  form.set('file', new File(['x'], 'x.jsonl'))
  const headers = { authorization: `Bearer ${key}`, ...under('left') }
  const ask = (signal: AbortSignal) => fetch(`${relay.url}/v1/files`, { method: 'POST', headers, body: form, signal })
  const controller = new AbortController()
  const left = ask(controller.signal)
  await arrived.promise
  controller.abort()
  await assert.rejects(left)
  const again = ask(AbortSignal.timeout(20_000))
  gate.open()
  assert.equal((await again).status, 200)
  assert.equal(files.files.size, 1)
  assert.equal(upstream.seen.length, 1)
})
