/** Batches are settled once, whatever is killed meanwhile. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import {
  configFor,
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
