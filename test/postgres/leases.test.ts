import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { openLeasedBooks } from '#job/leased-books.ts'
import type { LeasedBooks } from '#job/node-lease.ts'
import { leaseOwner } from '#ledger/lease.ts'
import type { Held } from '#ledger/port.ts'
import type { Store } from '#store/face.ts'
import { account, begin, grant, grantOf, holdOf, settleOf, voidOf } from '#store/ledger-sample.ts'
import type { PostgresStore } from '#store/postgres/client.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'
import { eventually } from '../e2e/harness.ts'
import type { Line } from './line.ts'
import { startLine } from './line.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

const clock = systemClock()
const ids = systemIds(clock)
let server: PostgresServer
let line: Line

before(async () => {
  server = await startPostgres()
  line = await startLine(server.port)
})
after(async () => {
  await line[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

type Node = { readonly books: LeasedBooks; readonly store: PostgresStore; readonly journal: Store }

type Named = {
  readonly name: string
  /** What a process before it left. */
  readonly kept?: Store
  readonly abandonAfterMs?: number
}

const nodeOn = async (
  context: TestContext,
  url: string,
  { name, kept, abandonAfterMs = 86_400_000 }: Named,
): Promise<Node> => {
  const store = await openPostgresStore({ url, clock, ids, log: silentLog, connectionsMax: 4, patienceMs: 200 })
  context.after(() => store.close())
  const journal =
    kept ??
    (await openSqliteStore({
      url: 'sqlite::memory:',
      durability: 'process',
      clock,
      log: silentLog,
    }))
  if (kept === undefined) context.after(() => journal.close())
  const { recall, onRecall } = store.cluster
  const books = await openLeasedBooks({
    store: { ...store, recall, onRecall },
    journal,
    owner: leaseOwner(name),
    abandonAfterMs,
    isAlone: () => false,
    clock,
    ids,
    log: silentLog,
  })
  context.after(() => books.close())
  return { books, store, journal }
}

const now = () => ({ nowMs: clock.nowMs(), expiresMs: clock.nowMs() + 600_000 })
const hold = ({ books }: Node, call: string, amountNanoUsd: bigint): Promise<Held> =>
  books.hold(holdOf(call, amountNanoUsd, now()))
const moneyOf = async ({ store }: Node): Promise<{ balance: bigint; held: bigint }> => {
  const found = await store.balance(account, clock.nowMs())
  assert.ok(found !== null)
  return { balance: found.balanceNanoUsd, held: found.heldNanoUsd }
}
const quiet = (node: Node): Promise<bigint> =>
  eventually(
    'every charge in the books',
    async () => {
      const { balance, held } = await moneyOf(node)
      return held === 0n ? balance : undefined
    },
    10_000,
  )
const proven = async ({ store }: Node): Promise<void> =>
  assert.deepEqual((await store.verifyBooks(clock.nowMs())).problems, [])

test('a busy account costs few trips to the store, and what calls came to is there within a second', async (context) => {
  const node = await nodeOn(context, await server.database(), { name: 'node_a' })
  await begin(node.store, 'prepaid')
  await grant(node.store, grantOf('lot_1', 1_000_000n))
  for (let round = 0; round < 20; round += 1)
    await Promise.all(
      Array.from({ length: 20 }, async (_none, place) => {
        const call = `call_${round}_${place}`
        assert.equal((await hold(node, call, 500n)).ok, true)
        if (place === 0) await node.books.voidHold(voidOf(call))
        else assert.equal((await node.books.settle(settleOf(call, 100n))).chargedNanoUsd, 100n)
      }),
    )
  const { calls, trips } = node.books.figures()
  assert.equal(calls, 400)
  assert.ok(trips <= 40, `${trips} trips for ${calls} calls`)
  assert.equal(await quiet(node), 1_000_000n - 380n * 100n)
  await proven(node)
  const verdict = await eventually('the ends of all calls', async () => {
    const found = await node.store.verifyBooks(clock.nowMs())
    return found.calls === 400 ? found : undefined
  })
  assert.equal(verdict.openHolds, 0)
  assert.equal((await node.store.receipt('call_3_0'))?.state, 'voided')
})

test('held is what calls under way hold, and not what is lent for those that may come', async (context) => {
  const node = await nodeOn(context, await server.database(), { name: 'node_a' })
  await begin(node.store, 'prepaid')
  await grant(node.store, grantOf('lot_1', 1_000_000n))
  assert.equal((await hold(node, 'call_1', 500n)).ok, true)
  assert.deepEqual(await moneyOf(node), { balance: 1_000_000n, held: 500n })
  // What was held lately is lent on top of what this one needs.
  assert.equal((await hold(node, 'call_2', 300n)).ok, true)
  assert.deepEqual(await moneyOf(node), { balance: 1_000_000n, held: 800n })
  await node.books.settle(settleOf('call_1', 100n))
  const booked = await eventually('the charge', async () => {
    const money = await moneyOf(node)
    return money.balance === 1_000_000n ? undefined : money
  })
  assert.deepEqual(booked, { balance: 999_900n, held: 300n })
  await node.books.voidHold(voidOf('call_2'))
  assert.equal(await quiet(node), 999_900n)
  await proven(node)
})

test('three nodes on one account admit what it has, and no more', async (context) => {
  const url = await server.database()
  const nodes = [
    await nodeOn(context, url, { name: 'node_a' }),
    await nodeOn(context, url, { name: 'node_b' }),
    await nodeOn(context, url, { name: 'node_c' }),
  ]
  const [first] = nodes
  assert.ok(first !== undefined)
  await begin(first.store, 'prepaid')
  await grant(first.store, grantOf('lot_1', 1000n))
  const held = await Promise.all(
    Array.from({ length: 150 }, (_none, place) => hold(nodes[place % 3] ?? first, `call_${place}`, 100n)),
  )
  assert.equal(held.filter(({ ok }) => ok).length, 10)
  await Promise.all(
    held.map(async ({ ok }, place) => {
      if (ok) await (nodes[place % 3] ?? first).books.settle(settleOf(`call_${place}`, 100n))
    }),
  )
  assert.equal(await quiet(first), 0n)
  await proven(first)
})

test('before it is refused for want of credit a call gets what another node does not need', async (context) => {
  const url = await server.database()
  const [rich, poor] = [await nodeOn(context, url, { name: 'node_a' }), await nodeOn(context, url, { name: 'node_b' })]
  await begin(rich.store, 'prepaid')
  await grant(rich.store, grantOf('lot_1', 1000n))
  assert.equal((await hold(rich, 'call_1', 900n)).ok, true)
  assert.equal((await hold(rich, 'call_2', 50n)).ok, true)
  await rich.books.voidHold(voidOf('call_1'))
  // 900 is with the first node, which still has a call under way.
  const found = await hold(poor, 'call_3', 800n)
  assert.deepEqual(found.ok, true)
  await Promise.all([poor.books.settle(settleOf('call_3', 800n)), rich.books.settle(settleOf('call_2', 50n))])
  assert.equal(await quiet(rich), 150n)
  await proven(rich)
})

test('a node that died brings in what its journal proves when it starts again, and returns the rest', async (context) => {
  const url = await server.database()
  const died = await nodeOn(context, url.replace(`:${server.port}/`, `:${line.port}/`), { name: 'node_a' })
  await begin(died.store, 'prepaid')
  await grant(died.store, grantOf('lot_1', 10_000n))
  for (const call of ['call_0', 'call_1', 'call_2', 'call_3', 'call_4'])
    assert.equal((await hold(died, call, 1000n)).ok, true)
  const note = { account, nowMs: clock.nowMs(), addNanoUsd: 0n, addMinNanoUsd: 0n, expiresMs: null, begun: true }
  await died.books.extend({ ...note, call: 'call_1', provenNanoUsd: 300n })
  await died.books.extend({ ...note, call: 'call_2', provenNanoUsd: null })
  line.cut()
  await died.books.settle(settleOf('call_0', 400n))
  await died.books.settle(settleOf('call_4', 50n))
  const again = await nodeOn(context, url, { name: 'node_a', kept: died.journal })
  assert.equal(await quiet(again), 10_000n - 400n - 300n - 50n)
  const states = await Promise.all(
    ['call_0', 'call_1', 'call_2', 'call_3', 'call_4'].map(async (call) => (await again.store.receipt(call))?.state),
  )
  assert.deepEqual(states, ['settled', 'settled', 'lost', 'voided', 'settled'])
  const lines = await Promise.all(
    ['call_0', 'call_1', 'call_2', 'call_3'].map(async (call) => (await again.store.call(call))?.costNanoUsd ?? null),
  )
  assert.deepEqual(lines, [null, 300n, 0n, 0n])
  await proven(again)
  line.heal()
  // What the dead process would still tell changes nothing.
  await eventually('its lines', async () =>
    (await died.store.balance(account, clock.nowMs()).catch(() => null)) === null ? undefined : true,
  )
  assert.equal(await quiet(again), 9250n)
  await proven(again)
})

test('while the store is away a node serves from what it was lent, refuses beyond it, and brings all of it in later', async (context) => {
  const url = await server.database()
  const node = await nodeOn(context, url.replace(`:${server.port}/`, `:${line.port}/`), { name: 'node_a' })
  await begin(node.store, 'prepaid')
  await grant(node.store, grantOf('lot_1', 10_000n))
  for (const call of ['call_1', 'call_2']) assert.equal((await hold(node, call, 1000n)).ok, true)
  line.cut()
  await node.books.voidHold(voidOf('call_1'))
  assert.equal((await hold(node, 'call_3', 1000n)).ok, true)
  assert.equal((await node.books.settle(settleOf('call_3', 700n))).chargedNanoUsd, 700n)
  await assert.rejects(
    hold(node, 'call_4', 5000n),
    (error: unknown) => error instanceof Problem && error.code === 'store_unavailable',
  )
  line.heal()
  await node.books.settle(settleOf('call_2', 1n))
  assert.equal(await quiet(node), 10_000n - 701n)
  await proven(node)
})

test('what a forgotten node reports late is the operator’s loss, and its customer has the money back', async (context) => {
  const url = await server.database()
  const [lost, other] = [await nodeOn(context, url, { name: 'node_a' }), await nodeOn(context, url, { name: 'node_b' })]
  await begin(lost.store, 'prepaid')
  await grant(lost.store, grantOf('lot_1', 1000n))
  await lost.store.cluster.beat({ node: 'node_a', boot: 'one', url: null, version: 'x', digest: null })
  assert.equal((await hold(lost, 'call_1', 1000n)).ok, true)
  assert.equal((await hold(other, 'call_2', 1000n)).ok, false)
  assert.equal(await other.store.cluster.forgetNode('node_a', null), true)
  assert.equal((await hold(other, 'call_3', 1000n)).ok, true)
  await other.books.settle(settleOf('call_3', 1000n))
  await lost.books.settle(settleOf('call_1', 900n))
  assert.equal(await quiet(other), 0n)
  const receipt = await eventually('the late report', async () => (await other.store.receipt('call_1')) ?? undefined)
  assert.deepEqual({ state: receipt.state, charged: receipt.chargedNanoUsd }, { state: 'lost', charged: 0n })
  await proven(other)
})

test('what was lent to a node that is gone comes back when its time is over, and what it reports later is a loss', async (context) => {
  const url = await server.database()
  const byLine = url.replace(`:${server.port}/`, `:${line.port}/`)
  const gone = await nodeOn(context, byLine, { name: 'node_a', abandonAfterMs: 60_000 })
  const other = await nodeOn(context, url, { name: 'node_b' })
  context.after(() => line.heal())
  await begin(other.store, 'prepaid')
  await grant(other.store, grantOf('lot_1', 1000n))
  assert.equal((await hold(gone, 'call_1', 1000n)).ok, true)
  line.cut()
  const sweep = (laterMs: number) =>
    other.store.sweep({ nowMs: clock.nowMs() + laterMs, owner: null, ownersOf: 'node_b.', limit: 10 })
  await sweep(50_000)
  assert.equal((await hold(other, 'call_2', 1000n)).ok, false, 'it is still the other’s')
  await sweep(70_000)
  assert.equal((await hold(other, 'call_3', 1000n)).ok, true)
  await other.books.settle(settleOf('call_3', 400n))
  line.heal()
  await gone.books.settle(settleOf('call_1', 900n))
  const receipt = await eventually('the late report', async () => (await other.store.receipt('call_1')) ?? undefined)
  assert.deepEqual({ state: receipt.state, charged: receipt.chargedNanoUsd }, { state: 'lost', charged: 0n })
  assert.equal(await quiet(other), 600n)
  await proven(other)
})

test('a budget is lent with the account, all or none, and no two nodes go over it', async (context) => {
  const url = await server.database()
  const [one, two] = [await nodeOn(context, url, { name: 'node_a' }), await nodeOn(context, url, { name: 'node_b' })]
  await begin(one.store, 'prepaid')
  await grant(one.store, grantOf('lot_1', 10_000n))
  const budgets = [{ name: 'key:k', limitNanoUsd: 500n, period: 'day' as const, thresholds: [100], label: 'key "k"' }]
  const held = await Promise.all(
    Array.from({ length: 40 }, (_none, place) =>
      (place % 2 === 0 ? one : two).books.hold(holdOf(`call_${place}`, 100n, { ...now(), budgets })),
    ),
  )
  assert.equal(held.filter(({ ok }) => ok).length, 5)
  await Promise.all(
    held.map(async ({ ok }, place) => {
      if (ok) await (place % 2 === 0 ? one : two).books.settle(settleOf(`call_${place}`, 60n))
    }),
  )
  assert.equal(await quiet(one), 10_000n - 300n)
  const [budget] = budgets
  assert.ok(budget !== undefined)
  const spentNanoUsd = await eventually('what was lent of the budget', async () => {
    const state = await one.store.budgetState(budget, clock.nowMs())
    return state.heldNanoUsd === 0n ? state.spentNanoUsd : undefined
  })
  assert.equal(spentNanoUsd, 300n)
  await proven(one)
})

test('a node whose line is slow keeps others waiting for a turn of it, and not for all that it has to do', async (context) => {
  const url = await server.database()
  const byLine = url.replace(`:${server.port}/`, `:${line.port}/`)
  const open = async (storeUrl: string): Promise<PostgresStore> => {
    const store = await openPostgresStore({ url: storeUrl, clock, ids, log: silentLog, connectionsMax: 4 })
    context.after(() => store.close())
    return store
  }
  const near = await open(url)
  const slow = await open(byLine)
  await begin(near, 'prepaid')
  await grant(near, grantOf('lot_1', 1_000_000n))
  context.after(() => line.slow(0))
  line.slow(50)
  const many = Promise.all(
    Array.from({ length: 40 }, (_none, place) => slow.hold(holdOf(`call_slow_${place}`, 100n, now()))),
  )
  const waitedMs: number[] = []
  let isOver = false
  const over = many.then(() => {
    isOver = true
  })
  while (!isOver) {
    const askedMs = clock.monotonicMs()
    assert.equal((await near.hold(holdOf(`call_near_${waitedMs.length}`, 100n, now()))).ok, true)
    waitedMs.push(clock.monotonicMs() - askedMs)
  }
  await over
  assert.ok((await many).every(({ ok }) => ok))
  const longestMs = Math.max(...waitedMs)
  assert.ok(waitedMs.length >= 3 && longestMs < 3_000, `${longestMs} ms of ${waitedMs.length}`)
  line.slow(0)
  assert.deepEqual((await near.verifyBooks(clock.nowMs())).problems, [])
})
