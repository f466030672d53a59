import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyPurse, idleOf, leaseKey, leaseLengthMs, leaseOwner, leaseSlackMs, neededOf, roomOf } from './lease.ts'
import type { HoldRequest } from './port.ts'

test('what of a lease is idle is what no call under way and no charge needs, and never less than nothing', () => {
  const purse = { lentNanoUsd: 100n, heldNanoUsd: 30n, pendingNanoUsd: 20n, endsMs: 60_000 }
  assert.equal(neededOf(purse), 50n)
  assert.equal(idleOf(purse), 50n)
  assert.equal(idleOf({ ...purse, pendingNanoUsd: 69n }), 1n)
  assert.equal(idleOf({ ...purse, pendingNanoUsd: 70n }), 0n)
  assert.equal(idleOf({ ...purse, pendingNanoUsd: 71n }), 0n, 'a provider reported more than was held')
  assert.deepEqual([neededOf(emptyPurse()), idleOf(emptyPurse()), roomOf(emptyPurse(), 0)], [0n, 0n, 0n])
})

test('a node stops spending before the end of its lease, and what is idle is then no room', () => {
  const purse = { lentNanoUsd: 100n, heldNanoUsd: 0n, pendingNanoUsd: 0n, endsMs: leaseLengthMs }
  assert.ok(leaseSlackMs > 0 && leaseSlackMs < leaseLengthMs)
  assert.equal(roomOf(purse, leaseLengthMs - leaseSlackMs - 1), 100n)
  assert.equal(roomOf(purse, leaseLengthMs - leaseSlackMs), 0n)
})

test('calls share a lease that share the account, the budgets in their periods and the models; a node’s name is no process’s', () => {
  const request = (changes: object = {}): HoldRequest =>
    ({ account: 'a', budgets: [], models: [['kimi']], nowMs: Date.UTC(2026, 10, 22), ...changes }) as never
  const budget = { name: 'key:k', period: 'day', limitNanoUsd: 5n }
  const key = leaseKey(request({ budgets: [budget] }))
  assert.equal(leaseKey(request({ budgets: [budget], nowMs: Date.UTC(2026, 10, 22, 23) })), key)
  const others = [
    request(),
    request({ budgets: [budget], account: 'b' }),
    request({ budgets: [budget], nowMs: Date.UTC(2026, 10, 23) }),
    request({ budgets: [{ ...budget, limitNanoUsd: 6n }] }),
    request({ budgets: [{ ...budget, period: 'week' }] }),
    request({ budgets: [{ ...budget, name: 'key:l' }] }),
    request({ budgets: [budget], models: [['other']] }),
    request({ budgets: [budget], models: undefined }),
  ]
  assert.equal(new Set([key, ...others.map(leaseKey)]).size, others.length + 1)
  assert.equal(leaseKey(request({ models: undefined })), leaseKey(request({ models: [] })))
  assert.equal(leaseOwner('node_1'), 'lease:node_1')
})
