import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { isFull, ownShares } from './own-shares.ts'

const hourMs = 3_600_000

test('the last quarter of the room is for accounts with less than a quarter of it; who pays nothing has a quarter in all', () => {
  const full = (taken: number, own: number, isFree = false): boolean => isFull(100, { taken, own, isFree })
  assert.deepEqual(
    [full(74, 74), full(75, 25), full(75, 24), full(99, 0), full(100, 0)],
    [false, true, false, false, true],
  )
  assert.deepEqual([full(24, 24, true), full(25, 0, true)], [false, true])
})

test('what an account has taken counts for a day, by its own hour, and is given back to that hour', () => {
  const clock = handClock(10 * hourMs)
  const shares = ownShares(clock)
  shares.add('acc_one', { answers: 1, sizeBytes: 7 }, clock.nowMs())
  shares.add('acc_one', { answers: 1 }, clock.nowMs())
  shares.add('acc_two', { answers: 5 }, clock.nowMs())
  clock.advance(20 * hourMs)
  shares.add('acc_one', { answers: 1 }, clock.nowMs())
  shares.add('acc_one', { answers: -1 }, 10 * hourMs)
  assert.deepEqual(shares.of('acc_one'), { answers: 2, sizeBytes: 7 })
  clock.advance(5 * hourMs)
  shares.sweep()
  assert.deepEqual(shares.of('acc_one'), { answers: 1, sizeBytes: 0 })
  assert.deepEqual(shares.of('acc_two'), { answers: 0, sizeBytes: 0 })
})
