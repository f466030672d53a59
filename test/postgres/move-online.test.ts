/** A store that is moved while its server takes calls: none fails, each is charged once, books and trail are proven on both sides. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { sampleRecord } from '#base/sample-record.ts'
import type { Store } from '#store/face.ts'
import { account, begin, grant, grantOf, holdOf, settleOf, startMs } from '#store/ledger-sample.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { openOnlineMove } from '#store/postgres/move-online.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'
import { call } from '../e2e/call.ts'
import { admin, models, openAccount, provenOk, settled, sold } from '../e2e/customer.ts'
import { configFor, eventually, fakeKey, makeFolder, removeFolder, runDrover, startRelay } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const clock = systemClock()
const callNano = 13_000n
const startNano = 1_000_000_000n

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

const storeText = `${models}store: { url: "env:STORE_URL" }\nsecrets: { key: "env:SECRET_KEY" }\n`

test('under load no call fails, callers wait for the moment of the change, and a restart goes on at the Postgres', async (context) => {
  await using upstream = await startUpstream(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  await using relay = await startRelay({ config: configFor(upstream, models), env: { FAKE_KEY: fakeKey } })
  const bench = { relay, upstream, key: '', close: async () => {} }
  const customer = await openAccount(bench, startNano)
  const digits = (await readFile(join(relay.data, 'secret.key'))).toString('hex')
  const env = { FAKE_KEY: fakeKey, STORE_URL: await server.database(), SECRET_KEY: `hex:${digits}` }

  let [ending, count, longestMs] = [false, 0, 0]
  const answers = new Map<string, number>()
  const caller = async (): Promise<void> => {
    while (!ending) {
      const beganMs = performance.now()
      const told = await call(relay.url, { key: customer.key, body: sold() }).then(
        ({ status, text }) => (status === 200 ? '200' : `${status} ${text}`),
        (error: unknown) => String(error),
      )
      longestMs = Math.max(longestMs, performance.now() - beganMs)
      answers.set(told, (answers.get(told) ?? 0) + 1)
      count += 1
    }
  }
  const callers = Array.from({ length: 6 }, caller)
  const more = async (what: string): Promise<void> => {
    const from = count
    await eventually(what, () => (count > from + 60 ? true : undefined), 60_000)
  }
  await more('calls before')
  await relay.edit(configFor(upstream, storeText))
  const flags = ['store', 'move', '--online', '--config', relay.configFile, '--data', relay.data, '--json']
  const moved = await runDrover(flags, { cwd: relay.folder, env, withinMs: 100_000 })
  assert.equal(moved.code, 0, moved.stderr)
  const told = JSON.parse(moved.stdout)
  assert.equal(told.ok, true)
  assert.ok(told.online.changes > 0)
  await more('calls after')
  const made = await relay.createKey({ account: customer.id })
  ending = true
  await Promise.all(callers)
  assert.deepEqual([...answers.keys()], ['200'])
  const answered = BigInt(answers.get('200') ?? 0)
  context.diagnostic(
    `${answered} calls, none failed; callers waited ${told.online.pausedMs} ms, the longest call took ${Math.round(longestMs)} ms; ${told.rows} rows, then ${told.online.changes} changes`,
  )
  await eventually('every charge', async () =>
    (await settled(bench, customer.id)) === startNano - answered * callNano ? true : undefined,
  )
  await provenOk(bench)
  const inStore = await server.query("select count(*)::int as count from hold where state = 'settled'", 'test_1')
  assert.equal(BigInt(String(inStore[0]?.['count'])), answered)
  const trail = (await admin(bench, '/trail?limit=100'))['data'] as readonly { readonly operation: string }[]
  assert.ok(trail.some(({ operation }) => operation === 'store.move'))

  // Again, and back in the old file: both are refused with what happened.
  const again = await runDrover(flags, { cwd: relay.folder, env })
  assert.equal(again.code, 1)
  assert.match(again.stderr, /has a store in it already/)
  assert.ok((await server.query("select 1 from hold where state = 'settled'", 'test_1')).length >= Number(answered))
  await relay.stop()
  await relay.edit(configFor(upstream, models))
  await assert.rejects(
    startRelay({ folder: relay.folder, env }),
    /was moved to postgres .*calls have been booked there since/,
  )
  await relay.edit(configFor(upstream, storeText))
  await using node = await startRelay({ folder: relay.folder, env })
  assert.equal((await call(node.url, { key: made.key, body: sold() })).status, 200)
  const there = { ...bench, relay: node }
  await eventually('the charge of the restarted one', async () =>
    (await settled(there, customer.id)) === startNano - (answered + 1n) * callNano ? true : undefined,
  )
  await provenOk(there)
})

test('what changes between copies is copied, also what is deleted; undone, the Postgres is empty and can be moved to again', async (context) => {
  const folder = await makeFolder()
  context.after(() => removeFolder(folder))
  const file = join(folder, 'drover.db')
  const plain = { clock, log: silentLog }
  const old = await openSqliteStore({
    ...plain,
    url: `sqlite:${file}`,
    durability: 'process',
  })
  context.after(() => old.close())
  await begin(old, 'prepaid')
  await grant(old, grantOf('lot_1', 1_000_000n))
  const work = async (from: number, count: number): Promise<void> => {
    for (let place = from; place < from + count; place += 1) {
      await old.hold(holdOf(`call_${place}`, 900n))
      await old.settle(settleOf(`call_${place}`, 700n))
      await old.append({ ...sampleRecord(), id: `call_${place}`, requestBody: 'a body' })
    }
    while ((await old.rollForward()) > 0);
  }
  await work(0, 10)
  const url = await server.database()
  const name = url.slice(url.lastIndexOf('/') + 1)
  const first = await openOnlineMove({ file, clock, url })
  await first.copy()
  await work(10, 5)
  assert.ok((await first.catchUp()) > 0)
  assert.equal((await server.query('select 1 from hold', name)).length, 15)
  await first.undo()
  first.close()
  assert.deepEqual(await server.query('select 1 from hold', name), [])

  const move = await openOnlineMove({ file, clock, url })
  await move.copy()
  await work(15, 10)
  await old.hold(holdOf('call_open', 500n))
  assert.equal(await old.forgetBodies(Date.now() + 1, 1000), 25)
  await move.catchUp()
  assert.equal(await move.catchUp(), 0)
  await move.finish()
  move.close()
  const other = await openOnlineMove({ file, clock, url })
  await assert.rejects(other.copy(), { code: 'conflict', message: /has a store in it already/ })
  await other.undo()
  other.close()

  const store = await openPostgresStore({ ...plain, url, ids: systemIds(clock) })
  context.after(() => store.close())
  const seen = async (one: Store) => [
    await one.balance(account, startMs),
    await one.verifyBooks(startMs),
    await one.verifyTrail(),
    await one.call('call_20'),
  ]
  assert.deepEqual(await seen(store), await seen(old))
  assert.deepEqual(await server.query('select 1 from call_body', name), [])
  await store.settle(settleOf('call_open', 400n))
  await store.append({ ...sampleRecord(), id: 'call_new' })
  assert.deepEqual((await store.verifyBooks(startMs)).problems, [])
  // Nothing is noted any more.
  const left = new DatabaseSync(file).prepare("select name from sqlite_schema where name like 'moved%'").all()
  assert.deepEqual(left, [])
})
