import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { forgetOld } from './forget-old.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const retention = { callsMs: 3_000, bodiesMs: 2_000, eventsMs: 1_000, wholeMonths: false }

test('batches follow each other until nothing is left, then it rests; a store that is away is asked again', async () => {
  const clock = handClock()
  const asked: (readonly [string, number])[] = []
  let left = 450
  let isAway = false
  const ask = (what: string) => async (olderThanMs: number, limit: number) => {
    if (isAway) throw new Error('away')
    asked.push([what, olderThanMs - clock.nowMs()])
    const gone = what === 'calls' ? Math.min(left, limit) : 0
    left -= gone
    return gone
  }
  const store = {
    forgetCalls: ask('calls'),
    forgetBodies: ask('bodies'),
    forgetEvents: ask('events'),
    forgetUnits: ask('units'),
    sweepIdentity: ask('sessions'),
  }
  const job = forgetOld({ store, retention, clock, log: silentLog })
  const pass = async (byMs: number): Promise<void> => {
    clock.advance(byMs)
    await settle()
  }
  await pass(5_000)
  assert.deepEqual(asked, [
    ['bodies', -2_000],
    ['calls', -3_000],
    ['events', -1_000],
    ['units', -3_000],
    ['sessions', 0],
  ])
  await pass(100)
  await pass(100)
  assert.deepEqual([left, asked.length], [0, 15])
  await pass(100)
  assert.equal(asked.length, 15, 'it rests')
  isAway = true
  await pass(600_000)
  isAway = false
  await pass(600_000)
  assert.equal(asked.length, 20)
  await job.close()
  await pass(600_000)
  assert.equal(asked.length, 20, 'it has ended')
})

test('calls that go by months are left alone', async () => {
  const clock = handClock()
  const asked: string[] = []
  const ask = (what: string) => async () => {
    asked.push(what)
    return 0
  }
  const store = {
    forgetCalls: ask('calls'),
    forgetBodies: ask('bodies'),
    forgetEvents: ask('events'),
    forgetUnits: ask('units'),
    sweepIdentity: ask('sessions'),
  }
  const job = forgetOld({ store, retention: { ...retention, wholeMonths: true }, clock, log: silentLog })
  clock.advance(5_000)
  await settle()
  assert.deepEqual(asked, ['bodies', 'events', 'units', 'sessions'])
  await job.close()
})
