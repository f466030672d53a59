import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Log } from '#base/log.ts'
import { silentLog } from '#base/log.ts'
import { sampleCall, sampleFirst } from '#store/sample-rows.ts'
import type { SqliteStoreOptions } from './client.ts'
import { openSqliteStore } from './client.ts'
import { startSqliteThread } from './thread.ts'

const options = (changes: Partial<SqliteStoreOptions> = {}): SqliteStoreOptions => ({
  url: 'sqlite::memory:',
  durability: 'process',

  clock: systemClock(),
  log: silentLog,
  ...changes,
})
const inFolder = (context: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-store-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return folder
}
/** A worker that behaves as the given body says. */
const workerOf = (body: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads';
parentPort.postMessage({ kind: 'open' });${body}`)}`,
  )

test('what was kept is there when the file is opened again, and only its owner may read it', async (context) => {
  const file = join(inFolder(context), 'deep', 'drover.db')
  const store = await openSqliteStore(options({ url: `sqlite:${file}` }))
  await store.begin(sampleFirst())
  const appended = store.append(sampleCall('call_1'))
  await store.close()
  await appended
  await assert.rejects(store.call('call_1'), { code: 'store_unavailable', message: /closed/ })
  assert.equal(statSync(file).mode & 0o777, 0o600)

  const again = await openSqliteStore(options({ url: `sqlite:${file}`, durability: 'power' }))
  assert.deepEqual(await again.call('call_1'), sampleCall('call_1'))
  assert.equal(await again.begin(sampleFirst()), false)
  await again.close()
  await again.close()
})

test('a store that cannot be opened is refused with the reason', async (context) => {
  const folder = inFolder(context)
  const plain = join(folder, 'plain')
  writeFileSync(plain, 'this is a text of more than one hundred bytes and no database at all. '.repeat(4))
  const cases: readonly [string, RegExp, string][] = [
    [`sqlite:${join(plain, 'drover.db')}`, /could not be opened/, 'store_unavailable'],
    [`sqlite:${folder}`, /could not be opened/, 'store_unavailable'],
    [`sqlite:${plain}`, /not a SQLite database: check "store\.url"/, 'store_unavailable'],
    ['postgres://localhost/drover', /not a SQLite store/, 'invalid_request_error'],
  ]
  for (const [url, message, code] of cases) await assert.rejects(openSqliteStore(options({ url })), { code, message })
})

test('a store that a newer Drover has written is refused and left as it is', async (context) => {
  const file = join(inFolder(context), 'drover.db')
  await (await openSqliteStore(options({ url: `sqlite:${file}` }))).close()
  const newer = new DatabaseSync(file)
  newer.exec("insert into schema_step (number, name, applied_ms) values (999, 'from-the-future', 0)")
  newer.exec("update meta set value = value || ',999' where name = 'schema_needed'")
  newer.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  newer.close()
  const before = readFileSync(file)
  await assert.rejects(openSqliteStore(options({ url: `sqlite:${file}` })), {
    code: 'store_unavailable',
    message: /schema step 999 "from-the-future", and this version knows \d+ steps\. Start the version that wrote it/,
  })
  assert.deepEqual(readFileSync(file), before)
})

test('a worker that fails rejects what waits, and the store says so', async () => {
  const told: string[] = []
  const log: Log = { ...silentLog, error: (message) => told.push(message) }
  const crashing = workerOf(
    `parentPort.on('message', ({ kind }) => { if (kind === 'ask') throw new Error('planted') })`,
  )
  const store = await openSqliteStore(options({ thread: startSqliteThread(crashing), log }))
  assert.deepEqual(store.health(), { ok: true })
  const both = await Promise.allSettled([store.append(sampleCall('call_1')), store.call('call_1')])
  for (const one of both) {
    assert.ok(one.status === 'rejected')
    assert.equal(one.reason.code, 'store_unavailable')
    assert.match(one.reason.message, /planted/)
  }
  const health = store.health()
  assert.ok(!health.ok)
  assert.match(health.message, /has ended: planted/)
  assert.deepEqual(told, ['the store does not keep what it is given'])
  await assert.rejects(store.append(sampleCall('call_2')), { code: 'store_unavailable' })
  await store.close()
})

