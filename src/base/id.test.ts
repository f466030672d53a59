import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from './clock.ts'
import { rfc3339, systemClock } from './clock.ts'
import { idsBy, systemIds } from './id.ts'

const standing = (nowMs: number): Clock => ({ nowMs: () => nowMs, monotonicMs: () => 0, after: () => () => {} })

test('an id is its prefix, its time and chance', () => {
  const ids = systemIds(standing(1_795_363_200_000))
  const id = ids.next('call')
  assert.match(id, /^call_[0-9a-hjkmnp-tv-z]{26}$/)
  assert.equal(id.slice(0, 15), ids.next('call').slice(0, 15), 'the same time')
  assert.notEqual(id, ids.next('call'))
})

test('ids sort by time, to the millisecond and over centuries', () => {
  const times = [0, 1, 31, 32, 1_795_363_200_000, 1_795_363_200_001, 4_102_444_800_000]
  const made = times.map((timeMs) => systemIds(standing(timeMs)).next('key'))
  assert.deepEqual(made.toSorted(), made)
})

test("ids by another clock have its time, whatever the machine's own says", () => {
  const own = systemIds(standing(1_795_363_200_000))
  const shared = idsBy(standing(1_795_366_800_000), own)
  assert.equal(shared.next('doc').slice(0, 14), systemIds(standing(1_795_366_800_000)).next('doc').slice(0, 14))
  assert.notEqual(shared.next('doc'), shared.next('doc'))
  assert.equal(shared.bytes(24).length, 24)
})

test('ten thousand ids of one instant are all different', () => {
  const ids = systemIds(standing(0))
  assert.equal(new Set(Array.from({ length: 10_000 }, () => ids.next('tx'))).size, 10_000)
})

test('chance and bytes have their form', () => {
  const ids = systemIds(systemClock())
  assert.equal(ids.bytes(24).length, 24)
  const draws = Array.from({ length: 1000 }, () => ids.chance())
  assert.ok(draws.every((draw) => draw >= 0 && draw < 1))
})

test('the system clock goes on, and its timers can be called off', async () => {
  const clock = systemClock()
  const before = clock.monotonicMs()
  let called = 0
  const cancel = clock.after(1, () => {
    called += 1
  })
  cancel()
  // The timer does not keep the process alive, so something else has to.
  const alive = setInterval(() => {}, 1000)
  await new Promise<void>((resolve) => clock.after(5, resolve))
  clearInterval(alive)
  assert.equal(called, 0)
  assert.ok(clock.monotonicMs() > before)
  assert.equal(rfc3339(0), '1970-01-01T00:00:00.000Z')
})
