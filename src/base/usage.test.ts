import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countOf, unknownUsage, usageOf } from './usage.ts'

test('counts are whole numbers; what is not is unknown, never zero', () => {
  assert.equal(countOf(0), 0)
  assert.equal(countOf(17), 17)
  assert.equal(countOf(2 ** 53 - 1), 2 ** 53 - 1)
  for (const value of [2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '17', null, undefined, [17], {}, true, 17n])
    assert.equal(countOf(value), null, String(value))
})

test('a negative count says nothing', () => {
  assert.equal(countOf(-1), null)
  assert.ok(Object.is(countOf(-0), 0))
})

test('what is not said is unknown', () => {
  const usage = usageOf({ input: 5, source: 'counted' })
  assert.deepEqual(usage, { ...unknownUsage, input: 5, source: 'counted' })
  assert.equal(usage.output, null)
  assert.ok(Object.isFrozen(unknownUsage))
})

test('a figure beyond what any call can have had is unknown, and pieces of such a number are none', () => {
  const usage = usageOf({
    input: 2 ** 53 - 1,
    output: 7,
    cachedInput: 1_000_000_001,
    reasoning: -3,
    items: { pages: 3, seconds: 2e9, searches: -1, sounds: Number.NaN },
  })
  assert.deepEqual(usage, { ...unknownUsage, output: 7, items: { pages: 3 } })
})
