import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { chat } from '../e2e/bench.ts'
import { call } from '../e2e/call.ts'
import { models } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, eventually } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Fleet } from '../postgres/fleet.ts'
import { startFleet } from '../postgres/fleet.ts'
import { startPostgres } from '../postgres/server.ts'
import type { RedisServer } from './server.ts'
import { startRedis } from './server.ts'

const withinMs = 20_000

describe('three nodes on one Postgres and one Redis', () => {
  let redis: RedisServer
  let fleet: Fleet
  const opened = new AsyncDisposableStack()
  before(async () => {
    redis = opened.use(await startRedis())
    const server = opened.use(await startPostgres())
    // A trip that is late, because the machine is short of time, is decided by the share: that says nothing about limits.
    const config = `${models}cluster: { redis: { url: "${redis.url}", wait_max: 1s } }\n`
    fleet = opened.use(await startFleet({ url: await server.database(), size: 3, config }))
    fleet.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  })
  after(() => opened.disposeAsync())

  const at = (place: number): Relay => fleet.relays[place % 3] as Relay
  const everywhere = async (key: string): Promise<void> => {
    for (const { url } of fleet.relays)
      await eventually(
        'the key',
        async () => ((await call(url, { path: '/v1/models', key })).status === 200 ? true : undefined),
        withinMs,
      )
  }
  const readiness = async (place: number) => call(at(place).url, { path: '/health/readiness' })
  const metric = async (place: number, name: string): Promise<number> => {
    const { text } = await call(at(place).url, { path: '/metrics', key: adminKey })
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  }
  const answersOf = async (key: string, calls: number, from = 0): Promise<readonly number[]> =>
    Promise.all(
      Array.from(
        { length: calls },
        async (_none, place) => (await call(at(from + place).url, { key, body: chat('hi') })).status,
      ),
    )
  const okOf = (statuses: readonly number[]): number => statuses.filter((status) => status === 200).length

  test('a limit is admitted once over all nodes, also where all calls come to one of them', async () => {
    const made = await at(0).createKey({ rpd: 8 })
    await everywhere(made.key)
    const statuses = await answersOf(made.key, 30)
    assert.equal(okOf(statuses), 8)
    assert.deepEqual(new Set(statuses), new Set([200, 429]))
    const lopsided = await at(1).createKey({ rpd: 9 })
    await everywhere(lopsided.key)
    assert.equal(
      okOf(
        await Promise.all(Array.from({ length: 20 }, () => answersOf(lopsided.key, 1, 2))).then((all) => all.flat()),
      ),
      9,
    )
  })

  test('Redis is named by readiness and metrics, and missed without a call that fails', async () => {
    const fine = await readiness(0)
    assert.equal(fine.status, 200)
    assert.deepEqual(
      (fine.at('checks') as readonly { name: string }[]).find(({ name }) => name === 'redis'),
      { name: 'redis', ok: true, detail: null, detail_said: null },
    )
    assert.equal(await metric(0, 'drover_limits_together'), 1)
    assert.ok((await metric(1, 'drover_limit_takes_total\\{by="trip"\\}')) > 0)
    const made = await at(0).createKey({ rpd: 300 })
    await everywhere(made.key)
    await redis.kill()
    assert.equal(okOf(await answersOf(made.key, 12)), 12)
    const warned = await readiness(0)
    assert.equal(warned.status, 200)
    assert.match((warned.at('warnings') as string[]).join(), /Redis \(127\.0\.0\.1:\d+\) has been away for \d+ s/)
    assert.equal(await metric(0, 'drover_limits_together'), 0)
    assert.ok((await metric(0, 'drover_limit_takes_total\\{by="share"\\}')) >= 4)
    await redis.start()
    for (const place of [0, 1, 2])
      await eventually(
        'counting together',
        async () => ((await metric(place, 'drover_limits_together')) === 1 ? true : undefined),
        withinMs,
      )
    assert.deepEqual((await readiness(0)).at('warnings'), [])
  })

  test('a node that ends gives back what it had ahead', async () => {
    const made = await at(0).createKey({ rpd: 3000, concurrency: 300 })
    await everywhere(made.key)
    assert.equal(okOf(await answersOf(made.key, 60)), 60)
    for (const relay of fleet.relays) await relay.stop()
    const keys = (await redis.command('KEYS', `drover:*${made.id}*`)) as readonly string[]
    const days = keys.find((key) => key.endsWith('requests-day'))
    assert.ok(days !== undefined, keys.join())
    const [units, rest] = String(await redis.command('GET', days)).split(' ')
    assert.ok(Number(units) + (rest === '0' ? 0 : 1) === 60, `${units} of 60`)
    assert.ok(!keys.some((key) => key.endsWith('concurrency')), 'slots were left behind')
  })
})
