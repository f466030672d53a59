import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HandClock } from '#base/hand-clock.ts'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { JointLimits } from '#policy/joint/limits.ts'
import type { Ticket } from '#policy/port.ts'
import { shareLimits } from '#policy/share-limits.ts'
import { limiterContract } from '#store/limiter.contract.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import type { TestCounter } from './test-counter.ts'
import { makeTestCounter } from './test-counter.ts'

const tripMaxMs = 100
type Opening = {
  readonly clock: HandClock
  readonly counter: TestCounter
  readonly nodes: number
  readonly owner?: string
}

const open = async ({ clock, counter, nodes, owner = 'a' }: Opening, tripMs = tripMaxMs): Promise<JointLimits> => {
  const shares = shareLimits(makeMemoryLimiter({ clock }), () => nodes)
  const options = { counter, shares, nodes: () => nodes, owner, tripMaxMs: tripMs, clock, log: silentLog }
  const limits = new JointLimits(options)
  await limits.begin()
  return limits
}
const never = 1e12

for (const [name, nodes] of [
  ['joint, lending ahead', 1],
  ['joint, a trip for each call', 1_000_000],
] as const)
  limiterContract({ name, open: (_context, clock) => open({ clock, counter: makeTestCounter(clock), nodes }, never) })

const rate = (limit: number, amount = 1, bucket = 'key:k:requests'): Ticket => ({
  kind: 'rate',
  bucket,
  group: 'acc_k',
  unit: 'requests',
  limit,
  periodMs: 86_400_000,
  amount,
  owner: 'a test',
})
const concurrency = (limit: number): Ticket => ({
  kind: 'concurrency',
  bucket: 'key:k:concurrency',
  group: 'acc_k',
  limit,
  owner: 'a test',
})

/** Lets everything run that waits for no timer. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}
const passes = async (clock: HandClock, byMs: number): Promise<void> => {
  for (let passedMs = 0; passedMs < byMs; passedMs += 50) {
    clock.advance(50)
    await settle()
  }
}
const takes = async (limits: JointLimits, ticket: Ticket, times: number): Promise<number> => {
  let passed = 0
  for (let call = 0; call < times; call += 1) passed += (await limits.take([ticket])).ok ? 1 : 0
  return passed
}

test('while the counter is away a node enforces what is left of its share, and tells of it when it is back', async () => {
  const clock = handClock(0)
  const counter = makeTestCounter(clock)
  const [a, b] = [await open({ clock, counter, nodes: 2 }), await open({ clock, counter, nodes: 2, owner: 'b' })]
  assert.equal(await takes(a, rate(20), 6), 6)
  counter.how = 'refuses'
  // A share is 10, and 6 of it are used.
  assert.equal(await takes(a, rate(20), 10), 4)
  assert.equal(await takes(b, rate(20), 20), 10)
  assert.match(a.trouble()?.why ?? '', /connection refused/)
  counter.how = 'answers'
  await passes(clock, 500)
  assert.deepEqual([a.trouble(), b.trouble()], [null, null])
  assert.equal(await takes(a, rate(20), 3), 0)
  assert.equal(await takes(b, rate(20), 3), 0)
})

test('a counter that forgot everything learns what each node used, and which of its calls are under way', async () => {
  const clock = handClock(0)
  const counter = makeTestCounter(clock)
  const [a, b] = [await open({ clock, counter, nodes: 2 }), await open({ clock, counter, nodes: 2, owner: 'b' })]
  assert.equal(await takes(a, rate(20), 6), 6)
  assert.equal(await takes(b, rate(20), 7), 7)
  assert.ok((await a.take([concurrency(4)])).ok)
  assert.ok((await b.take([concurrency(4)])).ok)
  counter.how = 'refuses'
  await takes(a, rate(1000, 1, 'other'), 1)
  await takes(b, rate(1000, 1, 'other'), 1)
  counter.lose()
  counter.how = 'answers'
  await passes(clock, 1000)
  assert.equal((await takes(a, rate(20), 20)) + (await takes(b, rate(20), 20)), 7)
  assert.equal(await takes(a, concurrency(4), 5), 2)
})

test('no call waits longer than it may for a counter that is silent; after three none waits', async () => {
  const clock = handClock(0)
  const counter = makeTestCounter(clock)
  const limits = await open({ clock, counter, nodes: 2 })
  counter.how = 'is silent'
  for (let call = 0; call < 3; call += 1) {
    let answered = false
    const taking = limits.take([rate(20)]).then(({ ok }) => {
      answered = true
      return ok
    })
    clock.advance(tripMaxMs - 1)
    await settle()
    assert.equal(answered, false)
    clock.advance(2)
    assert.equal(await taking, true)
  }
  const trips = counter.trips()
  assert.equal(await takes(limits, rate(20), 5), 5)
  assert.equal(counter.trips(), trips)
  assert.match(limits.trouble()?.why ?? '', /no answer within 100 ms/)
})

test('what a late trip took goes back', async () => {
  const clock = handClock(0)
  const counter = makeTestCounter(clock)
  const limits = await open({ clock, counter, nodes: 1 })
  counter.how = 'is silent'
  const taking = limits.take([rate(20, 15), concurrency(1)])
  clock.advance(tripMaxMs + 1)
  assert.equal((await taking).ok, true)
  counter.how = 'answers'
  await counter.ask()
  await settle()
  await passes(clock, 200)
  const { ok, states } = await limits.take([rate(20, 5)])
  assert.deepEqual([ok, states[0]?.remaining], [true, 0])
  await limits.giveBack([{ ticket: concurrency(1), used: null }])
  assert.equal((await limits.take([concurrency(1)])).ok, true)
})

test('what is lent ahead and not used is back within a part of the period', async () => {
  const clock = handClock(0)
  const counter = makeTestCounter(clock)
  const [a, b] = [await open({ clock, counter, nodes: 2 }), await open({ clock, counter, nodes: 2, owner: 'b' })]
  assert.equal(await takes(a, rate(1000), 200), 200)
  assert.ok(counter.trips() < 60, `${counter.trips()} trips for 200 calls`)
  await passes(clock, 6_000)
  const { states } = await b.take([rate(1000)])
  assert.equal(states[0]?.remaining, 799)
  await a.close()
})
