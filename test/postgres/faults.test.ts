import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { sampleRecord } from '#base/sample-record.ts'
import { account, begin, grant, grantOf, holdOf, settleOf, startMs } from '#store/ledger-sample.ts'
import { readPostgresUrl } from '#store/postgres/address.ts'
import type { PostgresStore } from '#store/postgres/client.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { connect } from '#store/postgres/connection.ts'
import { deferredOn } from '#store/postgres/deferred.ts'
import { kyselyOn } from '#store/postgres/dialect.ts'
import { lockText } from '#store/postgres/lane.ts'
import { sampleAccount, sampleFirst, sampleTrail } from '#store/sample-rows.ts'
import { stepBack, stepForward } from '#store/schema-steps/apply.ts'
import { schemaSteps } from '#store/schema-steps/index.ts'
import type { Line } from './line.ts'
import { startLine } from './line.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const clock = systemClock()
const ids = systemIds(clock)
let server: PostgresServer
let proxy: Line

const open = (url: string, changes: Partial<Parameters<typeof openPostgresStore>[0]> = {}): Promise<PostgresStore> =>
  openPostgresStore({ url, clock, ids, log: silentLog, connectionsMax: 4, ...changes })

/** The same database by the line that can be cut. */
const overProxy = (url: string): string => url.replace(`:${server.port}/`, `:${proxy.port}/`)
const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1)

const isUnavailable = (error: unknown): boolean => error instanceof Problem && error.code === 'store_unavailable'

