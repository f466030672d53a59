import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalOf, divideHalfUp, jsonNumberOf, nanoOf, nanoOfNumber, notBelowZero } from './money.ts'

test('decimals are read exactly', () => {
  assert.equal(nanoOf('0.0028'), 2_800_000n)
  assert.equal(nanoOf('-12.50'), -12_500_000_000n)
  assert.equal(nanoOf('0.000000001'), 1n)
  assert.equal(nanoOf('007'), 7_000_000_000n)
  assert.equal(nanoOf('999999999999999999.999999999'), 999_999_999_999_999_999_999_999_999n)
})

test('less than nothing is nothing', () => {
  assert.deepEqual([-5n, -1n, 0n, 1n, 5n].map(notBelowZero), [0n, 0n, 0n, 1n, 5n])
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

test('a number of JSON has every digit, whatever its size', () => {
  const text = JSON.stringify({
    a: jsonNumberOf(123_456_789_012_345_678_901_234_567n),
    b: jsonNumberOf(-1n),
    c: jsonNumberOf(0n),
  })
  assert.equal(text, '{"a":123456789012345678.901234567,"b":-0.000000001,"c":0}')
})

test('numbers of tables are read as they are written, exponents and units included, and rounded half up', () => {
  const table: readonly (readonly [value: unknown, nano: bigint | null, unitsPerUsd?: bigint])[] = [
    ['0.06', 60_000_000n],
    [0.06, 60_000_000n],
    ['1.5e-7', 150n],
    [1.5e-7, 150n],
    ['-2.5E+3', -2_500_000_000_000n],
    ['12', 12_000_000_000n],
    [' 7 ', 7_000_000_000n],
    ['1.25e1', 12_500_000_000n],
    ['5e-10', 1n],
    ['4.9e-10', 0n],
    ['1', 10_000_000n, 100n],
    ['0', 0n],
    ['1,5', null],
    ['', null],
    ['1e9999', null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    [null, null],
    [true, null],
  ]
  for (const [value, nano, units] of table) assert.equal(nanoOfNumber(value, units), nano, String(value))
})
