import { strict as assert } from 'node:assert'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { JointLimits } from '#policy/joint/limits.ts'
import { eventually } from '../e2e/harness.ts'
import { addressOf, concurrency, connect, openNode, rate } from './node.ts'
import type { RedisServer } from './server.ts'
import { startRedis } from './server.ts'

const dayMs = 86_400_000
/** Three hundred calls that wait for nothing; a machine that others work on as well may take its time. */
const noWaitMs = 2_000

type Fleet = {
  readonly server: RedisServer
  readonly nodes: readonly JointLimits[]
  readonly at: (place: number) => JointLimits
}

const openFleet = async (context: TestContext, size = 3): Promise<Fleet> => {
  const server = await startRedis()
  context.after(() => server[Symbol.asyncDispose]())
  const nodes: JointLimits[] = []
  for (let place = 0; place < size; place += 1) {
    const connection = await connect(addressOf([server]))
    const node = await openNode(connection, { nodes: size, owner: `n${place}`, tripMaxMs: 500 })
    context.after(async () => {
      await node.close()
      connection.close()
    })
    nodes.push(node)
  }
  return { server, nodes, at: (place) => nodes[place % size] as JointLimits }
}

const together = (nodes: readonly JointLimits[]): Promise<true> =>
  eventually('counting together', () => (nodes.every((node) => node.trouble() === null) ? true : undefined), 20_000)
const apart = async (nodes: readonly JointLimits[]): Promise<void> => {
  await eventually(
    'counting by shares',
    async () => {
      // A node finds out when it asks.
      await Promise.all(nodes.map((node) => node.take([rate(1000, { bucket: 'probe' })])))
      return nodes.every((node) => node.trouble() !== null) ? true : undefined
    },
    20_000,
  )
}
const takeAll = async ({ at }: Fleet, calls: number, limit: number): Promise<number> => {
  const all = await Promise.all(
    Array.from({ length: calls }, (_none, place) => at(place).take([rate(limit, { periodMs: dayMs })])),
  )
  return all.filter(({ ok }) => ok).length
}

test('Redis is killed: nodes go on by their shares of what is left, and when it is back, empty, they know what was used', async (context) => {
  const fleet = await openFleet(context)
  const { server, nodes } = fleet
  assert.equal(await takeAll(fleet, 60, 90), 60)
  await server.kill()
  await apart(nodes)
  const began = performance.now()
  // Each node heard of what all had used: at the most 60, of which it counts its third.
  const alone = await takeAll(fleet, 300, 90)
  assert.ok(performance.now() - began < noWaitMs, `300 calls waited ${performance.now() - began} ms`)
  assert.ok(alone >= 27 && alone <= 36, `${alone} of the 30 that are left were admitted by shares`)
  await server.start()
  await together(nodes)
  const after = await takeAll(fleet, 300, 90)
  assert.ok(60 + alone + after <= 96, `${60 + alone + after} of 90`)
})

test('Redis is back with a snapshot that is older than what it was told: what nodes know of is used', async (context) => {
  const fleet = await openFleet(context)
  const { server, nodes } = fleet
  assert.equal(await takeAll(fleet, 30, 90), 30)
  await server.command('SAVE')
  assert.equal(await takeAll(fleet, 45, 90), 45)
  await server.kill()
  await apart(nodes)
  await server.start()
  await together(nodes)
  const after = await takeAll(fleet, 300, 90)
  // Nodes tell what they heard last of all: what the others took since is not in it, and here they took in turns.
  assert.ok(75 + after >= 88 && 75 + after <= 96, `${75 + after} of 90`)
})

test('Redis answers no more, but its connections stay: no call waits twice for it, and it comes back by itself', async (context) => {
  const fleet = await openFleet(context)
  const { server, nodes } = fleet
  assert.equal(await takeAll(fleet, 30, 90), 30)
  server.freeze()
  await apart(nodes)
  const began = performance.now()
  const alone = await takeAll(fleet, 300, 90)
  assert.ok(performance.now() - began < noWaitMs, `300 calls waited ${performance.now() - began} ms`)
  assert.ok(alone >= 50 && alone <= 66, `${alone} of the 60 that are left were admitted by shares`)
  server.thaw()
  await together(nodes)
  const after = await takeAll(fleet, 300, 90)
  assert.ok(30 + alone + after <= 100, `${30 + alone + after} of 90`)
})

test('calls under way count on: while Redis is away in the share of their node, and when it is back, empty, in the whole', async (context) => {
  const { server, nodes, at } = await openFleet(context)
  const ticket = concurrency(6)
  for (const place of [0, 0, 0, 1]) assert.ok((await at(place).take([ticket])).ok)
  await server.kill()
  await apart(nodes)
  // A share is 2: the first node has 3 already, the second has one.
  assert.equal((await at(0).take([ticket])).ok, false)
  assert.equal((await at(1).take([ticket])).ok, true)
  assert.equal((await at(1).take([ticket])).ok, false)
  await server.start()
  await together(nodes)
  // 5 are under way.
  assert.equal((await at(2).take([ticket])).ok, true)
  assert.equal((await at(2).take([ticket])).ok, false)
  await at(0).giveBack([{ ticket, used: null }])
  await eventually('a slot of another node', async () => ((await at(2).take([ticket])).ok ? true : undefined))
  assert.equal((await at(1).take([ticket])).ok, false)
})

test('tokens that are corrected while Redis is away are corrected there when it is back', async (context) => {
  const { server, nodes, at } = await openFleet(context)
  const ticket = rate(1000, { unit: 'tokens', periodMs: dayMs, amount: 900 })
  const taken = rate(1000, { unit: 'tokens', periodMs: dayMs, amount: 1 })
  assert.ok((await at(0).take([ticket])).ok)
  await server.kill()
  await apart(nodes)
  await at(0).giveBack([{ ticket, used: 1000 }])
  await server.start()
  await together(nodes)
  await eventually('the correction', async () => {
    const { ok, states } = await at(1).take([{ ...taken, amount: 0 }])
    return ok && states[0]?.remaining === 0 ? true : undefined
  })
  assert.equal((await at(2).take([taken])).ok, false)
})

test('a node that starts while Redis is away serves by its share, and says why', async (context) => {
  const fleet = await openFleet(context, 1)
  await fleet.server.kill()
  const { openRedis } = await import('#store/redis/connection.ts')
  const { silentLog } = await import('#base/log.ts')
  const connection = openRedis(addressOf([fleet.server]), silentLog)
  const node = await openNode(connection, { nodes: 2, owner: 'late' })
  context.after(async () => {
    await node.close()
    connection.close()
  })
  assert.match(node.trouble()?.why ?? '', /no connection/)
  assert.equal((await node.take([rate(4, { amount: 2 })])).ok, true)
  assert.equal((await node.take([rate(4)])).ok, false)
  await fleet.server.start()
  await together([node])
  assert.equal((await node.take([rate(4, { amount: 2 })])).ok, true)
})
