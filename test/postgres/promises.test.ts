import { strict as assert } from 'node:assert'
import type { TestContext } from 'node:test'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import type { NodeLife } from '#job/node-life.ts'
import { startNodeLife } from '#job/node-life.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { call } from '../e2e/call.ts'
import { admin, models, openAccount, sold } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, eventually, runDrover } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Fleet } from './fleet.ts'
import { startFleet } from './fleet.ts'
import { startLine } from './line.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

/** Of docs/operate/nodes.md: what it says of nodes that come, go and differ is held here. */
const clock = systemClock()
const ids = systemIds(clock)
/** Six seconds are promised, a beat comes on top; the rest is for a busy machine. */
const tookOverWithinMs = 20_000

describe('common work', () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres()
  })
  after(() => server[Symbol.asyncDispose]())

  const join = async (context: TestContext, node: string, url: string): Promise<NodeLife> => {
    const store = await openPostgresStore({ url, clock, ids, log: silentLog, connectionsMax: 2, patienceMs: 200 })
    context.after(() => store.close())
    const self = () => ({ node, boot: 'one', url: null, version: 'x', digest: null })
    return startNodeLife({ store: store.cluster, self, clock, log: silentLog })
  }
  const untilLeads = (life: NodeLife, look: () => void = () => {}): Promise<true> =>
    eventually(
      'another leader',
      async () => {
        // Looked at far more often than nodes beat.
        for (let turns = 0; turns < 100; turns += 1) {
          look()
          await new Promise((resolve) => setImmediate(resolve))
        }
        return life.leads() ? true : undefined
      },
      tookOverWithinMs,
    )

  test('is done by one node, and by another at once when that one ends in good order', async (context) => {
    const url = await server.database()
    const [first, second] = [await join(context, 'node_a', url), await join(context, 'node_b', url)]
    context.after(() => second.close())
    assert.deepEqual([first.leads(), second.leads()], [true, false])
    await eventually('that each knows of the other', () => (first.livingCount() === 2 ? true : undefined))
    await first.close()
    const closedMs = clock.monotonicMs()
    await untilLeads(second)
    assert.ok(second.mandate().term > first.mandate().term)
    assert.ok(clock.monotonicMs() - closedMs < 6000, 'it did not wait for the end of the mandate')
  })

  test('passes to another when its node is cut off, which has stopped by then', async (context) => {
    const url = await server.database()
    await using line = await startLine(server.port)
    const cut = await join(context, 'node_a', url.replace(`:${server.port}/`, `:${line.port}/`))
    const other = await join(context, 'node_b', url)
    context.after(() => other.close())
    assert.deepEqual([cut.leads(), other.leads()], [true, false])
    line.cut()
    await untilLeads(other, () => assert.ok(!(cut.leads() && other.leads()), 'two led at once'))
    assert.equal(cut.leads(), false)
    line.heal()
    await cut.close()
    assert.equal(other.leads(), true)
  })
})

describe('two nodes on one Postgres', () => {
  let fleet: Fleet
  let one: Relay
  let two: Relay
  const opened = new AsyncDisposableStack()
  before(async () => {
    const server = opened.use(await startPostgres())
    fleet = opened.use(await startFleet({ url: await server.database(), size: 2, config: models }))
    const [first, second] = fleet.relays
    assert.ok(first !== undefined && second !== undefined)
    ;[one, two] = [first, second]
    fleet.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  })
  after(() => opened.disposeAsync())
  const bench = () => ({ relay: one, upstream: fleet.upstream, key: '', close: async () => {} })
  const warnings = async (relay: Relay): Promise<string> =>
    ((await call(relay.url, { path: '/health/readiness' })).at('warnings') as string[]).join()
  type Listed = { readonly id: string; readonly url: string; readonly state: string; readonly config_digest: string }
  const listed = async () => (await admin(bench(), '/nodes'))['data'] as readonly Listed[]
  const told = (what: string, ask: () => Promise<string>, wanted: RegExp): Promise<true> =>
    eventually(what, async () => (wanted.test(await ask()) ? true : undefined), tookOverWithinMs)

  test('budgets, accounts, plans and prices that are changed on one are in force on the other', async () => {
    const account = await openAccount(bench(), 1_000_000_000n)
    const ask = async (): Promise<string> => {
      const answer = await call(two.url, { key: account.key, body: sold() })
      return answer.status === 200 ? '200' : `${answer.status} ${answer.at('error.code')}`
    }
    await told('the account', ask, /^200$/)
    const budget = await admin(bench(), '/budgets', { account: account.id, usd: '0.000001', period: 'day' })
    await told('the budget', ask, /budget_exceeded/)
    await call(one.url, { method: 'DELETE', path: `/api/v1/budgets/${budget['id']}`, key: adminKey })
    await told('that there is none any more', ask, /^200$/)
    const shown = async () => (await call(two.url, { path: '/v1/models/sold', key: account.key })).text
    assert.doesNotMatch(await shown(), /7\.25/)
    await admin(bench(), '/prices', { model: 'sold', account: account.id, input: '7.25', output: '9' })
    await told('the price', shown, /7\.25/)
    await admin(bench(), '/plans', { name: 'tight', rpm: 1 })
    const planned = await admin(bench(), '/accounts', { name: 'planned', billing: 'unlimited', plan: 'tight' })
    const { key } = await one.createKey({ account: planned['id'] })
    await told('the plan', async () => (await call(two.url, { key, body: sold() })).text, /tight/)
    await admin(bench(), `/accounts/${account.id}/suspend`, {})
    await told('that the account is suspended', ask, /^40[13]/)
  })

  test('a configuration file that differs is told of by the other node, until both are the same', async () => {
    assert.equal(await warnings(one), '')
    await two.edit(`${fleet.config}# another\n`)
    await told(
      'the warning',
      () => warnings(one),
      new RegExp(`the configuration file of node \\S+ \\(${two.url}\\) differs`),
    )
    assert.equal((await call(one.url, { path: '/health/readiness' })).status, 200, 'it is a warning')
    const digests = (await listed()).map(({ config_digest: digest }) => digest)
    assert.equal(new Set(digests).size, 2)
    await one.edit(`${fleet.config}# another\n`)
    await told('that both are the same', () => warnings(one), /^$/)
  })

  test('a node that lives is not forgotten, nor one that nobody knows; one that is gone is', async () => {
    const forget = (id: string) => call(one.url, { method: 'DELETE', path: `/api/v1/nodes/${id}`, key: adminKey })
    assert.equal((await forget('node_of_nobody')).status, 404)
    const alive = (await listed()).find(({ url }) => url === two.url)
    assert.ok(alive !== undefined)
    const refused = await forget(alive.id)
    assert.equal(refused.status, 409)
    assert.match(refused.text, /is alive: stop it first/)
    await two.kill()
    await told('that it is gone', async () => String((await listed()).find(({ id }) => id === alive.id)?.state), /gone/)
    const env = { DROVER_URL: one.url, DROVER_ADMIN_KEY: adminKey }
    const how = { cwd: one.folder, env }
    const list = await runDrover(['nodes', 'list'], how)
    assert.match(list.stdout, new RegExp(`${alive.id}\\s+gone`))
    assert.equal((await runDrover(['nodes', 'forget', alive.id], how)).code, 0)
    assert.equal((await listed()).length, 1)
    two = await fleet.add({ folder: two.folder })
    const back = await eventually('the node again', async () => (await listed()).find(({ url }) => url === two.url))
    assert.equal(back.id, alive.id, 'it has its name from its folder')
  })
})
