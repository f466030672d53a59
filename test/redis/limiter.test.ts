import { strict as assert } from 'node:assert'
import type { TestContext } from 'node:test'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { HandClock } from '#base/hand-clock.ts'
import { handClock } from '#base/hand-clock.ts'
import type { JointLimits } from '#policy/joint/limits.ts'
import type { Limiter, Taken, Ticket } from '#policy/port.ts'
import { limiterContract } from '#store/limiter.contract.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import type { RedisConnection } from '#store/redis/connection.ts'
import { eventually } from '../e2e/harness.ts'
import { addressOf, concurrency, connect, openNode, rate } from './node.ts'
import type { RedisServer } from './server.ts'
import { startRedis } from './server.ts'

let server: RedisServer
let connection: RedisConnection
before(async () => {
  server = await startRedis()
  connection = await connect(addressOf([server]))
})
after(async () => {
  connection.close()
  await server[Symbol.asyncDispose]()
})

let prefixes = 0
const newPrefix = (): string => {
  prefixes += 1
  return `t${prefixes}`
}
const open = async (context: TestContext, hand: HandClock, nodes: number): Promise<Limiter> => {
  const limits = await openNode(connection, { hand, nodes, prefix: newPrefix() })
  context.after(() => limits.close())
  return limits
}
/** So many that nothing is lent ahead: every call asks. */
const tooMany = 1_000_000

limiterContract({ name: 'redis, lending ahead', open: (context, clock) => open(context, clock, 1) })
limiterContract({ name: 'redis, a trip for each call', open: (context, clock) => open(context, clock, tooMany) })

type Step = { readonly waitMs: number; readonly amount: number; readonly used: number | null; readonly which: number }
const step = fc.record({
  waitMs: fc.oneof(fc.nat(400), fc.nat(120_000)),
  amount: fc.oneof(fc.nat(12), fc.nat(2_000_000)),
  used: fc.option(fc.oneof(fc.nat(12), fc.nat(4_000_000))),
  which: fc.nat(4),
})
/** Small, odd, large beyond what a double divides exactly, and of a day. */
const shapes: readonly (readonly [limit: number, periodMs: number])[] = [
  [7, 60_000],
  [997, 1000],
  [1_234_567, 60_000],
  [9_999_999_967, 86_400_000],
  [3, 86_400_000],
]

test('random takes, corrections and pauses are answered as memory answers them, to the millisecond and the unit', async (context) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps: readonly Step[]) => {
      const clock = handClock(0)
      const memory = makeMemoryLimiter({ clock })
      const redis = await open(context, clock, 1e12)
      for (const { waitMs, amount, used, which } of steps) {
        clock.advance(waitMs)
        const [limit, periodMs] = shapes[which] ?? [1, 1]
        const ticket = rate(limit, { bucket: `b${which}`, amount, periodMs })
        const [expected, found] = [await memory.take([ticket]), await redis.take([ticket])]
        assert.deepEqual(found, expected)
        if (!found.ok || used === null) continue
        await memory.giveBack([{ ticket, used }])
        await redis.giveBack([{ ticket, used }])
        // What is corrected is told with the next take, or by itself a moment later; here that moment is now.
        const nothing = { ...ticket, amount: 0 }
        assert.deepEqual(await redis.take([nothing]), await memory.take([nothing]))
      }
    }),
    { numRuns: 60 },
  )
})

const admitted = (all: readonly Taken[]): number => all.filter(({ ok }) => ok).length

