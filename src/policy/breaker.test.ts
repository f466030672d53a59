import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Breaker, FailureKind } from './breaker.ts'
import { afterFailure, afterSuccess, closedBreaker, rampAt, restMsMax, slowStartMs, stateAt } from './breaker.ts'

const settings = { failuresMax: 3, restMs: 1_000 }

const failing = (breaker: Breaker, count: number, at: { nowMs: number; kind?: FailureKind }): Breaker => {
  let next = breaker
  for (let index = 0; index < count; index += 1)
    next = afterFailure(next, { nowMs: at.nowMs, kind: at.kind ?? 'upstream', settings })
  return next
}

test('so many failures in a row open it for its rest; then one call may find out', () => {
  const almost = failing(closedBreaker, 2, { nowMs: 0 })
  assert.equal(stateAt(almost, 0), 'closed')
  const open = failing(almost, 1, { nowMs: 10 })
  assert.equal(stateAt(open, 1_009), 'open')
  assert.equal(stateAt(open, 1_010), 'half-open')
})

test('a success in between begins the count anew; the two kinds of failure are counted apart', () => {
  const mended = afterSuccess(failing(closedBreaker, 2, { nowMs: 0 }), 1)
  assert.equal(stateAt(failing(mended, 2, { nowMs: 2 }), 2), 'closed')
  const mixed = failing(failing(closedBreaker, 2, { nowMs: 0 }), 2, { nowMs: 0, kind: 'local' })
  assert.equal(stateAt(mixed, 0), 'closed')
  assert.equal(stateAt(failing(mixed, 1, { nowMs: 0, kind: 'local' }), 0), 'open')
})

test('each trip rests twice as long as the one before, to a bound, until it has been well for long', () => {
  let breaker = closedBreaker
  let nowMs = 0
  const rests: number[] = []
  for (let trip = 0; trip < 12; trip += 1) {
    breaker = failing(breaker, trip === 0 ? 3 : 1, { nowMs })
    rests.push((breaker.openUntilMs ?? 0) - nowMs)
    nowMs = breaker.openUntilMs ?? 0
  }
  assert.deepEqual(rests.slice(0, 4), [1_000, 2_000, 4_000, 8_000])
  assert.equal(rests.at(-1), restMsMax)
  const well = afterSuccess(afterSuccess(breaker, nowMs), nowMs + 400_000)
  assert.equal(failing(well, 3, { nowMs: nowMs + 400_000 }).openUntilMs, nowMs + 401_000)
})

test('a probe that succeeds closes it, and its share grows back', () => {
  const closed = afterSuccess(failing(closedBreaker, 3, { nowMs: 0 }), 2_000)
  assert.equal(stateAt(closed, 2_000), 'closed')
  assert.deepEqual([rampAt(closed, 2_000), rampAt(closed, 2_000 + slowStartMs)], [0.1, 1])
  assert.ok(Math.abs(rampAt(closed, 2_000 + slowStartMs / 2) - 0.55) < 1e-9)
  assert.equal(rampAt(closedBreaker, 0), 1)
})

test('half of twenty calls failed opens it, though never so many in a row; fewer calls are no evidence', () => {
  let breaker = closedBreaker
  for (let call = 0; call < 19; call += 1)
    breaker = call % 2 === 0 ? failing(breaker, 1, { nowMs: call }) : afterSuccess(breaker, call)
  assert.equal(stateAt(breaker, 19), 'closed')
  breaker = afterSuccess(breaker, 19)
  assert.equal(stateAt(failing(breaker, 1, { nowMs: 20 }), 20), 'open')
  assert.equal(stateAt(failing(breaker, 1, { nowMs: 60_000 }), 60_000), 'closed', 'what is old is forgotten')
})

test('late failures of calls that began before change nothing while it rests', () => {
  const open = failing(closedBreaker, 3, { nowMs: 0 })
  assert.equal(failing(open, 5, { nowMs: 500 }), open)
})
