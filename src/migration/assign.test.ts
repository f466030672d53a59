import assert from 'node:assert/strict'
import { test } from 'node:test'
import { armAt, bucketOfUnit, makePins, pinsMax } from './assign.ts'

test('a larger weight only adds conversations to the candidate, and about as many as it says', () => {
  const units = Array.from({ length: 4_000 }, (_unused, index) => `unit-${index}`)
  const at = (weight: number): Set<string> =>
    new Set(units.filter((unit) => armAt(bucketOfUnit('salt', unit), weight) === 'candidate'))
  const [small, large] = [at(500), at(2_500)]
  assert.ok(small.isSubsetOf(large))
  assert.ok(Math.abs(small.size - 200) < 60 && Math.abs(large.size - 1_000) < 120)
  assert.equal(at(0).size, 0)
  assert.equal(at(10_000).size, units.length)
})

test('migrations do not know of each other: half of what one takes is not what another takes', () => {
  const units = Array.from({ length: 2_000 }, (_unused, index) => `unit-${index}`)
  const both = units.filter((unit) => bucketOfUnit('a', unit) < 5_000 && bucketOfUnit('b', unit) < 5_000)
  assert.ok(Math.abs(both.length - 500) < 100)
})

test('a conversation stays where it began until it has been silent for long enough', () => {
  const pins = makePins(60_000)
  pins.keep('one', { arm: 'baseline', step: 0, atMs: 0 })
  assert.equal(pins.of('one', 60_000)?.arm, 'baseline')
  assert.equal(pins.of('one', 60_001), null)
  pins.keep('two', { arm: 'candidate', step: 1, atMs: 0 })
  pins.clear()
  assert.equal(pins.of('two', 1), null)
})

test('no more conversations are remembered than there is room for, the longest silent ones go first', () => {
  const pins = makePins(60_000)
  for (let index = 0; index <= pinsMax; index += 1)
    pins.keep(`unit-${index}`, { arm: 'candidate', step: 0, atMs: index })
  assert.ok(pins.count() <= pinsMax && pins.count() > pinsMax * 0.98)
  assert.equal(pins.of('unit-0', 0), null)
  assert.equal(pins.of(`unit-${pinsMax}`, pinsMax)?.arm, 'candidate')
})
