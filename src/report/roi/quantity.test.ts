import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { agreed, questionsOf } from './agree.ts'
import type { Read } from './quantity.ts'
import {
  readCount,
  readDay,
  readDollars,
  readExchangeRate,
  readPrice,
  readRatio,
  readShare,
  readSpread,
  readTokens,
} from './quantity.ts'
import type { Rational } from './rational.ts'
import {
  ceiling,
  compare,
  decimal,
  dividedBy,
  dollars,
  ofDecimal,
  percent,
  plus,
  rational,
  times,
  whole,
} from './rational.ts'

const value = <T>(read: Read<T>): T => {
  assert.ok(read.ok, read.ok ? '' : read.what)
  return read.value
}

const refusal = (read: Read<unknown>): string => {
  assert.equal(read.ok, false)
  return read.ok ? '' : `${read.what} ${read.next}`
}

const price = (text: string, flag = '--from-price') => value(readPrice(flag, text))

const prices = (texts: readonly string[], fx: string | null = null) =>
  agreed(
    texts.map((text, index) => price(text, index === 0 ? '--from-price' : '--to-price')),
    fx === null ? null : value(readExchangeRate('--fx', fx)),
  )

const shown = (read: Read<readonly Rational[]>): readonly string[] => value(read).map((one) => decimal(one, 2))

describe('fractions', () => {
  const fraction = fc
    .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.bigInt({ min: 1n, max: 10n ** 9n }))
    .map(([over, under]) => rational(over, under))

  test('are exact: what is added comes off again, and what is multiplied divides again', () => {
    fc.assert(
      fc.property(fraction, fraction, (left, right) => {
        assert.equal(compare(plus(plus(left, right), times(right, rational(-1n))), left), 0)
        const quotient = dividedBy(times(left, right), right)
        assert.ok(right.over === 0n ? quotient === null : compare(quotient ?? left, left) === 0)
      }),
    )
  })

  test('a decimal with so many places is the nearest, and reads back as written', () => {
    fc.assert(
      fc.property(fraction, fc.integer({ min: 0, max: 9 }), (given, places) => {
        const read = ofDecimal(decimal(given, places))
        assert.ok(read !== null)
        const off = plus(given, times(read, rational(-1n)))
        const doubled = rational(2n * (off.over < 0n ? -off.over : off.over) * 10n ** BigInt(places), off.under)
        assert.ok(compare(doubled, rational(1n)) <= 0)
      }),
    )
  })

  test('are written as money and percent', () => {
    assert.equal(dollars(rational(63n)), '63.00')
    assert.equal(dollars(rational(0n)), '0.00')
    assert.equal(dollars(rational(-5n, 2n)), '-2.50')
    assert.equal(dollars(rational(42n, 10_000n)), '0.0042')
    assert.equal(dollars(rational(1n, 2n)), '0.50')
    assert.equal(percent(rational(63n, 73n)), '86.30')
    assert.equal(ceiling(rational(7n, 2n)), 4n)
    assert.equal(ceiling(rational(-7n, 2n)), -3n)
  })
})

describe('tokens', () => {
  test('may be written with marks and magnitudes', () => {
    for (const text of [
      '10000000',
      '10_000_000',
      '10,000,000',
      '10M',
      '10m',
      '0.01B',
      '10M tokens',
      '10M/month',
      '10M tokens per month',
    ])
      assert.equal(whole(value(readTokens('--tokens-per-month', text, 'month'))), 10_000_000n, text)
    assert.equal(whole(value(readCount('--calls-per-month', '2.5k')).value), 2_500n)
  })

  test('of another period are asked about, not converted', () => {
    assert.match(refusal(readTokens('--tokens-per-month', '10M/day', 'month')), /is per day.*--tokens-per-day/)
    assert.match(refusal(readTokens('--tokens-per-day', '10M a month', 'day')), /is per month/)
  })

  test('that cannot be are refused', () => {
    assert.match(
      refusal(readTokens('--tokens-per-month', '10', 'month')),
      /10 tokens a month, or 10 million\? Then write 10M/,
    )
    assert.match(refusal(readTokens('--tokens-per-month', '0', 'month')), /is 0/)
    assert.match(refusal(readTokens('--tokens-per-month', '10000000T', 'month')), /more than anyone uses/)
    for (const text of ['-5', '1e7', 'ten', '', '1.5', '10,5', '10M/fortnight', '0x10'])
      refusal(readTokens('--tokens-per-month', text, 'month'))
  })
})