test('a worker that leaves before it has opened is an error, not a wait', async () => {
  const leaving = new URL('data:text/javascript,process.exit(3)')
  await assert.rejects(openSqliteStore(options({ thread: startSqliteThread(leaving) })), {
    code: 'store_unavailable',
    message: /left with code 3/,
  })
})

test('a thread that was started early and is gone when a store is to be opened on it is an error, not a wait', async () => {
  const thread = startSqliteThread(new URL('data:text/javascript,throw new Error("planted")'))
  await new Promise((gone) => thread.once('exit', gone))
  await assert.rejects(openSqliteStore(options({ thread })), {
    code: 'store_unavailable',
    message: /its program could not be loaded/,
  })
})

test('a thread that is not needed after all ends when it is told to', async () => {
  const thread = startSqliteThread()
  thread.postMessage({ kind: 'close' })
  const [code] = await once(thread, 'exit')
  assert.equal(code, 0)
})

test('a worker that does not answer: calls are given up, and the store says so', async () => {
  const clock = handClock(0)
  const silent = workerOf(`parentPort.on('message', ({ kind }) => { if (kind === 'close') process.exit() })`)
  const store = await openSqliteStore(
    options({ thread: startSqliteThread(silent), clock, answerTimeoutMs: 2000, queueLengthMax: 1 }),
  )
  const call = store.append(sampleCall('call_1'))
  await assert.rejects(store.append(sampleCall('call_2')), { message: /1 operations wait/ })
  clock.advance(1000)
  assert.equal(store.health().ok, true)
  clock.advance(1000)
  await assert.rejects(call, { code: 'store_unavailable', message: /did not answer within 2000 ms/ })
  assert.equal(store.health().ok, false)
  await store.close()
})

test('while another program holds the file, writes fail and reads go on; the store mends itself', async (context) => {
  const file = join(inFolder(context), 'drover.db')
  const clock = handClock(0)
  const told = Promise.withResolvers<void>()
  const log: Log = { ...silentLog, info: () => told.resolve() }
  const store = await openSqliteStore(options({ url: `sqlite:${file}`, clock, log, busyTimeoutMs: 0 }))
  // Nobody is in a hurry about a record: it goes when a little time has passed.
  const append = (id: string): Promise<void> => {
    const kept = store.append(sampleCall(id))
    clock.advance(10)
    return kept
  }
  await append('call_1')
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  await assert.rejects(append('call_2'), {
    code: 'store_unavailable',
    message: /locked by another program/,
  })
  const health = store.health()
  assert.ok(!health.ok)
  assert.match(health.message, /locked by another program/)
  assert.deepEqual(await store.call('call_1'), sampleCall('call_1'))
  other.exec('ROLLBACK')
  other.close()
  clock.advance(1000)
  await told.promise
  assert.equal(store.health().ok, true)
  await append('call_2')
  await store.close()
})

test('what is written is written while the thread that asked for it stands still', async (context) => {
  const file = join(inFolder(context), 'drover.db')
  const store = await openSqliteStore(options({ url: `sqlite:${file}` }))
  context.after(() => store.close())
  const appended = Promise.all(
    Array.from({ length: 3000 }, (_unused, number) => store.append(sampleCall(`call_${number}`))),
  )
  // What somebody waits for takes along what nobody does, at the end of this turn of the loop.
  const found = store.call('call_2999')
  await new Promise((resolve) => setImmediate(resolve))
  const beside = new DatabaseSync(file, { readOnly: true })
  const count = beside.prepare('select count(*) as count from call')
  const untilMs = performance.now() + 60_000
  while (count.get()?.['count'] !== 3000) assert.ok(performance.now() < untilMs, 'nothing more was written')
  beside.close()
  await appended
  assert.deepEqual(await found, sampleCall('call_2999'))
})
