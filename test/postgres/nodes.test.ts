import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { chat } from '../e2e/bench.ts'
import type { Answer } from '../e2e/call.ts'
import { call } from '../e2e/call.ts'
import { admin, balanceOf, holdOf, models, openAccount, provenOk, settled, sold } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, eventually, testKey } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Fleet } from './fleet.ts'
import { startFleet } from './fleet.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const benchOf = (fleet: Fleet, place = 0) => ({
  relay: at(fleet, place),
  upstream: fleet.upstream,
  key: '',
  close: async () => {},
})
const at = (fleet: Fleet, place: number): Relay => {
  const relay = fleet.relays[place % fleet.relays.length]
  assert.ok(relay !== undefined)
  return relay
}

/** A second is promised; the rest is for a busy machine. */
const everywhereWithinMs = 20_000

/** Asks until the answer has this status; where it does not come in time, tells what came last. */
const answered = async (what: string, status: number, ask: () => Promise<Answer>): Promise<void> => {
  let last: Answer | null = null
  const isThere = async (): Promise<true | undefined> => {
    last = await ask()
    return last.status === status ? true : undefined
  }
  await eventually(what, isThere, everywhereWithinMs).catch((late: unknown) => {
    throw new Error(`${String(late)}; the last answer: ${last?.status} ${last?.text}`)
  })
}

