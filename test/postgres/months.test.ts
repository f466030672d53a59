/** The log of calls in months: made ahead, dropped, and taken over from a table that had none. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { firstIdAt, systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { sampleRecord } from '#base/sample-record.ts'
import { readPostgresUrl } from '#store/postgres/address.ts'
import type { PostgresStore } from '#store/postgres/client.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { connect } from '#store/postgres/connection.ts'
import { deferredOn } from '#store/postgres/deferred.ts'
import { kyselyOn } from '#store/postgres/dialect.ts'
import { bringForward } from '#store/postgres/open-schema.ts'
import { sampleFilter } from '#store/sample-rows.ts'
import { stepBack, stepForward } from '#store/schema-steps/apply.ts'
import { schemaSteps } from '#store/schema-steps/index.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const clock = systemClock()
const ids = systemIds(clock)
const place = schemaSteps.findIndex(({ name }) => name === 'months')
let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1)

const opened = async (context: TestContext, url: string): Promise<PostgresStore> => {
  const store = await openPostgresStore({ url, clock, ids, log: silentLog, connectionsMax: 4 })
  context.after(() => store.close())
  return store
}

const partsOf = async (url: string): Promise<readonly string[]> => {
  const rows = await server.query(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'call'::regclass order by 1`,
    nameOf(url),
  )
  return rows.map(({ name }) => String(name))
}

const monthMs = (year: number, month: number): number => Date.UTC(year, month - 1)
/** A call of this time, as a node names it. */
const callAt = (timeMs: number, number = 0) => ({
  ...sampleRecord(),
  id: `${firstIdAt('call', timeMs)}${String(number).padStart(16, '0')}`,
  timeMs,
})

test('months are made ahead once, hold the calls of their time, and are dropped when the figures hold these', async (context) => {
  const url = await server.database()
  const store = await opened(context, url)
  const { cluster } = store
  const nowMs = monthMs(2031, 3) + 5
  // Came before anybody had made its month.
  await store.append(callAt(monthMs(2031, 3) + 1))
  assert.deepEqual(await cluster.makeMonths(nowMs), ['call_2031_03', 'call_2031_04', 'call_2031_05'])
  assert.deepEqual(await cluster.makeMonths(nowMs), [])
  assert.deepEqual(await cluster.makeMonths(monthMs(2031, 4)), ['call_2031_06'])
  const calls = [callAt(monthMs(2031, 3) + 2, 1), callAt(monthMs(2031, 4) - 1, 2), callAt(monthMs(2031, 4), 3)]
  for (const call of calls) await store.append(call)
  // A repeat is no second row, whatever the month.
  for (const call of calls) await store.append(call)
  const places = await server.query(
    'select tableoid::regclass::text as part, id from call order by sequence',
    nameOf(url),
  )
  assert.deepEqual(
    places.map(({ part }) => part),
    ['call_2031_03', 'call_2031_03', 'call_2031_03', 'call_2031_04'],
  )
  const listed = await store.calls(sampleFilter())
  assert.equal(listed.calls.length, 4)
  assert.deepEqual(await cluster.dropMonths(monthMs(2031, 4)), ['call_before'], 'the others are not in the figures yet')
  while ((await store.rollForward()) > 0);
  assert.deepEqual(await cluster.dropMonths(monthMs(2031, 4) - 1), [], 'the last call of March is not old enough')
  assert.deepEqual(await cluster.dropMonths(monthMs(2031, 4)), ['call_2031_03'])
  assert.deepEqual(
    (await store.calls(sampleFilter())).calls.map(({ id }) => id),
    calls.slice(2).map(({ id }) => id),
  )
  assert.deepEqual(await partsOf(url), ['call_2031_04', 'call_2031_05', 'call_2031_06', 'call_rest'])
  await store.append(callAt(monthMs(2031, 4) + 9, 4))
  assert.equal(await store.rollForward(), 0)
})

