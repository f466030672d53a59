import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { Ticket } from '#policy/port.ts'
import { limiterContract } from '#store/limiter.contract.ts'
import type { RedisConnection } from '#store/redis/connection.ts'
import { eventually } from '../e2e/harness.ts'
import { addressOf, concurrency, connect, openNode, rate } from './node.ts'
import type { RedisCluster } from './server.ts'
import { startRedisCluster } from './server.ts'

let cluster: RedisCluster
let connection: RedisConnection
before(async () => {
  cluster = await startRedisCluster()
  connection = await connect(addressOf(cluster.masters))
})
after(async () => {
  connection.close()
  await cluster[Symbol.asyncDispose]()
})

let prefixes = 0
const newPrefix = (): string => {
  prefixes += 1
  return `c${prefixes}`
}
limiterContract({
  name: 'a cluster of three masters',
  open: async (context, hand) => {
    const limits = await openNode(connection, { hand, nodes: 1_000_000, prefix: newPrefix() })
    context.after(() => limits.close())
    return limits
  },
})

/** Limits that everybody counts on together lie in other slots than those of the account. */
const everybody = (limit: number, name: string): Ticket =>
  rate(limit, { bucket: `limit:${name}`, group: `limit:${name}` })
const names = ['one', 'two', 'three', 'four', 'five']

test('tickets in several slots are taken all or none: what was taken before a refusal is given back', async (context) => {
  const node = await openNode(connection, { hand: handClock(0), nodes: 1_000_000, prefix: newPrefix() })
  context.after(() => node.close())
  const tickets = (last: number): readonly Ticket[] => [
    rate(10),
    concurrency(10),
    ...names.map((name) => everybody(name === 'five' ? last : 10, name)),
  ]
  for (let call = 0; call < 3; call += 1) assert.ok((await node.take(tickets(3))).ok)
  for (let call = 0; call < 4; call += 1) {
    const refused = await node.take(tickets(3))
    assert.equal(!refused.ok && refused.refused.bucket, 'limit:five')
    assert.deepEqual(
      refused.states.map(({ remaining }) => remaining),
      [7, 7, 7, 7, 7, 7, 0],
    )
  }
  const { ok, states } = await node.take(tickets(100))
  assert.ok(ok)
  assert.deepEqual(
    states.slice(0, 6).map(({ remaining }) => remaining),
    [6, 6, 6, 6, 6, 6],
  )
})

test('a master that is away is missed like a Redis that is away, and all count together again when it is back', async (context) => {
  const node = await openNode(connection, { nodes: 2, prefix: newPrefix(), tripMaxMs: 200 })
  context.after(() => node.close())
  const tickets = [rate(1_000_000), ...names.map((name) => everybody(1_000_000, name))]
  assert.ok((await node.take(tickets)).ok)
  const [, second] = cluster.masters
  assert.ok(second !== undefined)
  const breaks = connection.breaks()
  await second.kill()
  const without = async (): Promise<true | undefined> => {
    assert.ok((await node.take(tickets)).ok)
    await new Promise((resolve) => setImmediate(resolve))
    return node.trouble() === null ? undefined : true
  }
  await eventually('shares', without, 20_000)
  await second.start()
  await eventually('counting together', () => (node.trouble() === null ? true : undefined), 60_000)
  assert.ok(connection.breaks() > breaks, 'a node does not know that the way to a master broke')
  assert.ok((await node.take(tickets)).ok)
})
