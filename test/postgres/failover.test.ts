/** A server that dies, and the standby that followed it: never asked while it is one, and then in its place. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { account, begin, grant, grantOf, holdOf, settleOf, startMs } from '#store/ledger-sample.ts'
import type { PostgresStore } from '#store/postgres/client.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { call } from '../e2e/call.ts'
import { models, openAccount, provenOk, settled, sold } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { eventually } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startFleet } from './fleet.ts'
import type { Line } from './line.ts'
import { startLine } from './line.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const clock = systemClock()
const open = (url: string): Promise<PostgresStore> =>
  openPostgresStore({ url, clock, ids: systemIds(clock), log: silentLog, connectionsMax: 4, patienceMs: 200 })

type Pair = { readonly primary: PostgresServer; readonly standby: PostgresServer; readonly line: Line }

/** A COMMIT is answered when the standby has it: what was answered outlives the server. */
const synchronous = ['synchronous_standby_names=*', 'synchronous_commit=remote_apply']

const startPair = async (opened: AsyncDisposableStack): Promise<Pair> => {
  const primary = opened.use(await startPostgres())
  await primary.query('create database app')
  const standby = opened.use(await startPostgres({ standbyOf: primary }))
  for (const setting of synchronous) {
    const [name, value] = setting.split('=')
    await primary.query(`alter system set ${name} = '${value}'`)
  }
  await primary.query('select pg_reload_conf()')
  await eventually('a standby that follows', async () => {
    const rows = await primary.query(
      "select 1 from pg_stat_replication where state = 'streaming' and sync_state = 'sync'",
    )
    return rows.length === 1 ? true : undefined
  })
  return { primary, standby, line: opened.use(await startLine(primary.port)) }
}

const both = ({ line, standby }: Pair): string =>
  `postgres://drover@127.0.0.1:${line.port},127.0.0.1:${standby.port}/app`

const promote = async ({ standby }: Pair): Promise<void> => {
  await standby.query("alter system set synchronous_standby_names = ''")
  await standby.query('select pg_reload_conf()')
  await standby.query('select pg_promote()')
}

let pair: Pair
const opened = new AsyncDisposableStack()
before(async () => {
  pair = await startPair(opened)
})
after(() => opened.disposeAsync())

test('a standby is refused and says so; a COMMIT whose server dies is looked up at its successor, and nothing counts twice', async (context) => {
  const { primary, standby, line } = pair
  await assert.rejects(open(standby.url('app')), { code: 'store_unavailable', message: /it is a replica/ })
  const store = await open(both(pair))
  context.after(() => store.close())
  await begin(store, 'prepaid')
  await grant(store, grantOf('lot_1', 10_000n))
  assert.equal((await store.hold(holdOf('call_1', 400n))).ok, true)
  // The COMMIT goes out and is kept; then the line is gone, and the server.
  line.cutAt('; commit', true)
  const cuts = line.cuts()
  const ending = store.settle(settleOf('call_1', 300n))
  await eventually('the cut', () => (line.cuts() > cuts ? true : undefined))
  line.cut()
  await eventually('the COMMIT at the standby', async () =>
    (await standby.query("select 1 from hold where state = 'settled'", 'app')).length === 1 ? true : undefined,
  )
  await primary.kill()
  // Only a replica is left: nothing is decided, nothing is told from it.
  const other = 'an account of which nothing is known'
  await assert.rejects(store.hold({ ...holdOf('call_2', 100n), account: other }), { code: 'store_unavailable' })
  await assert.rejects(store.balance(account, startMs), { code: 'store_unavailable', message: /it is a replica/ })
  assert.equal(store.health().ok, false)
  await promote(pair)
  assert.deepEqual(await ending, { state: 'settled', chargedNanoUsd: 300n, excessNanoUsd: 0n, repeated: false })
  await eventually('health', () => (store.health().ok ? true : undefined))
  assert.equal((await store.hold(holdOf('call_2', 100n))).ok, true)
  assert.deepEqual(await store.balance(account, startMs).then((one) => [one?.balanceNanoUsd, one?.heldNanoUsd]), [
    9700n,
    100n,
  ])
  assert.deepEqual((await store.verifyBooks(startMs)).problems, [])
})

test('a server that is set to read-only takes no calls, and a store that is open to it says so', async (context) => {
  const { standby } = pair
  const store = await open(both(pair))
  context.after(() => store.close())
  await standby.query('alter system set default_transaction_read_only = on')
  await standby.query('select pg_reload_conf()')
  // The server takes a setting in when it comes to it.
  await eventually('the refusal to open', async () =>
    open(both(pair)).then(
      async (one) => {
        await one.close()
        return undefined
      },
      ({ message }: Error) => (/set to read-only/.test(message) ? true : undefined),
    ),
  )
  await eventually('the refusal', async () =>
    store.hold(holdOf('call_3', 1n)).then(
      () => undefined,
      ({ code }: { readonly code: string }) => (code === 'store_unavailable' ? true : undefined),
    ),
  )
  await standby.query('alter system reset default_transaction_read_only')
  await standby.query('select pg_reload_conf()')
  await eventually('health', () => (store.health().ok ? true : undefined))
  assert.equal((await store.hold(holdOf('call_4', 1n))).ok, true)
})

test('nodes go on at the successor: every answered call is charged once', async () => {
  await using stack = new AsyncDisposableStack()
  const second = await startPair(stack)
  await using fleet = await startFleet({ url: both(second), size: 2, config: models })
  fleet.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  const [one, other] = fleet.relays as [Relay, Relay]
  const bench = { relay: one, upstream: fleet.upstream, key: '', close: async () => {} }
  const customer = await openAccount(bench, 1_000_000_000n)
  await eventually('the key on the other node', async () =>
    (await call(other.url, { path: '/v1/models', key: customer.key })).status === 200 ? true : undefined,
  )
  let answered = 0
  const refused = new Set<number>()
  const ask = async (place: number): Promise<number> => {
    const { status } = await call([one, other][place % 2]?.url ?? '', { key: customer.key, body: sold() })
    if (status === 200) answered += 1
    else refused.add(status)
    return status
  }
  for (let place = 0; place < 20; place += 1) await ask(place)
  const dying = second.primary.kill()
  await Promise.all([dying, ...Array.from({ length: 20 }, (_none, place) => ask(place))])
  await promote(second)
  for (const place of [0, 1])
    await eventually(`a call on node ${place}`, async () => ((await ask(place)) === 200 ? true : undefined), 60_000)
  await eventually('every charge', async () =>
    (await settled(bench, customer.id)) === 1_000_000_000n - BigInt(answered) * 13_000n ? true : undefined,
  )
  assert.ok(
    [...refused].every((status) => status === 503),
    [...refused].join(', '),
  )
  await provenOk(bench)
})