test('a month that somebody reads is left for the next time, and calls are not kept waiting', async (context) => {
  const url = await server.database()
  const store = await opened(context, url)
  const reader = await connect({ address: readPostgresUrl(url), connectTimeoutMs: 3000, answerTimeoutMs: 0 })
  context.after(() => reader.end())
  await reader.query('begin; select count(*) from call')
  await assert.rejects(store.cluster.dropMonths(monthMs(2100, 1)), {
    code: 'store_unavailable',
    message: /waiting for a lock/,
  })
  assert.equal(store.health().ok, true)
  await store.append(callAt(clock.nowMs()))
  await reader.query('rollback')
  while ((await store.rollForward()) > 0);
  assert.deepEqual(await store.cluster.dropMonths(monthMs(2100, 1)), ['call_before'])
})

const calls = Number(process.env['DROVER_STEP_CALLS'] ?? 100_000)
/** Stated in docs/operate/nodes.md; the machine of the tests may be busy. */
const forwardWithinMs = 30_000
const backWithinMs = 120_000

test(`a log of ${calls} calls is taken over as it is, and given back`, async (context) => {
  const url = await server.database()
  const connection = await connect({ address: readPostgresUrl(url), connectTimeoutMs: 3000, answerTimeoutMs: 0 })
  context.after(() => connection.end())
  await bringForward(connection, 1, schemaSteps.slice(0, place))
  const first = firstIdAt('call', clock.nowMs() - 86_400_000)
  await connection.query(
    `insert into call (id, time_ms, test, protocol, path, stream, status, attempts, duration_ms, overhead_ms, "end", tags, warnings,
        request_bytes, response_bytes, model)
      select '${first}' || lpad(n::text, 16, '0'), n, 0, 'openai-chat', '/v1/chat/completions', 0, 200, '[' || repeat(' ', 300) || ']', 1, 1,
        'complete', '{}', '[]', 1, 1, 'model_' || n % 9 from generate_series(1, ${calls}) n`,
  )
  // What no node would name so, and what would be of a later month.
  await connection.query(`insert into call (id, time_ms, test, protocol, path, stream, status, attempts, duration_ms, overhead_ms, "end", tags,
    warnings, request_bytes, response_bytes) select odd, 1, 0, 'p', '/', 0, 200, '[]', 1, 1, 'complete', '{}', '[]', 1, 1
    from unnest(array['call_zzz', 'call']) odd`)
  const sum = async (): Promise<unknown> =>
    (
      await server.query(
        'select count(*)::text, md5(string_agg(md5(c::text), $$$$ order by sequence)) from call c',
        nameOf(url),
      )
    )[0]
  const before = await sum()
  const database = kyselyOn(deferredOn(connection))
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now()
    await connection.query('begin')
    await work()
    await connection.query('commit')
    return Math.round(performance.now() - startedMs)
  }
  const target = { database, dialect: 'postgres', steps: schemaSteps.slice(0, place + 1), nowMs: 1 } as const
  const forwardMs = await timed(() => stepForward(target))
  assert.deepEqual(await sum(), before)
  assert.deepEqual(await partsOf(url), ['call_before', 'call_rest'])
  const backMs = await timed(() => stepBack(target, schemaSteps[place - 1]?.number ?? 0))
  assert.deepEqual(await sum(), before)
  context.diagnostic(`${calls} calls: forward ${forwardMs} ms, back ${backMs} ms`)
  assert.ok(forwardMs < forwardWithinMs && backMs < backWithinMs, `forward ${forwardMs} ms, back ${backMs} ms`)
  await bringForward(connection, 1)
  const store = await opened(context, url)
  await store.append(callAt(clock.nowMs(), 7))
  const [last] = await server.query(
    'select max(sequence)::int as last, count(distinct sequence)::int as count from call',
    nameOf(url),
  )
  assert.deepEqual(last, { last: calls + 3, count: calls + 3 })
  assert.equal((await store.calls({ ...sampleFilter(), limit: 5 })).calls.length, 5)
})
