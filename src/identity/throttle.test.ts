import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TryState } from './port.ts'
import { stepBack, stepTries, stepTry } from './throttle.ts'

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

test('a bound that many share has short waits; the first try of an account is spared it, and no second one', () => {
  const shared = { subject: 'address', max: 3, windowMs: 900_000, waitMsMax: 60_000, sparesFirstOf: 'account here' }
  const full = { count: 9, lastMs: 0, untilMs: 60_000 }
  assert.equal(stepTry({ ...full, untilMs: 0 }, shared, 5).state.untilMs, 60_005)
  const account = { subject: 'account here', max: 5, windowMs: 900_000 }
  const tried = (before: TryState | null) =>
    stepTries(
      [
        { request: account, before },
        { request: shared, before: full },
      ],
      10_000,
    )
  const first = tried(null)
  assert.deepEqual([first.waitMs, first.states.get('account here')?.count], [0, 1])
  assert.equal(tried({ count: 1, lastMs: 9_000, untilMs: 9_000 }).waitMs, 50_000)
  assert.equal(tried({ count: 5, lastMs: 9_000, untilMs: 39_000 }).waitMs, 50_000)
})

test('a try that was no guess is taken back, and the wait that it began', () => {
  assert.equal(stepBack({ count: 1, lastMs: 3, untilMs: 3 }, rule), null)
  assert.deepEqual(stepBack({ count: 5, lastMs: 3, untilMs: 30_003 }, rule), { count: 4, lastMs: 3, untilMs: 3 })
  assert.deepEqual(stepBack({ count: 7, lastMs: 3, untilMs: 120_003 }, rule), { count: 6, lastMs: 3, untilMs: 120_003 })
})
