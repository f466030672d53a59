import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { serverClock } from './server-clock.ts'

const serverMs = 1_000_000_000

test('the time is the server’s, whatever the clock of the machine says or does', () => {
  const machine = handClock(5)
  let stepMs = 0
  const { clock, heard } = serverClock({ ...machine, nowMs: () => machine.nowMs() + stepMs })
  assert.equal(clock.nowMs(), 5)
  heard(serverMs, 0, 0)
  machine.advance(700)
  assert.equal(clock.nowMs(), serverMs + 700)
  stepMs = -86_400_000
  assert.equal(clock.nowMs(), serverMs + 700)
})

test('it follows a server that steps, and not what the way to it takes', () => {
  const machine = handClock()
  const { clock, heard } = serverClock(machine)
  heard(serverMs, 0, 0)
  machine.advance(100)
  heard(serverMs + 110, 60, 100)
  assert.equal(clock.nowMs(), serverMs + 100, 'within what a look of 40 ms can say')
  heard(serverMs + 90_000, 0, 1500)
  assert.equal(clock.nowMs(), serverMs + 100, 'too long a look')
  heard(serverMs + 90_000, 100, 100)
  assert.equal(clock.nowMs(), serverMs + 90_000)
})
