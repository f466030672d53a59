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
    pass: (byMs: number) => {
      nowMs += byMs
    },
    fireAfter: (byMs: number) => {
      nowMs += byMs
      pending?.()
    },
  }
}

test('a delay counts when it stays, not when it was one long task', () => {
  const clock = lateClock()
  const gauge = openPressureGauge(clock, { lineNowMs: () => 0, heapPercentNow: () => 42 })
  clock.fireAfter(2_100)
  assert.equal(gauge.loopDelayMs(), 0, 'one look says nothing')
  clock.fireAfter(350)
  assert.equal(gauge.loopDelayMs(), 250)
  clock.fireAfter(101)
  assert.equal(gauge.loopDelayMs(), 1)
  clock.fireAfter(900)
  assert.equal(gauge.loopDelayMs(), 1)
  clock.pass(700)
  assert.equal(gauge.loopDelayMs(), 600, 'the look that is due has not been yet')
  clock.fireAfter(0)
  assert.equal(gauge.loopDelayMs(), 600)
  assert.equal(gauge.heapPercent(), 42)
  gauge.close()
  clock.fireAfter(100)
  assert.equal(gauge.loopDelayMs(), 600)
})

test('a line before the loop counts when it stays', () => {
  const clock = lateClock()
  let lineMs = 500
  const gauge = openPressureGauge(clock, { lineNowMs: () => lineMs })
  clock.fireAfter(100)
  assert.equal(gauge.lineDelayMs(), 0)
  lineMs = 300
  clock.fireAfter(100)
  assert.equal(gauge.lineDelayMs(), 300)
  lineMs = 0
  clock.fireAfter(100)
  assert.equal(gauge.lineDelayMs(), 0)
  gauge.close()
})
