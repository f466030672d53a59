import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { silentLog } from '#base/log.ts'
import type { Store } from '#store/face.ts'
import { makeOperations } from '#store/operations/index.ts'
import { longReads } from '#store/operations/long.ts'
import { sampleAccount, sampleCall, sampleFilter, sampleFirst, sampleTrail } from '#store/sample-rows.ts'
import { makeBeside } from './beside.ts'
import { openSqliteStore } from './client.ts'
import { startSqliteThread } from './thread.ts'

const openIn = async (context: TestContext): Promise<{ readonly store: Store; readonly file: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-beside-'))
  const file = join(folder, 'drover.db')
  const store = await openSqliteStore({
    ...{ url: `sqlite:${file}`, durability: 'process', clock: systemClock(), log: silentLog },
  })
  context.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  await store.begin(sampleFirst())
  return { store, file }
}

const appendMany = async (store: Store, from: number, count: number): Promise<void> => {
  await Promise.all(Array.from({ length: count }, (_unused, at) => store.append(sampleCall(`call_${from + at}`))))
}

test('a long read sees what was asked before it, also what nobody is in a hurry about', async (context) => {
  const { store } = await openIn(context)
  const kept = [store.append(sampleCall('call_1')), store.append(sampleCall('call_2'))]
  const { calls } = await store.calls(sampleFilter())
  assert.deepEqual(calls.map(({ id }) => id).sort(), ['call_1', 'call_2'])
  await Promise.all(kept)
})

test('the books are proven while calls are written: each look sees one instant', async (context) => {
  const { store } = await openIn(context)
  const rows = sampleAccount('one')
  await store.createAccount(rows, sampleTrail('trl_1'))
  const account = rows.account.id
  let isOver = false
  let calls = 0
  const settleOn = async (lane: number): Promise<void> => {
    for (let at = 0; !isOver; at += 1) {
      const of = { call: `call_${lane}_${at}`, account, key: 'key_1', nowMs: 1 }
      await store.settle({ ...of, chargeNanoUsd: 7n, priceHash: null, rule: 'test', model: [], upstreamCosts: [] })
      calls += 1
    }
  }
  const writing = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(settleOn))
  for (let look = 0; look < 20; look += 1) assert.deepEqual((await store.verifyBooks(2)).problems, [])
  isOver = true
  await writing
  assert.ok(calls > 20, `${calls} calls`)
})

test('the log of writes goes back into the database beside the writing', async (context) => {
  const { store, file } = await openIn(context)
  for (let from = 0; from < 3000; from += 300) await appendMany(store, from, 300)
  // Asked behind what is copied, it is answered when that is done.
  await store.calls(sampleFilter())
  const pageBytes = 4096
  // Without it the database stays as small as it began until the log has 32,768 pages.
  assert.ok(statSync(file).size > 200 * pageBytes, `${statSync(file).size} bytes`)
  assert.ok(statSync(`${file}-wal`).size < 32_768 * pageBytes)
  await store.close()
  const after = new DatabaseSync(file, { readOnly: true })
  assert.deepEqual({ ...after.prepare('select count(*) as calls from call').get() }, { calls: 3000 })
  after.close()
})

test('only reads go there', () => {
  const operations = makeOperations()
  for (const name of longReads) assert.equal(operations[name as keyof typeof operations].kind, 'read', name)
})

test('where its thread has ended, what waits is refused, and it says that it is not there', async () => {
  const told: string[] = []
  const log: Log = { ...silentLog, warn: (message) => told.push(message) }
  const beside = makeBeside({
    ...{ clock: systemClock(), whom: 'The store', queueLengthMax: 10, answerTimeoutMs: 1000, log },
    settings: { file: '/nowhere', durability: 'process', nowMs: 0, busyTimeoutMs: 0 },
    endLog: () => {},
    start: () => startSqliteThread(new URL('data:text/javascript,process.exit(3)')),
  })
  assert.equal(beside.isThere(), true)
  await assert.rejects(beside.ask('pendingCalls', null), { code: 'store_unavailable', message: /left with code 3/ })
  assert.equal(beside.isThere(), false)
  assert.equal(told.length, 1)
  beside.wrote(100_000)
  await beside.close()
})

/** A thread that has always copied nearly all of a log that is full. */
const copier = `
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', ({ kind }) => {
    if (kind === 'copy') parentPort.postMessage({ kind: 'copied', why: null, isLogFull: true })
    if (kind === 'close') parentPort.close()
  })`

test('a log that is full is copied to its end by the thread that writes, before it is copied again', async (context) => {
  const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let count = 0
  const beside = makeBeside({
    ...{ clock: systemClock(), whom: 'The store', queueLengthMax: 10, answerTimeoutMs: 1000, log: silentLog },
    settings: { file: '/nowhere', durability: 'process', nowMs: 0, busyTimeoutMs: 0 },
    endLog: () => {
      ends[count]?.resolve()
      count += 1
    },
    start: () => startSqliteThread(new URL(`data:text/javascript,${encodeURIComponent(copier)}`)),
  })
  context.after(() => beside.close())
  beside.wrote(100_000)
  await ends[0]?.promise
  beside.wrote(100_000)
  assert.equal(count, 1)
  beside.copied({ why: null, isLogFull: false })
  beside.wrote(100_000)
  await ends[1]?.promise
  assert.equal(count, 2)
})
