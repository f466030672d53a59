import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import type { Limiter, Ticket } from './port.ts'
import { shareLimits } from './share-limits.ts'

const requests = (limit: number, amount = 1): Ticket => ({
  kind: 'rate',
  bucket: 'key:k:requests',
  group: 'acc',
  unit: 'requests',
  limit,
  periodMs: 60_000,
  amount,
  owner: 'key "k"',
})
const atOnce = (limit: number): Ticket => ({
  kind: 'concurrency',
  bucket: 'key:k:at-once',
  group: 'acc',
  limit,
  owner: 'key "k"',
})

const nodesOf = (count: number, clock = handClock(0)): readonly Limiter[] =>
  Array.from({ length: count }, () => shareLimits(makeMemoryLimiter({ clock }), () => count))

const admittedBy = async (nodes: readonly Limiter[], ticket: () => Ticket): Promise<number> => {
  let admitted = 0
  for (const node of nodes)
    for (let tries = 0; tries < 100; tries += 1) if ((await node.take([ticket()])).ok) admitted += 1
  return admitted
}

test('together the nodes admit no more than the limit, and one each where it is smaller than their number', async () => {
  assert.equal(await admittedBy(nodesOf(3), () => requests(60)), 60)
  assert.equal(await admittedBy(nodesOf(3), () => requests(61)), 60)
  assert.equal(await admittedBy(nodesOf(3), () => atOnce(9)), 9)
  assert.equal(await admittedBy(nodesOf(4), () => requests(2)), 4)
  assert.equal(await admittedBy(nodesOf(1), () => requests(61)), 61)
})

test('what is larger than a share but not than the limit takes the share; what is larger than both is refused for good', async () => {
  const [node] = nodesOf(4)
  assert.ok(node !== undefined)
  const large = await node.take([requests(100, 60)])
  assert.equal(large.ok, true)
  assert.equal((await node.take([requests(100)])).ok, false)
  const [fresh] = nodesOf(4)
  const refused = await fresh?.take([requests(100, 101)])
  assert.ok(refused !== undefined && !refused.ok)
  assert.equal(refused.retryAfterMs, null)
  assert.deepEqual(refused.refused, requests(100, 101))
})

test('what was taken is given back to the share that it came of, though the number of nodes changes', async () => {
  let count = 2
  const node = shareLimits(makeMemoryLimiter({ clock: handClock(0) }), () => count)
  const tickets = [atOnce(4), atOnce(4)].map((ticket) => [ticket])
  for (const ticket of tickets) assert.equal((await node.take(ticket)).ok, true)
  assert.equal((await node.take([atOnce(4)])).ok, false)
  count = 1
  for (const [ticket] of tickets) if (ticket !== undefined) await node.giveBack([{ ticket, used: null }])
  assert.equal(await admittedBy([node], () => atOnce(4)), 4)
})
