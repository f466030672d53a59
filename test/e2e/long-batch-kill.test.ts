/** Batches are settled once, whatever is killed meanwhile. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import {
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
import { call } from './call.ts'
import { eventually, startRelay } from './harness.ts'
import { upload } from './upload.ts'

test('a kill in the middle of settling, and again: every line is charged once', async () => {
  await using upstream = await startKeeper()
  const config = configFor(upstream)
  const first = await startRelay({ config, env })
  const folder = first.folder
  const { id: account, key } = await customer(first, '2.00')
  const lines = Array.from({ length: 600 }, (_unused, index) => line(`${index}`))
  const id = String((await makeBatch(first, key, lines)).at('id'))
  upstream.batches.end(id)
  let relay = first
  // Killed as soon as some lines are charged, but not all of them.
  for (let round = 0; round < 3; round += 1) {
    const before = (await moneyOf(relay, account)).balance
    await eventually(
      'some lines are charged',
      async () => ((await moneyOf(relay, account)).balance < before || round > 0 ? true : undefined),
      20_000,
    )
    await relay.kill()
    relay = await startRelay({ folder, config, env })
  }
  await using last = relay
  await call(last.url, { path: `/v1/batches/${id}`, key })
  assert.equal(await free(last, account), 2_000_000_000n - 600n * 120_000n)
  await proven(last)
  const records = await recordsOf(last, id)
  assert.equal(records.length, 600)
  assert.equal(new Set(records.map((one) => one['id'])).size, 600)
})

test('a kill between the making of a batch and its binding: it is found by its mark, bound to who asked for it, and charged', async () => {
  const made = Promise.withResolvers<void>()
  await using upstream = await startKeeper({ created: () => made.resolve() })
  const config = configFor(upstream)
  const first = await startRelay({ config, env })
  const { id: account, key } = await customer(first, '2.00')
  // The provider makes the batch and is never heard of again.
  const file = await upload(first, { key, bytes: `${line('a')}\n${line('b')}\n` }, { purpose: 'batch' })
  const asked = { key, file: file.at('id'), headers: { 'idempotency-key': 'once' } }
  create(first, asked).catch(() => undefined)
  await made.promise
  await first.kill()
  const [id = ''] = upstream.batches.batches.keys()
  upstream.batches.end(id)
  await using last = await startRelay({ folder: first.folder, config, env })
  const shown = await eventually(
    'the batch is bound',
    async () => {
      const answer = await call(last.url, { path: `/v1/batches/${id}`, key })
      return answer.status === 200 ? answer : undefined
    },
    15_000,
  )
  assert.deepEqual(shown.at('metadata'), { a: 'b' }, 'callers do not see the mark')
  assert.equal(await free(last, account), 2_000_000_000n - 2n * 120_000n)
  assert.equal((await recordsOf(last, id)).length, 2)
  await proven(last)
  const again = await create(last, asked)
  assert.deepEqual([again.status, again.at('id'), again.headers['idempotent-replayed']], [200, id, 'true'], again.text)
  assert.equal(upstream.batches.batches.size, 1, 'under its key it is not made again')
})

test('a batch that its provider never made costs nothing, and what was held for it is free again', async () => {
  const asked = Promise.withResolvers<void>()
  await using upstream = await startKeeper({ refuseCreation: () => asked.resolve() })
  await using relay = await startRelay({ config: configFor(upstream), env })
  const { id: account, key } = await customer(relay, '2.00')
  assert.equal((await makeBatch(relay, key, [line('a')])).status, 502)
  await asked.promise
  assert.equal(await free(relay, account), 2_000_000_000n)
  const { data } = JSON.parse((await call(relay.url, { path: '/v1/batches', key })).text)
  assert.deepEqual(data, [], 'a note of what is being made is no batch')
})
