import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lnBeta, lnBetaAbove, lnBetaBelow, lnGamma } from './beta-function.ts'

const isNear = (found: number, expected: number): boolean =>
  Math.abs(found - expected) <= 1e-10 * Math.max(1, Math.abs(expected))

test('ln Γ is the logarithm of factorials and of √π', () => {
  assert.ok(isNear(lnGamma(1), 0))
  assert.ok(isNear(lnGamma(0.5), Math.log(Math.sqrt(Math.PI))))
  assert.ok(isNear(lnGamma(11), Math.log(3_628_800)))
  // Γ(1/4) from the tables; and below 1/2 the mirror holds: Γ(x) Γ(1 − x) = π / sin πx.
  assert.ok(isNear(lnGamma(0.25), 1.288_022_524_698_077_4))
  assert.ok(isNear(lnGamma(0.1) + lnGamma(0.9), Math.log(Math.PI / Math.sin(0.1 * Math.PI))))
  // ln 100! from the tables.
  assert.ok(isNear(lnGamma(101), 363.739_375_555_563_47))
  assert.ok(isNear(lnGamma(1e6), 12_815_504.569_147_613))
})

test('ln B agrees with exact fractions', () => {
  assert.ok(isNear(lnBeta(1, 40), Math.log(1 / 40)))
  assert.ok(isNear(lnBeta(3, 4), Math.log(1 / 60)))
})

test('the tails agree with closed forms: Beta(1,b), Beta(a,1), and sums of binomial chances', () => {
  assert.ok(isNear(lnBetaAbove(0.01, 1, 40), 40 * Math.log(0.99)))
  assert.ok(isNear(lnBetaBelow(0.3, 7, 1), 7 * Math.log(0.3)))
  // P(X ≤ x) of Beta(a, b) with whole a, b is P(Bin(a+b−1, x) ≥ a).
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k)
  for (const [x, a, b] of [
    [0.2, 3, 9],
    [0.6, 8, 5],
    [0.01, 2, 30],
  ] as const) {
    let sum = 0
    for (let k = a; k <= a + b - 1; k += 1) sum += choose(a + b - 1, k) * x ** k * (1 - x) ** (a + b - 1 - k)
    assert.ok(isNear(lnBetaBelow(x, a, b), Math.log(sum)))
    assert.ok(isNear(lnBetaAbove(x, a, b), Math.log(1 - sum)))
  }
})

test('both tails add up to one, and tails far under what a number can hold keep their digits', () => {
  for (const [x, a, b] of [
    [0.01, 5, 400],
    [0.01, 1, 40],
    [0.5, 300, 320],
    [0.03, 90, 4_000],
  ] as const)
    assert.ok(isNear(Math.exp(lnBetaBelow(x, a, b)) + Math.exp(lnBetaAbove(x, a, b)), 1))
  assert.ok(isNear(lnBetaAbove(0.01, 1, 200_000), 200_000 * Math.log1p(-0.01)))
  assert.ok(isNear(lnBetaBelow(0.01, 5_000, 1), 5_000 * Math.log(0.01)))
})
