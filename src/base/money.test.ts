import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalOf, divideHalfUp, nanoOf } from './money.ts'

test('decimals are read exactly', () => {
  assert.equal(nanoOf('0.0028'), 2_800_000n)
  assert.equal(nanoOf('-12.50'), -12_500_000_000n)
  assert.equal(nanoOf('0.000000001'), 1n)
  assert.equal(nanoOf('007'), 7_000_000_000n)
  assert.equal(nanoOf('999999999999999999.999999999'), 999_999_999_999_999_999_999_999_999n)
})

test('any other text is refused, and not repeated at length', () => {
  const others = [
    '',
    '.5',
    '5.',
    '+1',
    '1e3',
    '1,000',
    ' 1',
    '1 ',
    '1.0000000001',
    '0x10',
    'NaN',
    'Infinity',
    '--1',
    '１',
    '1\n',
  ]
  for (const text of others) assert.throws(() => nanoOf(text), RangeError, JSON.stringify(text))
  assert.throws(() => nanoOf('1'.repeat(19)), RangeError)
  assert.throws(
    () => nanoOf('x'.repeat(10_000)),
    (error) => (error as Error).message.length < 120,
  )
})

test('decimals are written exactly, with at least the asked places', () => {
  assert.equal(decimalOf(63_000_000_000n), '63.00')
  assert.equal(decimalOf(3_500n), '0.0000035')
  assert.equal(decimalOf(-1n), '-0.000000001')
  assert.equal(decimalOf(0n), '0.00')
  assert.equal(decimalOf(5_000_000_000n, 0), '5')
  assert.equal(decimalOf(5_100_000_000n, 0), '5.1')
  assert.equal(decimalOf(1n, 9), '0.000000001')
})

const nano = fc.bigInt({ min: -(10n ** 26n), max: 10n ** 26n })

test('what is written reads as itself', () => {
  fc.assert(fc.property(nano, fc.nat(9), (value, places) => assert.equal(nanoOf(decimalOf(value, places)), value)))
})

test('halves are rounded up', () => {
  const cases: readonly (readonly [bigint, bigint, bigint])[] = [
    [1n, 2n, 1n],
    [3n, 2n, 2n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [-1n, 2n, 0n],
    [-3n, 2n, -1n],
    [-2n, 3n, -1n],
    [0n, 7n, 0n],
  ]
  for (const [numerator, denominator, expected] of cases)
    assert.equal(divideHalfUp(numerator, denominator), expected, `${numerator}/${denominator}`)
})

test('a rounded quotient is never more than half away', () => {
  fc.assert(
    fc.property(nano, fc.bigInt({ min: 1n, max: 10n ** 12n }), (numerator, denominator) => {
      const away = 2n * (divideHalfUp(numerator, denominator) * denominator - numerator)
      assert.ok(away <= denominator && away > -denominator)
    }),
  )
})