describe('prices', () => {
  test('without a unit are dollars per million tokens', () => {
    assert.deepEqual(shown(prices(['7.30', '1.00'])), ['7.30', '1.00'])
    assert.deepEqual(shown(prices(['$7.30/M', '1.00'])), ['7.30', '1.00'])
    assert.deepEqual(shown(prices(['USD 7.30 per million tokens', '1 usd/1M'])), ['7.30', '1.00'])
    assert.deepEqual(shown(prices(['$0.0000073/token', '0.000001/token'])), ['7.30', '1.00'])
    assert.deepEqual(shown(prices(['0.0073/1K', '$0.001/k'])), ['7.30', '1.00'])
  })

  test('in different units are refused with the figures per million', () => {
    assert.match(
      refusal(prices(['$0.0000073/token', '1.00'])),
      /per token \(7\.30 per million\); --to-price is per million tokens/,
    )
    assert.match(refusal(prices(['0.0073/1K', '$1/M'])), /different units/)
    assert.match(
      refusal(prices(['0.0000073', '1.00'])),
      /Is it a price per token\? Write '0\.0000073\/token', which is 7\.30 per million/,
    )
    assert.match(refusal(prices(['7300', '1.00'])), /more than any model costs/)
  })

  test('in yuan need a rate, and a bare price beside them a currency', () => {
    assert.match(refusal(prices(['¥52/M', '1.00'])), /Is 1\.00 dollars or yuan\?/)
    assert.match(refusal(prices(['CNY 52/M', '$1.00/M'])), /How many yuan is a dollar\? Give it as --fx/)
    assert.deepEqual(shown(prices(['CNY 52/M', '$1.00/M'], '6.5')), ['8.00', '1.00'])
    assert.deepEqual(shown(prices(['¥13', '6.5元'], '6.5')), ['2.00', '1.00'])
  })

  test('that could be an exchange rate are asked about', () => {
    const [question = ''] = questionsOf([price('7.3')])
    assert.match(question, /Is "7\.3" a price or an exchange rate\?/)
    assert.deepEqual(questionsOf([price('$7.3/M'), price('1.00'), price('15')]), [])
    assert.match(refusal(prices(['7.3', '1.00'], '7.3')), /Is "7\.3" a price or an exchange rate\?/)
    assert.match(refusal(readExchangeRate('--fx', '1.00')), /Is 1\.00 a price\?/)
    assert.match(refusal(readExchangeRate('--fx', '0.14')), /looks like dollars for one yuan/)
  })

  test('that are none are refused', () => {
    for (const text of ['', 'free', '-1', '1e-6', '7,30', '$7 CNY', '7.30/page', '$$7'])
      refusal(readPrice('--to-price', text))
  })
})

describe('shares, ratios, ranges, money and days', () => {
  test('a bare number over 1 may be percent, and is asked about', () => {
    assert.equal(percent(value(readShare('--cached-share', '40%'))), '40.00')
    assert.equal(percent(value(readShare('--cached-share', '0.4'))), '40.00')
    assert.match(refusal(readShare('--cached-share', '40')), /Is it 40 percent\? Then write '40%'/)
    refusal(readShare('--cached-share', '101%'))
    refusal(readShare('--cached-share', '-3%'))
  })

  test('a ratio is new over old', () => {
    assert.equal(decimal(value(readRatio('--tokenizer-ratio', '1.15')), 2), '1.15')
    assert.match(refusal(readRatio('--tokenizer-ratio', '115')), /115 % is written 1\.15/)
    refusal(readRatio('--tokenizer-ratio', '0'))
  })

  test('a range is low, likely, high in this order', () => {
    const two = value(readSpread('--tokenizer-ratio', '1.1..1.3', readRatio))
    assert.deepEqual(
      [two.low, two.mid, two.high].map((one) => decimal(one, 2)),
      ['1.10', '1.20', '1.30'],
    )
    const three = value(readSpread('--tokenizer-ratio', '1.1..1.15..1.3', readRatio))
    assert.equal(decimal(three.mid, 2), '1.15')
    refusal(readSpread('--tokenizer-ratio', '1.3..1.1', readRatio))
    refusal(readSpread('--tokenizer-ratio', '1..2..3..4', readRatio))
  })

  test('dollars are dollars, days are days', () => {
    assert.equal(dollars(value(readDollars('--hourly-usd', '$90'))), '90.00')
    assert.match(refusal(readDollars('--hourly-usd', '¥650')), /in yuan/)
    assert.equal(value(readDay('--start', '2027-02-28')), Date.UTC(2027, 1, 28))
    refusal(readDay('--start', '2027-02-30'))
    refusal(readDay('--start', '28.02.2027'))
  })
})
