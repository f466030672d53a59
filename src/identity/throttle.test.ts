import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TryState } from './port.ts'
import { stepTry } from './throttle.ts'

const rule = { subject: 'x', max: 5, windowMs: 900_000 }

test('five tries, then waits that double up to the window; a quiet window after the last wait forgets them', () => {
  let state: TryState | null = null
  let nowMs = 0
  const waits: number[] = []
  for (let count = 0; count < 12; count += 1) {
    const step: ReturnType<typeof stepTry> = stepTry(state, rule, nowMs)
    assert.equal(step.waitMs, 0)
    assert.equal(stepTry(step.state, rule, nowMs).waitMs, step.state.untilMs - nowMs)
    state = step.state
    waits.push(state.untilMs - nowMs)
    nowMs = state.untilMs
  }
  assert.deepEqual(waits, [0, 0, 0, 0, 30_000, 60_000, 120_000, 240_000, 480_000, 900_000, 900_000, 900_000])
  assert.equal(stepTry(state, rule, nowMs + 899_999).state.count, 13)
  assert.equal(stepTry(state, rule, nowMs + 900_000).state.count, 1)
})
