import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OverloadEnds, Pressure } from './overload.ts'
import { refusalUnder, sheddingOf } from './overload.ts'

const ends: OverloadEnds = {
  loopDelayMs: { soft: 200, hard: 1000 },
  heapPercent: { soft: 85, hard: 95 },
  openCalls: { soft: 900, hard: 1000 },
}
const calm: Pressure = { loopDelayMs: 5, heapPercent: 40, openCalls: 10 }

test('a calm process refuses nobody, whatever chance says', () => {
  assert.equal(
    refusalUnder(calm, ends, () => 0),
    null,
  )
  assert.equal(
    refusalUnder({ ...calm, openCalls: 900 }, ends, () => 0),
    null,
  )
})

test('between the ends a share is refused, at the hard end all', () => {
  assert.deepEqual(sheddingOf({ ...calm, loopDelayMs: 600 }, ends), { share: 0.5, cause: 'loopDelayMs' })
  assert.deepEqual(sheddingOf({ ...calm, loopDelayMs: 300, openCalls: 990 }, ends), { share: 0.9, cause: 'openCalls' })
  const half = { ...calm, heapPercent: 90 }
  assert.equal(
    refusalUnder(half, ends, () => 0.5),
    null,
  )
  const refused = refusalUnder(half, ends, () => 0.49)
  assert.equal(refused?.code, 'overloaded')
  assert.match(refused.message, /short of memory/)
  assert.equal(refusalUnder({ ...calm, openCalls: 5000 }, ends, () => 0.999)?.code, 'overloaded')
})

test('more pressure never refuses less, and nobody waits less than a second or more than five', () => {
  const pressures = fc.record({
    loopDelayMs: fc.double({ min: 0, max: 3000, noNaN: true }),
    heapPercent: fc.double({ min: 0, max: 100, noNaN: true }),
    openCalls: fc.nat(3000),
  })
  fc.assert(
    fc.property(pressures, fc.nat(500), fc.double({ min: 0, max: 0.999, noNaN: true }), (pressure, more, chance) => {
      const worse = { ...pressure, loopDelayMs: pressure.loopDelayMs + more }
      assert.ok(sheddingOf(worse, ends).share >= sheddingOf(pressure, ends).share)
      const waitMs = refusalUnder(pressure, ends, () => chance)?.detail.retryAfterMs ?? 1000
      assert.ok(waitMs >= 1000 && waitMs <= 5000)
    }),
  )
})