test('three nodes admit a limit once, whether it is lent ahead or not, and a call that is refused takes nothing', async (context) => {
  const clock = handClock(0)
  for (const limit of [10, 1000]) {
    const prefix = newPrefix()
    const nodes: JointLimits[] = []
    for (const owner of ['a', 'b', 'c'])
      nodes.push(await openNode(connection, { hand: clock, nodes: 3, owner, prefix }))
    context.after(() => Promise.all(nodes.map((node) => node.close())))
    const calls = Array.from({ length: 3 * limit }, (_none, place) => nodes[place % 3] as JointLimits)
    const all = await Promise.all(calls.map((node) => node.take([rate(limit), concurrency(3 * limit)])))
    // Units that others have ahead are refused for as long as they may keep them.
    assert.ok(admitted(all) <= limit && admitted(all) >= limit * 0.7, `${admitted(all)} of ${limit}`)
    clock.advance(1000)
    await eventually('what nobody used', async () => {
      const more = await Promise.all(calls.slice(0, 150).map((node) => node.take([rate(limit)])))
      const reached = more.slice(-3).every(({ ok, states }) => !ok && states[0]?.remaining === 0)
      all.push(...more)
      if (!reached) clock.advance(60)
      return reached ? true : undefined
    })
    const inFlowMs = clock.monotonicMs()
    assert.ok(admitted(all) >= limit, 'units that were lent and not used were lost')
    assert.ok(admitted(all) <= limit + (limit * inFlowMs) / 60_000 + 1, `${admitted(all)} of ${limit}`)
    clock.advance(120_000)
  }
})

test('a busy limit costs few trips, and one that is refused all the time as well', async (context) => {
  const clock = handClock(0)
  const node = await openNode(connection, { hand: clock, nodes: 1, prefix: newPrefix() })
  context.after(() => node.close())
  let passed = 0
  for (let call = 0; call < 3000; call += 1) {
    clock.advance(10)
    if ((await node.take([rate(6000), concurrency(500)])).ok) {
      passed += 1
      await node.giveBack([{ ticket: concurrency(500), used: null }])
    }
  }
  assert.equal(passed, 3000)
  const { trips, reports } = node.figures()
  assert.ok(trips + reports < 400, `${trips} trips and ${reports} reports for 3,000 calls`)
  const flood = await Promise.all(Array.from({ length: 9000 }, () => node.take([rate(6000)])))
  assert.ok(flood.some(({ ok }) => !ok))
  assert.ok(node.figures().trips - trips < 100, `${node.figures().trips - trips} trips`)
})

test('the slots of a node that died are free after their time, and those of one that lives are not', async (context) => {
  const clock = handClock(0)
  const prefix = newPrefix()
  const [living, dead] = [
    await openNode(connection, { hand: clock, nodes: 2, owner: 'living', prefix }),
    await openNode(connection, { nodes: 2, owner: 'dead', prefix, hand: { ...clock, after: () => () => {} } }),
  ]
  context.after(() => living.close())
  const ticket = concurrency(2)
  assert.ok((await living.take([ticket])).ok)
  assert.ok((await dead.take([ticket])).ok)
  assert.ok(!(await living.take([ticket])).ok)
  const again = async (): Promise<boolean> => (await living.take([ticket])).ok
  for (let elapsedMs = 0; elapsedMs < 14_000; elapsedMs += 1000) {
    clock.advance(1000)
    assert.equal(await again(), false, `after ${elapsedMs} ms`)
  }
  clock.advance(2000)
  assert.equal(await again(), true)
  assert.equal(await again(), false)
})

test('a counter that lost everything begins with what each node has used', async (context) => {
  const clock = handClock(0)
  const node = await openNode(connection, { hand: clock, nodes: tooMany, prefix: newPrefix() })
  context.after(() => node.close())
  const ticket = rate(10)
  for (let call = 0; call < 8; call += 1) assert.ok((await node.take([ticket])).ok)
  await server.command('FLUSHALL')
  clock.advance(1)
  const remaining = async (): Promise<number | undefined> => (await node.take([ticket])).states[0]?.remaining
  assert.equal(await remaining(), 1)
  assert.equal(await remaining(), 0)
  assert.ok(!(await node.take([ticket])).ok)
})

test('by the clock of the server, a limit is whole again after its period', async (context) => {
  const node = await openNode(connection, { nodes: tooMany, prefix: newPrefix() })
  context.after(() => node.close())
  const ticket: Ticket = rate(2, { periodMs: 400 })
  assert.ok((await node.take([ticket])).ok)
  assert.ok((await node.take([ticket])).ok)
  await eventually('room', async () => ((await node.take([{ ...ticket, amount: 2 }])).ok ? true : undefined))
})