before(async () => {
  server = await startPostgres()
  proxy = await startLine(server.port)
})
after(async () => {
  await proxy[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

for (const passOn of [true, false])
  test(`a COMMIT whose answer is lost ${passOn ? 'though it was kept' : 'before it arrived'} is one change with one answer`, async (context) => {
    const url = await server.database()
    const store = await open(overProxy(url))
    context.after(() => store.close())
    await begin(store, 'prepaid')
    const cutsBefore = proxy.cuts()
    const trap = (): void => proxy.cutAt('; commit', passOn)
    trap()
    await grant(store, grantOf('lot_1', 1000n))
    trap()
    assert.deepEqual(await store.hold(holdOf('call_1', 400n)), {
      ok: true,
      amountNanoUsd: 400n,
      cappedBy: null,
      roomNanoUsd: 400n,
    })
    trap()
    const ended = await store.settle(settleOf('call_1', 300n))
    assert.deepEqual(ended, { state: 'settled', chargedNanoUsd: 300n, excessNanoUsd: 0n, repeated: false })
    trap()
    await store.setAccountState(account, 'suspended', sampleTrail('trl_2'))
    assert.equal(proxy.cuts() - cutsBefore, 4)
    assert.equal((await store.balance(account, startMs))?.balanceNanoUsd, 700n)
    assert.deepEqual((await store.verifyBooks(startMs)).problems, [])
    const { ok } = await store.verifyTrail()
    assert.ok(ok)
    assert.equal((await store.trail({ limit: 100, after: null })).filter(({ id }) => id === 'trl_2').length, 1)
  })

test('a line that is cut in the middle of a transaction is tried again, and nothing of it counts twice', async (context) => {
  const store = await open(overProxy(await server.database()))
  context.after(() => store.close())
  await begin(store, 'prepaid')
  await grant(store, grantOf('lot_1', 1000n))
  for (const word of ['account_money', 'insert into hold', 'begin isolation']) {
    proxy.cutAt(word, true)
    assert.equal((await store.hold(holdOf(`call_${word}`, 100n))).ok, true)
  }
  assert.equal((await store.balance(account, startMs))?.heldNanoUsd, 300n)
})

test('while the server is away calls are refused as unavailable, health says so, and it comes back by itself', async (context) => {
  const url = await server.database()
  const store = await open(overProxy(url), { patienceMs: 200 })
  context.after(() => store.close())
  await begin(store, 'prepaid')
  await grant(store, grantOf('lot_1', 1000n))
  proxy.cut()
  await assert.rejects(store.hold(holdOf('call_1', 100n)), isUnavailable)
  assert.equal(store.health().ok, false)
  await assert.rejects(store.balance(account, startMs), isUnavailable)
  proxy.heal()
  await new Promise<void>((resolve, reject) => {
    let looks = 0
    const look = (): void => {
      looks += 1
      if (store.health().ok) resolve()
      else if (looks > 100) reject(new Error('the store did not come back'))
      else clock.after(50, look)
    }
    const keep = setInterval(() => {}, 1000)
    context.after(() => clearInterval(keep))
    look()
  })
  assert.equal((await store.hold(holdOf('call_1', 100n))).ok, true)
})

/** Somebody else writes, and does not come to an end. */
const lockStore = async (url: string) => {
  const other = await connect({ address: readPostgresUrl(url), connectTimeoutMs: 10_000, answerTimeoutMs: 0 })
  await other.query(`begin; ${lockText(null)}`)
  return other
}

/** Resolves when so many transactions have waited for a lock, one after the other. */
const waitedAgain = async (url: string, times: number): Promise<void> => {
  const begun = new Set<string>()
  while (begun.size < times) {
    const rows = await server.query(
      `select xact_start::text as begun from pg_stat_activity where datname = '${nameOf(url)}' and wait_event_type = 'Lock'`,
    )
    for (const row of rows) begun.add(String(row['begun']))
  }
}

test('a node that starts waits for the lock of the store again and again; one that serves refuses', async (context) => {
  const url = await server.database()
  const node = { isStarting: true }
  const store = await open(url, { lockTimeoutMs: 100, isStarting: () => node.isStarting })
  context.after(() => store.close())
  const other = await lockStore(url)
  context.after(() => other.end())
  const beginning = begin(store, 'prepaid')
  await waitedAgain(url, 3)
  await other.query('commit')
  await beginning
  await other.query(`begin; ${lockText(null)}`)
  node.isStarting = false
  await assert.rejects(grant(store, grantOf('lot_1', 1000n)), (problem: Problem) => {
    assert.match(problem.message, /kept waiting for a lock/)
    return isUnavailable(problem)
  })
})

test('a node that starts does not wait for the lock of the store for ever', async (context) => {
  const url = await server.database()
  const store = await open(url, { lockTimeoutMs: 50, startPatienceMs: 200, isStarting: () => true })
  context.after(() => store.close())
  const other = await lockStore(url)
  context.after(() => other.end())
  await assert.rejects(begin(store, 'prepaid'), isUnavailable)
})

test('a server that is killed under load loses nothing that was answered', async (context) => {
  const url = await server.database()
  const store = await open(url, { patienceMs: 20_000 })
  context.after(() => store.close())
  await begin(store, 'prepaid')
  await grant(store, grantOf('lot_1', 10_000n))
  const answers: Promise<void>[] = []
  for (let round = 0; round < 3; round += 1) {
    const calls = Array.from({ length: 40 }, async (_none, place) => {
      const call = `call_${round}_${place}`
      const held = await store.hold(holdOf(call, 10n))
      assert.equal(held.ok, true)
      const ended = await store.settle(settleOf(call, 7n))
      assert.equal(ended.state, 'settled')
    })
    answers.push(...calls)
    await Promise.race(calls)
    await server.kill()
    await server.start()
  }
  await Promise.all(answers)
  assert.equal((await store.balance(account, startMs))?.balanceNanoUsd, 10_000n - 7n * 120n)
  assert.deepEqual((await store.verifyBooks(startMs)).problems, [])
})

test('two stores on one database never take an account below its floor, nor give a name twice', async (context) => {
  const url = await server.database()
  const stores = await Promise.all([open(url), open(url), open(url)])
  for (const store of stores) context.after(() => store.close())
  const [first, ...others] = stores
  assert.ok(first !== undefined)
  await begin(first, 'prepaid')
  await grant(first, grantOf('lot_1', 1000n))
  const held = await Promise.all(
    Array.from({ length: 300 }, (_none, place) => (stores[place % 3] ?? first).hold(holdOf(`call_${place}`, 100n))),
  )
  assert.equal(held.filter(({ ok }) => ok).length, 10)
  const made = await Promise.allSettled(
    [first, ...others].map((store, place) => store.createAccount(sampleAccount('same'), sampleTrail(`trl_x${place}`))),
  )
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.deepEqual(await first.verifyTrail(), {
    ok: true,
    rows: (await first.trail({ limit: 100, after: null })).length,
  })
  await Promise.all(
    Array.from({ length: 200 }, (_none, place) =>
      (stores[place % 3] ?? first).append({ ...sampleRecord(), id: `call_${String(place).padStart(4, '0')}` }),
    ),
  )
  const rows = await server.query('select sequence, xmin::text::bigint as x from call order by sequence', nameOf(url))
  const order = rows.map(({ x }) => Number(x))
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
    'numbers are in the order of their transactions',
  )
})

test('what a leader writes after another has taken over is refused, and changes nothing', async (context) => {
  const url = await server.database()
  const [old, next] = await Promise.all([open(url), open(url)])
  for (const store of [old, next]) context.after(() => store.close())
  const event = {
    id: 'evt_1',
    timeMs: startMs,
    name: 'provider_down',
    account: null,
    object: 'x',
    message: 'x',
  } as const
  await old.keepEvent({ ...event, figure: null, facts: {} }, ['ops'])
  const [due] = await old.dueDeliveries(startMs, 10)
  assert.ok(due !== undefined)
  const mandateOf = async (store: PostgresStore, holder: string, lengthMs: number) => {
    const { held, term } = await store.cluster.takeMandate({ name: 'jobs', holder, lengthMs })
    return { held, mandate: { name: 'jobs', holder, term } }
  }
  const first = await mandateOf(old, 'node_a.1', 0)
  await old.cluster.noteDeliveryUnder({ ...due.delivery, tries: 1, nextMs: startMs }, first.mandate)
  const second = await mandateOf(next, 'node_b.1', 60_000)
  assert.deepEqual([first.held, second.held], [true, true])
  assert.equal((await mandateOf(old, 'node_a.1', 60_000)).held, false)
  const delivered = { ...due.delivery, state: 'delivered', tries: 2, nextMs: null, deliveredMs: startMs } as const
  await assert.rejects(old.cluster.noteDeliveryUnder(delivered, first.mandate), { code: 'conflict' })
  assert.equal((await next.dueDeliveries(startMs, 10))[0]?.delivery.tries, 1)
  await next.cluster.noteDeliveryUnder(delivered, second.mandate)
  assert.deepEqual(await next.dueDeliveries(startMs, 10), [])
  await next.cluster.leave('node_b')
  assert.equal((await mandateOf(old, 'node_a.1', 60_000)).held, true, 'who leaves leaves the mandate to others')
})

test('several nodes step one empty database forward at once, and a schema of a newer Drover is refused', async (context) => {
  const url = await server.database()
  const stores = await Promise.all([open(url), open(url), open(url)])
  for (const store of stores) context.after(() => store.close())
  const rows = await server.query('select name from schema_step order by number', nameOf(url))
  assert.deepEqual(
    rows.map(({ name }) => name),
    schemaSteps.map(({ name }) => name),
  )
  await server.query(`insert into schema_step values (9999, 'of-tomorrow', 0)`, nameOf(url))
  await (await open(url)).close()
  await server.query("update meta set value = value || ',9999' where name = 'schema_needed'", nameOf(url))
  await assert.rejects(open(url), /written by another version of Drover/)
})

test('characters that Postgres does not take are written as the replacement character, and the call is kept', async (context) => {
  const store = await open(await server.database())
  context.after(() => store.close())
  await store.append({ ...sampleRecord(), id: 'call_1', model: 'a\u0000b' })
  assert.equal((await store.call('call_1'))?.model, 'a\ufffdb')
})

test('the books cannot be written over, not even by hand', async (context) => {
  const url = await server.database()
  const store = await open(url)
  context.after(() => store.close())
  await begin(store, 'prepaid')
  await grant(store, grantOf('lot_1', 1000n))
  for (const statement of ['update book_entry set amount_nano = 1', 'delete from book_transaction'])
    await assert.rejects(server.query(statement, nameOf(url)), /append-only/)
})

test('what cannot be opened says why, and never the password', async () => {
  const secret = 'a-password-nobody-may-see'
  const refusals = [
    [`postgres://drover:${secret}@127.0.0.1:1/x`, /cannot be reached/],
    [`postgres://nobody_here:${secret}@127.0.0.1:${server.port}/postgres`, /refuses the user or the password/],
    [`postgres://drover:${secret}@127.0.0.1:${server.port}/not_there`, /no database of that name/],
    [`postgres://drover:${secret}@127.0.0.1:${server.port}/postgres?sslmode=require`, /cannot be reached/],
    [`postgres://drover:${secret}@127.0.0.1:${server.port}/postgres?sslmode=prefer`, /sslmode/],
    [`postgres://drover:${secret}@127.0.0.1/postgres?options=x`, /parameter "options"/],
    [`postgres://drover:${secret}@/`, /cannot be read/],
  ] as const
  for (const [url, why] of refusals)
    await assert.rejects(open(url), (error: unknown) => {
      assert.ok(error instanceof Problem)
      assert.match(error.message, why)
      assert.ok(!`${error.message} ${error.stack} ${String(error.cause)}`.includes(secret))
      return true
    })
})

test('a begin that is asked of several nodes fills the store once', async (context) => {
  const url = await server.database()
  const stores = await Promise.all([open(url), open(url)])
  for (const store of stores) context.after(() => store.close())
  const begun = await Promise.all(stores.map((store) => store.begin(sampleFirst())))
  assert.deepEqual(begun.sort(), [false, true])
})

test('the schema goes back step by step and forward again, and keeps what is in it', async (context) => {
  const url = await server.database()
  const store = await open(url)
  await begin(store, 'prepaid')
  await grant(store, grantOf('lot_1', 1000n))
  await store.close()
  const connection = await connect({ address: readPostgresUrl(url), connectTimeoutMs: 3000, answerTimeoutMs: 0 })
  context.after(() => connection.end())
  const database = kyselyOn(deferredOn(connection))
  const target = { database, dialect: 'postgres', steps: schemaSteps, nowMs: 1 } as const
  // The books are as old as step 2.
  await stepBack(target, 2)
  assert.equal(await stepForward(target), schemaSteps.at(-1)?.number)
  const again = await open(url)
  context.after(() => again.close())
  assert.equal((await again.balance(account, startMs))?.balanceNanoUsd, 1000n)
  assert.deepEqual((await again.verifyBooks(startMs)).problems, [])
  await stepBack(target, 0)
  const left = await server.query(`select tablename from pg_tables where schemaname = 'public'`, nameOf(url))
  assert.deepEqual(left, [{ tablename: 'schema_step' }])
})
