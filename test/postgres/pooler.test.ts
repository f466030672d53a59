/** The store and its nodes through a pooler in transaction mode. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { ledgerContract } from '#store/ledger.contract.ts'
import type { LedgerBackend, Reopened } from '#store/ledger-sample.ts'
import { account, begin, grant, grantOf, holdOf, settleOf, startMs } from '#store/ledger-sample.ts'
import { outboxContract } from '#store/outbox.contract.ts'
import type { PostgresStore } from '#store/postgres/client.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { call } from '../e2e/call.ts'
import { models, openAccount, provenOk, settled, sold } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { eventually } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startFleet } from './fleet.ts'
import type { Pooler } from './pooler.ts'
import { startPooler } from './pooler.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const machine = systemClock()
let server: PostgresServer
let pooler: Pooler
const opened = new AsyncDisposableStack()
before(async () => {
  server = opened.use(await startPostgres())
  pooler = opened.use(await startPooler(server))
})
after(() => opened.disposeAsync())

const open = (
  url: string,
  more: { readonly clock?: Clock; readonly directUrl?: string } = {},
): Promise<PostgresStore> =>
  openPostgresStore({ url, clock: machine, ids: systemIds(machine), log: silentLog, connectionsMax: 4, ...more })

const backend: LedgerBackend = {
  name: 'books, pooler',
  runs: 2,
  inLanes: true,
  openAgain: async (context, clock) => {
    const url = pooler.through(await server.database())
    const reopened = async (): Promise<Reopened> => {
      const store = await open(url, { clock: { ...machine, nowMs: () => clock.nowMs() } })
      context.after(() => store.close())
      const again = async (): Promise<Reopened> => {
        await store.close()
        return reopened()
      }
      return { store, again }
    }
    return reopened()
  },
}

ledgerContract(backend)
outboxContract({
  name: 'pooler',
  open: async (context) => {
    const store = await open(pooler.through(await server.database()))
    context.after(() => store.close())
    return store
  },
})

test('several stores on few sessions of a pooler keep to the floor, and leave no lock behind', async (context) => {
  const url = await server.database()
  const stores = await Promise.all([1, 2, 3].map(() => open(pooler.through(url))))
  for (const store of stores) context.after(() => store.close())
  const [first] = stores
  assert.ok(first !== undefined)
  await begin(first, 'prepaid')
  await grant(first, grantOf('lot_1', 1000n))
  const held = await Promise.all(
    Array.from({ length: 200 }, (_none, place) => (stores[place % 3] ?? first).hold(holdOf(`call_${place}`, 100n))),
  )
  const calls = held.flatMap(({ ok }, place) => (ok ? [`call_${place}`] : []))
  assert.equal(calls.length, 10)
  await Promise.all(calls.map((one, place) => (stores[place % 3] ?? first).settle(settleOf(one, 40n))))
  assert.equal((await first.balance(account, startMs))?.balanceNanoUsd, 600n)
  assert.deepEqual((await first.verifyBooks(startMs)).problems, [])
  const [left] = await server.query(
    `select count(*)::int as locks from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = '${url.slice(url.lastIndexOf('/') + 1)}')`,
  )
  assert.equal(left?.['locks'], 0)
})

test('word of a change passes around a pooler where direct_url says how, and without it is asked for', async (context) => {
  const url = await server.database()
  const [writer, around, behind] = await Promise.all([
    open(pooler.through(url)),
    open(pooler.through(url), { directUrl: url }),
    open(pooler.through(url)),
  ])
  for (const store of [writer, around, behind]) context.after(() => store.close())
  let hints = 0
  around.cluster.onHint(() => {
    hints += 1
  })
  const recalled: string[] = []
  around.cluster.onRecall((one) => recalled.push(one))
  const from = await behind.cluster.trailEnd()
  await begin(writer, 'prepaid')
  await eventually('word of the change', async () => {
    // Until the listener listens nothing is heard of what was before.
    await writer.cluster.recall('acc_1')
    return hints > 0 && recalled.length > 0 ? true : undefined
  })
  assert.ok((await behind.cluster.changesAfter(from)).position > from, 'who asks is told')
})

test('nodes behind a pooler in transaction mode share one account, hear of keys, and are proven', async () => {
  const url = await server.database()
  await using fleet = await startFleet({ url: pooler.through(url), size: 2, config: models })
  fleet.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  const [one, other] = fleet.relays as [Relay, Relay]
  const bench = { relay: one, upstream: fleet.upstream, key: '', close: async () => {} }
  const customer = await openAccount(bench, 1_000_000_000n)
  await eventually('the key on the other node', async () =>
    (await call(other.url, { path: '/v1/models', key: customer.key })).status === 200 ? true : undefined,
  )
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_none, place) =>
      call([one, other][place % 2]?.url ?? '', { key: customer.key, body: sold() }),
    ),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  await eventually('every charge', async () =>
    (await settled(bench, customer.id)) === 1_000_000_000n - 60n * 13_000n ? true : undefined,
  )
  await provenOk(bench)
  for (const relay of [one, other])
    await eventually('readiness', async () =>
      (await call(relay.url, { path: '/health/readiness' })).status === 200 ? true : undefined,
    )
})
