import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { watchdog } from './watchdog.ts'

/** A clock that moves when told to. */
const handClock = (): Clock & { advance: (ms: number) => void } => {
  let nowMs = 0
  const timers = new Set<{ dueMs: number; callback: () => void }>()
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, callback) => {
      const timer = { dueMs: nowMs + delayMs, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: (ms) => {
      nowMs += ms
      for (const timer of [...timers]) if (timer.dueMs <= nowMs && timers.delete(timer)) timer.callback()
    },
  }
}

const deadlineOf = (signal: AbortSignal): unknown => (signal.reason as Problem | undefined)?.detail?.facts?.['deadline']

test('silence before the first token ends the attempt', () => {
  const clock = handClock()
  const dog = watchdog(clock, 'p', 10_000)
  dog.arm('first_token', 500)
  clock.advance(499)
  assert.equal(dog.signal.aborted, false)
  clock.advance(1)
  assert.ok(dog.signal.reason instanceof Problem)
  assert.equal(deadlineOf(dog.signal), 'first_token')
})

test('a shorter deadline set later is not kept waiting by the longer one before', () => {
  const clock = handClock()
  const dog = watchdog(clock, 'p', 100_000)
  dog.arm('first_token', 60_000)
  clock.advance(10)
  dog.arm('idle', 50)
  clock.advance(50)
  assert.equal(deadlineOf(dog.signal), 'idle')
})

test('every chunk moves the idle deadline, never the total one', () => {
  const clock = handClock()
  const dog = watchdog(clock, 'p', 1_000)
  for (let beat = 0; beat < 9; beat += 1) {
    dog.arm('idle', 150)
    clock.advance(110)
    assert.equal(dog.signal.aborted, false)
  }
  clock.advance(20)
  assert.equal(deadlineOf(dog.signal), 'total')
})

test('a stopped watchdog stays quiet', () => {
  const clock = handClock()
  const dog = watchdog(clock, 'p', 100)
  dog.arm('idle', 10)
  dog.stop()
  clock.advance(1_000)
  assert.equal(dog.signal.aborted, false)
})
