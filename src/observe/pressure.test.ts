import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPressureGauge } from './pressure.ts'

/** A clock whose timers fire when the test says, however late. */
const lateClock = () => {
  let nowMs = 0
  let pending: (() => void) | null = null
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (_delayMs: number, callback: () => void) => {
      pending = callback
      return () => {
        pending = null
      }
    },
    fireAfter: (byMs: number) => {
      nowMs += byMs
      pending?.()
    },
  }
}

test('a delay counts when it stays, not when it was one long task', () => {
  const clock = lateClock()
  const gauge = openPressureGauge(clock, () => 42)
  for (let look = 0; look < 4; look += 1) clock.fireAfter(400)
  assert.equal(gauge.loopDelayMs(), 0, 'four looks are too few to say')
  clock.fireAfter(350)
  assert.equal(gauge.loopDelayMs(), 250)
  clock.fireAfter(101)
  assert.equal(gauge.loopDelayMs(), 1)
  for (let look = 0; look < 5; look += 1) clock.fireAfter(900)
  assert.equal(gauge.loopDelayMs(), 800)
  assert.equal(gauge.heapPercent(), 42)
  gauge.close()
  clock.fireAfter(100)
  assert.equal(gauge.loopDelayMs(), 800)
})
