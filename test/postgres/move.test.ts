import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { account, begin, grant, grantOf, holdOf, settleOf, startMs } from '#store/ledger-sample.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { moveStore } from '#store/postgres/move.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'
import { call } from '../e2e/call.ts'
import { models, openAccount, provenOk, settled, sold } from '../e2e/customer.ts'
import { configFor, eventually, fakeKey, runDrover, startRelay } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const clock = systemClock()
let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

test('an embedded store is moved row by row, its books and its trail hold there, and its numbers go on', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-move-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'drover.db')
  const plain = { clock, log: silentLog }
  const old = await openSqliteStore({
    ...plain,
    url: `sqlite:${file}`,
    durability: 'process',
  })
  await begin(old, 'prepaid')
  await grant(old, grantOf('lot_1', 1_000_000n))
  for (let place = 0; place < 30; place += 1) {
    await old.hold(holdOf(`call_${place}`, 900n))
    await old.settle(settleOf(`call_${place}`, 700n))
    await old.append({ ...sampleRecord({ attempts: [sampleAttempt({ costNanoUsd: 5n })] }), id: `call_${place}` })
  }
  await old.hold(holdOf('call_open', 500n))
  const before = {
    balance: await old.balance(account, startMs),
    books: await old.verifyBooks(startMs),
    trail: await old.verifyTrail(),
    call: await old.call('call_7'),
  }
  await old.close()

  const url = await server.database()
  const { rows } = await moveStore({ file, url, clock })
  assert.ok(rows > 100)
  await assert.rejects(moveStore({ file, url, clock }), { code: 'conflict' })
  const store = await openPostgresStore({ ...plain, url, ids: systemIds(clock) })
  context.after(() => store.close())
  assert.deepEqual(
    {
      balance: await store.balance(account, startMs),
      books: await store.verifyBooks(startMs),
      trail: await store.verifyTrail(),
      call: await store.call('call_7'),
    },
    before,
  )
  await store.settle(settleOf('call_open', 400n))
  await grant(store, grantOf('lot_2', 5n))
  await store.append({ ...sampleRecord(), id: 'call_new' })
  assert.deepEqual((await store.verifyBooks(startMs)).problems, [])
  assert.ok((await store.verifyTrail()).ok)
})

test('`drover store move` takes a person from one server to several: keys and credit are there, and the key of the server is asked for', async () => {
  await using upstream = await startUpstream(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  await using alone = await startRelay({ config: configFor(upstream, models), env: { FAKE_KEY: fakeKey } })
  const bench = { relay: alone, upstream, key: '', close: async () => {} }
  const customer = await openAccount(bench, 1_000_000n)
  assert.equal((await call(alone.url, { key: customer.key, body: sold() })).status, 200)
  await settled(bench, customer.id)
  await alone.stop()

  await alone.edit(
    configFor(upstream, `${models}store: { url: "env:STORE_URL" }\nsecrets: { key: "env:SECRET_KEY" }\n`),
  )
  const digits = (await readFile(join(alone.data, 'secret.key'))).toString('hex')
  const env = {
    FAKE_KEY: fakeKey,
    STORE_URL: await server.database(),
    SECRET_KEY: 'another-key-of-thirty-two-characters',
  }
  const flags = ['store', 'move', '--config', alone.configFile, '--data', alone.data, '--json']
  const refused = await runDrover(flags, { cwd: alone.folder, env })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /another key than .*secret\.key/)
  const rightEnv = { ...env, SECRET_KEY: `hex:${digits}` }
  const moved = await runDrover(flags, { cwd: alone.folder, env: rightEnv })
  assert.equal(moved.code, 0, moved.stderr)
  assert.equal(JSON.parse(moved.stdout).ok, true)
  await using node = await startRelay({ folder: alone.folder, env: rightEnv })
  assert.equal((await call(node.url, { key: customer.key, body: sold() })).status, 200)
  const there = { ...bench, relay: node }
  await eventually('the charge', async () =>
    (await settled(there, customer.id)) === 1_000_000n - 26_000n ? true : undefined,
  )
  await provenOk(there)
})
