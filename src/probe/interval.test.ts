import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quantile, signTest, wilson } from './interval.ts'

const rounded = ({ low, high }: { low: number; high: number }): readonly number[] =>
  [low, high].map((value) => Number(value.toFixed(3)))

test('the interval of Wilson, against figures of others', () => {
  // 1 of 10, and 20 of 20, as calculators of epidemiology give them.
  assert.deepEqual(rounded(wilson(1, 10)), [0.018, 0.404])
  assert.deepEqual(rounded(wilson(20, 20)), [0.839, 1])
  assert.deepEqual(rounded(wilson(0, 0)), [0, 1])
})

test('1,958 of 1,958 still allows 0.2 % of faults', () => {
  assert.ok(1 - wilson(1_958, 1_958).low > 0.0015)
})

test('the sign test is a tail of fair tosses', () => {
  assert.equal(signTest(0, 0), 1)
  assert.equal(signTest(5, 5), 1 / 32)
  assert.equal(Number(signTest(8, 10).toFixed(4)), 0.0547)
})

test('quantiles by the nearest rank', () => {
  assert.equal(quantile([], 0.5), null)
  assert.equal(quantile([30, 10, 20], 0.5), 20)
  assert.equal(quantile([1, 2, 3, 4], 0.99), 4)
})
