import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Bench } from '../e2e/bench.ts'
import { call } from '../e2e/call.ts'
import { admin, balanceOf, holdOf, models, openAccount, provenOk, settled, sold } from '../e2e/customer.ts'
import { adminKey, eventually, fakeKey, startRelay } from '../e2e/harness.ts'
import { killWorker, pidsOf, workerBench } from '../e2e/workers.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Exchange } from '../fake/upstream.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

/** So many connections have met both workers, but for once in two thousand times. */
const turns = 12
const soonMs = 30_000
const costNano = 13_000n
const answer = whole(completion({ promptTokens: 7, completionTokens: 3 }))
const config = `store: { url: "env:STORE_URL" }
secrets: { key: "env:SECRET_KEY" }
${models.replace('price:', 'route: { retries: 0, timeout: { connect: 2m } }, price:')}`

describe('two workers on Postgres', () => {
  let server: PostgresServer
  let bench: Bench
  let env: Readonly<Record<string, string>> = {}
  const opened = new AsyncDisposableStack()
  before(async () => {
    server = opened.use(await startPostgres())
    env = { STORE_URL: await server.database(), SECRET_KEY: randomBytes(32).toString('hex') }
    bench = await workerBench({ config, env })
    opened.defer(bench.close)
    bench.upstream.answer(answer)
  })
  after(() => opened.disposeAsync())

  const statusOf = async (key: string): Promise<number> => (await call(bench.relay.url, { key, body: sold() })).status
  const inTurn = async (key: string): Promise<readonly number[]> => {
    const statuses: number[] = []
    for (let turn = 0; turn < turns; turn += 1) statuses.push(await statusOf(key))
    return statuses
  }

  test('each is a node of its own; what one has changed the other knows when the change is answered', async () => {
    const { data } = (await admin(bench, '/nodes')) as { data: readonly Record<string, unknown>[] }
    assert.deepEqual(
      data.map(({ id, state }) => [String(id).replace(/^node_[0-9a-f]{12}/, 'machine'), state]),
      [
        ['machine-1', 'alive'],
        ['machine-2', 'alive'],
      ],
    )
    const account = await openAccount(bench, 1_000_000_000n)
    const { id, key } = await bench.relay.createKey({ account: account.id })
    assert.deepEqual(await inTurn(key), Array(turns).fill(200))
    const revoked = await call(bench.relay.url, { method: 'DELETE', path: `/api/v1/keys/${id}`, key: adminKey })
    assert.ok(revoked.status < 300, revoked.text)
    assert.deepEqual(await inTurn(key), Array(turns).fill(401))
    assert.equal(await settled(bench, account.id), 1_000_000_000n - BigInt(turns) * costNano)
  })

  test('money for ten calls pays for ten, and limits of five are five', async () => {
    const body = sold()
    const account = await openAccount(bench, holdOf(body, 100n) * 10n)
    const [atOnce, aMinute] = [await bench.relay.createKey({ concurrency: 5 }), await bench.relay.createKey({ rpm: 5 })]
    const gate = Promise.withResolvers<void>()
    bench.upstream.answer(async (exchange: Exchange) => {
      await gate.promise
      await answer(exchange)
    })
    const race = async (
      key: string,
      { callers, admitted }: { readonly callers: number; readonly admitted: number },
    ) => {
      const statuses: number[] = []
      const calls = Array.from({ length: callers }, async () => void statuses.push(await statusOf(key)))
      await eventually('the refusals', () => (statuses.length === callers - admitted ? true : undefined), soonMs)
      return { calls, refusals: [...new Set(statuses)] }
    }
    const money = await race(account.key, { callers: 40, admitted: 10 })
    // A node tells the store a few times a second what its calls hold.
    await eventually('what all of them hold', async () => {
      const { balance, held } = await balanceOf(bench, account.id)
      return held === balance ? true : undefined
    })
    const limited = [
      await race(atOnce.key, { callers: 20, admitted: 5 }),
      await race(aMinute.key, { callers: 20, admitted: 5 }),
    ]
    assert.deepEqual(
      [money, ...limited].map(({ refusals }) => refusals),
      [[402], [429], [429]],
    )
    gate.resolve()
    await Promise.all([money, ...limited].flatMap(({ calls }) => calls))
    bench.upstream.answer(answer)
    assert.equal(await settled(bench, account.id), 10n * holdOf(body, 100n) - 10n * costNano)
    await provenOk(bench)
  })

  test('a killed worker, and a killed primary, lose nothing that was settled; one process takes in what two have left', async () => {
    const account = await openAccount(bench, 1_000_000_000_000n)
    const { relay } = bench
    let answered = (await inTurn(account.key)).length
    assert.equal(await settled(bench, account.id), 1_000_000_000_000n - BigInt(answered) * costNano)
    const before = pidsOf(relay, 1).length
    killWorker(relay, 1)
    await eventually('another worker 1', () => (pidsOf(relay, 1).length > before ? true : undefined), 60_000)
    answered += (await inTurn(account.key)).length
    assert.equal(await settled(bench, account.id), 1_000_000_000_000n - BigInt(answered) * costNano)
    await relay.kill()
    const again = await startRelay({ folder: relay.folder, env: { ...env, FAKE_KEY: fakeKey }, startWithinMs: 180_000 })
    opened.use(again)
    const now = { ...bench, relay: again }
    assert.equal((await call(again.url, { key: account.key, body: sold() })).status, 200)
    assert.equal(await settled(now, account.id), 1_000_000_000_000n - BigInt(answered + 1) * costNano)
    const { data } = (await admin(now, '/nodes')) as { data: readonly unknown[] }
    assert.equal(data.length, 1)
    assert.equal((await provenOk(now)).open_holds, 0)
    await again.stop()
  })
})
