import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startBench } from './bench.ts'
import { call } from './call.ts'
import { admin, balanceOf, models, openAccount, settled, sold } from './customer.ts'
import { configFor, fakeKey, makeFolder, removeFolder, runDrover, startRelay } from './harness.ts'

test('a backup of a running server comes back elsewhere with its keys, its money and its trail', async (context) => {
  const bench = await startBench({ config: models })
  const folder = await makeFolder()
  context.after(async () => {
    await bench.close()
    await removeFolder(folder)
  })
  bench.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  const account = await openAccount(bench, 1_000_000_000n)
  await call(bench.relay.url, { key: account.key, body: sold() })
  assert.equal(await settled(bench, account.id), 1_000_000_000n - 13_000n)
  const run = (...line: string[]) => runDrover([...line, '--json'], { cwd: folder, env: { FAKE_KEY: fakeKey } })

  const taken = await run('backup', 'copy', '--data', bench.relay.data)
  assert.equal(taken.code, 0, taken.stderr)
  await call(bench.relay.url, { key: account.key, body: sold() })
  const busy = await run('restore', 'copy', '--data', bench.relay.data, '--force')
  assert.equal(busy.code, 1)
  assert.match(busy.stderr, /in use/)

  const restored = await run('restore', 'copy', '--data', join(folder, 'data'))
  assert.equal(restored.code, 0, restored.stderr)
  const said = JSON.parse(restored.stdout) as Record<string, unknown>
  assert.deepEqual([said['ok'], said['aside'], said['calls']], [true, null, 1])
  const trail = await run('trail', 'verify', '--data', join(folder, 'data'))
  assert.deepEqual(JSON.parse(trail.stdout), { ok: true, rows: said['trail'], broken_at: null, why: null })

  await using relay = await startRelay({
    folder,
    config: configFor(bench.upstream, models),
    env: { FAKE_KEY: fakeKey },
  })
  const again = { ...bench, relay }
  assert.equal((await balanceOf(again, account.id)).balance, 1_000_000_000n - 13_000n)
  const answer = await call(relay.url, { key: account.key, body: sold() })
  assert.equal(answer.status, 200, answer.text)
  assert.equal((await admin(again, '/trail/verify'))['ok'], true)
})