describe('three nodes on one Postgres', () => {
  let server: PostgresServer
  let fleet: Fleet
  const opened = new AsyncDisposableStack()
  before(async () => {
    server = opened.use(await startPostgres())
    fleet = opened.use(
      await startFleet({
        url: await server.database(),
        size: 3,
        config: `applied: { allow_private: true }\n${models}`,
      }),
    )
    fleet.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  })
  after(() => opened.disposeAsync())

  test('started at once on an empty store they share its first rows, and each answers and is ready', async () => {
    for (const [place, relay] of fleet.relays.entries()) {
      const answer = await call(relay.url, { key: testKey, body: { ...chat('hi'), model: 'kimi-k2' } })
      assert.equal(answer.status, 200, `node ${place}: ${answer.status} ${answer.text}`)
      await answered(`readiness of node ${place}`, 200, () => call(relay.url, { path: '/health/readiness' }))
    }
    const organisations = await admin(benchOf(fleet), '/organisations')
    assert.equal((organisations['data'] as unknown[]).length, 1)
  })

  test('a key made on one node is known to the others within a second, and one revoked is refused', async () => {
    const made = await at(fleet, 0).createKey({ name: 'of-one' })
    const use = (relay: Relay) => call(relay.url, { key: made.key, body: chat('hi') })
    for (const [place, relay] of fleet.relays.entries())
      await answered(`the key on node ${place}`, 200, () => use(relay))
    const revoked = await call(at(fleet, 1).url, { method: 'DELETE', path: `/api/v1/keys/${made.id}`, key: adminKey })
    assert.ok(revoked.status < 300, revoked.text)
    for (const [place, relay] of fleet.relays.entries())
      await answered(`the refusal on node ${place}`, 401, () => use(relay))
  })

  test('a model that is applied on one node answers on the others within a second, and no more when it is removed', async () => {
    const made = await at(fleet, 0).createKey({ name: 'for-the-applied' })
    const credential = 'sk-applied-on-one-node'
    const file = `
providers: { rented: { vendor: openai-compatible, base_url: "${fleet.upstream.baseUrl}", allow_private: true, api_key: "${credential}" } }
models: { hired: { targets: [{ provider: rented, model: any }], price: free } }
`
    await admin(benchOf(fleet), '/apply', { file })
    const use = (relay: Relay) => call(relay.url, { key: made.key, body: chat('hi', { model: 'hired' }) })
    fleet.upstream.forget()
    for (const [place, relay] of fleet.relays.entries())
      await answered(`the model on node ${place}`, 200, () => use(relay))
    for (const { headers } of fleet.upstream.seen) assert.equal(headers.authorization, `Bearer ${credential}`)
    const gone = await call(at(fleet, 1).url, { method: 'DELETE', path: '/api/v1/models/hired', key: adminKey })
    assert.equal(gone.status, 200, gone.text)
    for (const [place, relay] of fleet.relays.entries())
      await answered(`the refusal on node ${place}`, 400, () => use(relay))
  })

  test('a node that was stopped while a key was revoked admits no call with it when it goes on', async () => {
    const made = await at(fleet, 0).createKey({ name: 'of-the-past' })
    const held = at(fleet, 2)
    const use = () => call(held.url, { key: made.key, body: chat('hi') })
    await answered('the key on node 2', 200, use)
    process.kill(held.pid, 'SIGSTOP')
    let calls: Promise<Answer>[] = []
    try {
      const revoked = await call(at(fleet, 0).url, { method: 'DELETE', path: `/api/v1/keys/${made.id}`, key: adminKey })
      assert.ok(revoked.status < 300, revoked.text)
      // They wait in the system for the node's first turn.
      calls = Array.from({ length: 5 }, use)
      await eventually(
        'a silence that is longer than a change may take',
        async () => {
          const { data } = (await admin(benchOf(fleet), '/nodes')) as { data: readonly Record<string, string>[] }
          const heard = data.map((row) => Date.parse(row['heard'] ?? ''))
          return Math.max(...heard) - Math.min(...heard) > 2_500 ? true : undefined
        },
        everywhereWithinMs,
      )
    } finally {
      process.kill(held.pid, 'SIGCONT')
    }
    assert.deepEqual(new Set((await Promise.all(calls)).map(({ status }) => status)), new Set([401]))
  })

  test('a call and what it cost are seen on every node', async () => {
    const bench = benchOf(fleet)
    const account = await openAccount(bench, 1_000_000_000n)
    await answered('the account on node 2', 200, () => call(at(fleet, 2).url, { key: account.key, body: sold() }))
    assert.equal(await settled(benchOf(fleet, 1), account.id), 1_000_000_000n - 13_000n)
  })

  test('money for ten calls pays for ten, however many nodes they come to at once', async () => {
    const bench = benchOf(fleet)
    const body = sold()
    const account = await openAccount(bench, holdOf(body, 100n) * 10n)
    const gate = Promise.withResolvers<void>()
    const answer = whole(completion({ promptTokens: Buffer.byteLength(JSON.stringify(body)), completionTokens: 100 }))
    fleet.upstream.answer(async (exchange) => {
      await gate.promise
      await answer(exchange)
    })
    for (const place of [1, 2])
      await answered(`the key on node ${place}`, 200, () =>
        call(at(fleet, place).url, { path: '/v1/models', key: account.key }),
      )
    const statuses: number[] = []
    const calls = Array.from({ length: 90 }, async (_none, place) => {
      statuses.push((await call(at(fleet, place).url, { key: account.key, body })).status)
    })
    // Nothing that was admitted ends before all others have been refused.
    await eventually('the refusals', () => (statuses.length === 80 ? true : undefined), 20_000)
    assert.deepEqual(new Set(statuses), new Set([402]))
    // A node tells the store a few times a second what its calls hold.
    await eventually('what all of them hold', async () => {
      const { balance, held } = await balanceOf(bench, account.id)
      return held === balance ? true : undefined
    })
    gate.resolve()
    await Promise.all(calls)
    assert.equal(statuses.filter((status) => status === 200).length, 10)
    assert.equal(await settled(bench, account.id), 0n)
    await provenOk(bench)
  })

  test('nodes are listed with what they run', async () => {
    const listed = await eventually('three nodes', async () => {
      const answer = await admin(benchOf(fleet), '/nodes')
      const rows = answer['data'] as readonly Record<string, unknown>[]
      return rows.length === 3 && rows.every(({ url }) => url !== null) ? rows : undefined
    })
    assert.deepEqual(new Set(listed.map(({ url }) => url)), new Set(fleet.relays.map(({ url }) => url)))
    assert.ok(listed.every(({ state }) => state === 'alive'))
  })
})
