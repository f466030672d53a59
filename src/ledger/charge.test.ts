import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nanoOf } from '#base/money.ts'
import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { noRates, priceAt, priceRowHash } from '#base/price-row.ts'
import type { PriceRule } from '#base/price-rule.ts'
import { samplePriceRow as row } from '#base/sample-price-row.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import { amountOf, chargeLines, chargeOf, rateBy, saleOf, sumOfLines, usdFactor } from './charge.ts'

const rowInForce = (...question: Parameters<typeof priceAt>): PriceRow | null => priceAt(...question)?.row ?? null

const base = row({ input: nanoOf('1.00'), cachedInput: nanoOf('0.10'), output: nanoOf('2.00') })

test('cached input is part of input and priced once', () => {
  const charge = chargeOf(usageOf({ input: 1_000, cachedInput: 400, output: 100 }), [base], 0)
  // 600 x 1.00 + 400 x 0.10 + 100 x 2.00 USD per million = 0.00084 USD
  assert.equal(charge?.costNanoUsd, nanoOf('0.00084'))
  assert.equal(charge?.priceHash, priceRowHash(base))
})

test('the sum is divided once and rounded half up', () => {
  const cheap = row({ input: 500n, output: 0n })
  assert.equal(chargeOf(usageOf({ input: 1_000, output: 0 }), [cheap], 0)?.costNanoUsd, 1n)
  assert.equal(chargeOf(usageOf({ input: 999, output: 0 }), [cheap], 0)?.costNanoUsd, 0n)
})

test('what is unknown is not zero', () => {
  assert.equal(chargeOf(usageOf({ input: 10, output: null }), [base], 0), null)
  assert.equal(chargeOf(usageOf({ input: 10, output: 1 }), [], 0), null)
  assert.equal(chargeOf(usageOf({ input: 10, output: 1 }), [row({ input: 1n })], 0), null)
  const free = chargeOf(usageOf({}), 'free', 0)
  assert.deepEqual([free?.costNanoUsd, free?.priceHash], [0n, null])
})

test('what is unknown is not zero where only sound or pictures of that side have a price', () => {
  const spoken = row({ audioInput: nanoOf('6') })
  assert.equal(chargeOf(usageOf({ output: 3 }), [spoken], 0), null)
  const drawn = row({ input: nanoOf('5'), imageOutput: nanoOf('30') })
  assert.equal(chargeOf(usageOf({ input: 10 }), [drawn], 0), null)
  assert.equal(chargeOf(usageOf({ input: 10, output: 4, imageOutput: 4 }), [drawn], 0)?.costNanoUsd, 170_000n)
})

test('a row without a price for tokens sells by the call or the piece, and knows what it sold', () => {
  const used = { input: 10, output: 200 }
  assert.equal(chargeOf(usageOf(used), [row({ perCall: nanoOf('0.04') })], 0)?.costNanoUsd, nanoOf('0.04'))
  const byPicture = [row({ items: { images: nanoOf('0.04') } })]
  assert.equal(chargeOf(usageOf({ ...used, items: { images: 2 } }), byPicture, 0)?.costNanoUsd, nanoOf('0.08'))
  assert.equal(chargeOf(usageOf({ items: { images: 0 } }), byPicture, 0)?.costNanoUsd, 0n)
  assert.equal(chargeOf(usageOf(used), byPicture, 0), null, 'nobody told how many')
  assert.equal(chargeOf(usageOf({}), [row({})], 0), null)
})

test('a cliff prices the whole call', () => {
  const over = row({ input: nanoOf('4.00'), output: nanoOf('8.00') }, { contextOverTokens: 200_000 })
  const at = (input: number) => rowInForce([base, over], { atMs: 0, inputTokens: input, serviceTier: null })
  assert.equal(at(200_000), base)
  assert.equal(at(200_001), over)
})

test('dates, tiers and windows choose the row', () => {
  const old = row({ input: 1n, output: 1n }, { untilMs: 1_000 })
  const fresh = row({ input: 2n, output: 2n }, { fromMs: 1_000 })
  const batch = row({ input: 3n, output: 3n }, { serviceTier: 'batch' })
  const night = row({ input: 4n, output: 4n }, { fromMs: 1_000, windows: [{ fromMinute: 1_380, untilMinute: 60 }] })
  const find = (atMs: number, serviceTier: string | null) =>
    rowInForce([old, fresh, batch, night], { atMs, inputTokens: 5, serviceTier })
  assert.equal(find(999, null), old)
  assert.equal(find(12 * 3_600_000, null), fresh)
  assert.equal(find(12 * 3_600_000, 'batch'), batch)
  assert.equal(find(12 * 3_600_000, 'flex'), fresh)
  assert.equal(find(30 * 60_000, null), night)
  assert.equal(rowInForce([row({}, { currency: 'CNY' })], { atMs: 0, inputTokens: 0, serviceTier: null }), null)
})

test('for any usage the cost is never negative and grows with it', () => {
  const count = fc.integer({ min: 0, max: 500_000_000 })
  fc.assert(
    fc.property(count, count, count, (input, cachedInput, output) => {
      const cost = (extra: number): bigint =>
        chargeOf(usageOf({ input: input + extra, cachedInput: Math.min(cachedInput, input), output }), [base], 0)
          ?.costNanoUsd ?? -1n
      assert.ok(cost(0) >= 0n)
      assert.ok(cost(1_000_000) > cost(0))
    }),
  )
})

const yuan = (perUsd: string, from = 0) => ({
  currency: 'CNY',
  perUsdNano: nanoOf(perUsd),
  fromMs: from,
  source: 's',
  read: 'r',
})

test('yuan are turned into dollars at the rate of the day, within the one division', () => {
  const rates = { input: nanoOf('20'), cachedInput: nanoOf('2'), output: nanoOf('100') }
  const list = row(rates, { currency: 'CNY', perUsd: [yuan('7.1'), yuan('7.0', 1_000)] })
  const usage = usageOf({ input: 1_500, cachedInput: 500, output: 250 })
  // 1,000 x 20 + 500 x 2 + 250 x 100 yuan per million = 0.046 yuan; / 7.1 = 0.006478873239… USD
  assert.equal(chargeOf(usage, [list], 999)?.costNanoUsd, nanoOf('0.006478873'))
  // 0.046 / 7.0 = 0.006571428571… USD
  const later = chargeOf(usage, [list], 1_000)
  assert.equal(later?.costNanoUsd, nanoOf('0.006571429'))
  assert.equal(later?.fxRate?.perUsdNano, nanoOf('7'))
  assert.equal(chargeOf(usage, [row(rates, { currency: 'CNY', perUsd: [yuan('7.1', 5)] })], 0), null, 'no rate yet')
})

const rule = (kind: PriceRule['kind'], basisPoints: number): PriceRule => ({
  name: 'r',
  kind,
  basisPoints,
  scope: { account: null, plan: null, model: null, families: null, vendor: null },
  volumeMinNanoUsd: null,
  fromMs: null,
  untilMs: null,
})

test('a markup and a discount are within the one division; the amount before the discount is told', () => {
  const usage = usageOf({ input: 333, output: 0 })
  const rules = { markup: rule('markup', 2_000), discount: rule('discount', 1_500) }
  const sale = saleOf(usage, [row({ input: 1_000_001n, output: 0n })], { atMs: 0, rules })
  // 333 x 1.000001 nano = 333.000333; x 1.2 = 399.6003996 -> 400; x 0.85 = 339.66033966 -> 340
  assert.deepEqual([sale?.baseNanoUsd, sale?.costNanoUsd], [400n, 340n])
})

test('parts are taken out of their whole once: more of them than the whole is no more than the whole', () => {
  const rates = { input: 10n, cachedInput: 1n, cacheWrite5m: 12n, audioInput: 50n, imageInput: 20n, output: 3n }
  const over = usageOf({ input: 100, cachedInput: 60, cacheWrite: 30, audioInput: 40, imageInput: 9, output: 0 })
  const lines = chargeLines(over, { ...noRates, ...rates }) ?? []
  assert.deepEqual(
    lines.map(({ item, count }) => [item, count]),
    [
      ['cached input', 60],
      ['cache write', 30],
      ['audio input', 10],
    ],
  )
})

test('each kind of token has the rate of its own, and where the row has none, the next that holds for it', () => {
  const plain = { ...noRates, input: 2n, output: 3n }
  const cases: readonly (readonly [Parameters<typeof usageOf>[0], Partial<PriceRates>, string, bigint])[] = [
    [{ cachedInput: 4 }, { cachedInput: 7n }, 'cached input', 2n],
    [{ cacheWrite: 4 }, { cacheWrite5m: 7n }, 'cache write', 2n],
    [{ cacheWrite5m: 4 }, { cacheWrite5m: 7n }, 'cache write', 2n],
    [{ cacheWrite: 4, cacheWrite1h: 4 }, { cacheWrite1h: 7n }, 'cache write 1h', 2n],
    [{ cacheWrite: 4, cacheWrite1h: 4 }, { cacheWrite5m: 7n }, 'cache write 1h', 2n],
    [{ audioInput: 4 }, { audioInput: 7n }, 'audio input', 2n],
    [{ imageInput: 4 }, { imageInput: 7n }, 'image input', 2n],
    [{ reasoning: 4 }, { reasoning: 7n }, 'reasoning', 3n],
    [{ audioOutput: 4 }, { audioOutput: 7n }, 'audio output', 3n],
    [{ imageOutput: 4 }, { imageOutput: 7n }, 'image output', 3n],
  ]
  for (const [used, own, item, without] of cases) {
    const usage = usageOf({ input: 10, output: 10, ...used })
    const rateOf = (rates: PriceRates) => chargeLines(usage, rates)?.find((line) => line.item === item)
    const line = { item, count: 4, perMillion: true }
    assert.deepEqual(rateOf({ ...plain, ...own }), { ...line, rateNano: 7n })
    assert.deepEqual(rateOf(plain), { ...line, rateNano: without })
  }
  const both = { ...plain, cacheWrite5m: 5n, cacheWrite1h: 7n }
  const writes = chargeLines(usageOf({ input: 10, output: 0, cacheWrite: 6, cacheWrite1h: 4 }), both) ?? []
  assert.deepEqual(
    writes.map(({ item, count, rateNano }) => [item, count, rateNano]),
    [
      ['input', 4, 2n],
      ['cache write 1h', 4, 7n],
      ['cache write', 2, 5n],
    ],
  )
})

test('sound from a cache has a rate of its own, where the row has one', () => {
  const usage = usageOf({ input: 100, cachedInput: 50, cachedAudioInput: 20, output: 0 })
  const rates = { input: nanoOf('10'), cachedInput: nanoOf('1'), output: 0n }
  assert.equal(chargeOf(usage, [row(rates)], 0)?.costNanoUsd, 550_000n)
  assert.equal(chargeOf(usage, [row({ ...rates, cachedAudioInput: nanoOf('4') })], 0)?.costNanoUsd, 610_000n)
})

test('an hour’s cache write, pieces and calls have rates of their own', () => {
  const rates = {
    input: nanoOf('5'),
    cacheWrite5m: nanoOf('6.25'),
    cacheWrite1h: nanoOf('10'),
    output: nanoOf('25'),
    perCall: nanoOf('0.001'),
    items: { web_search: nanoOf('0.01') },
  }
  const usage = usageOf({
    input: 1_000,
    cacheWrite: 700,
    cacheWrite5m: 400,
    cacheWrite1h: 300,
    output: 10,
    items: { web_search: 2, other: 9 },
  })
  // 300 x 5 + 400 x 6.25 + 300 x 10 + 10 x 25 = 7,250 per million = 0.00725; + 0.001 + 2 x 0.01
  assert.equal(chargeOf(usage, [row(rates)], 0)?.costNanoUsd, nanoOf('0.02825'))
  assert.deepEqual(chargeOf(usage, [row(rates)], 0)?.unpricedItems, ['other'], 'said, not silent')
  const zero = { ...rates, items: { web_search: 0n, other: 0n } }
  assert.deepEqual(chargeOf(usage, [row(zero)], 0)?.unpricedItems, [], 'zero on purpose is a price')
})

const count = fc.integer({ min: 0, max: 500_000_000 })
const rate = fc.bigInt({ min: 0n, max: 10n ** 13n })
const anyUsage = fc
  .record({ input: count, output: count, cachedInput: count, cacheWrite: count, audioInput: count, reasoning: count })
  .map((figures): Usage => usageOf(figures))
const anyRow = fc
  .record({ input: rate, cachedInput: rate, cacheWrite5m: rate, audioInput: rate, output: rate, reasoning: rate })
  .map((rates) => row(rates))

test('for any usage and row: lines add up to the whole, and their sum is the charge', () => {
  fc.assert(
    fc.property(anyUsage, anyRow, (usage, price) => {
      const lines = chargeLines(usage, price.rates) ?? []
      const tokens = lines.reduce((sum, line) => sum + BigInt(line.count), 0n)
      assert.equal(tokens, BigInt(usage.input ?? 0) + BigInt(usage.output ?? 0))
      const one = { numerator: 1n, denominator: 1n }
      assert.equal(chargeOf(usage, [price], 0)?.costNanoUsd, amountOf(sumOfLines(lines), [one]))
    }),
  )
})

test('for any usage, row, rate of exchange and rules the charge is never negative, grows with tokens, and a discount only lowers it', () => {
  const points = fc.integer({ min: 0, max: 10_000 })
  const perUsd = fc.bigInt({ min: 1n, max: 10n ** 12n })
  fc.assert(
    fc.property(
      fc.tuple(anyUsage, anyRow, perUsd),
      fc.tuple(points, points),
      fc.tuple(count, count),
      ([usage, price, perUsdNano], [up, down], [moreInput, moreOutput]) => {
        const inYuan = { ...price, currency: 'CNY' as const, perUsd: [{ ...yuan('1'), perUsdNano }] }
        const rules = { markup: rule('markup', up), discount: rule('discount', down) }
        const cost = (of: Usage) => saleOf(of, [inYuan], { atMs: 0, rules })
        const less = cost(usage)
        const more = cost({
          ...usage,
          input: (usage.input ?? 0) + moreInput,
          output: (usage.output ?? 0) + moreOutput,
        })
        assert.ok(less !== null && more !== null)
        assert.ok(less.costNanoUsd >= 0n && less.costNanoUsd <= less.baseNanoUsd)
        assert.ok(more.costNanoUsd >= less.costNanoUsd)
      },
    ),
  )
})

test('what is not priced need not be known; what is, must be', () => {
  const perCall = row({ perCall: 7n })
  const charge = chargeOf(usageOf({}), [perCall], 0)
  assert.equal(charge?.costNanoUsd, 7n)
  assert.equal(chargeOf(usageOf({ output: 5 }), [row({ output: nanoOf('1.00') })], 0)?.costNanoUsd, 5_000n)
  assert.equal(chargeOf(usageOf({ input: 5 }), [row({ input: nanoOf('1.00') })], 0)?.costNanoUsd, 5_000n)
  assert.equal(chargeOf(usageOf({ input: null, output: 5 }), [base], 0), null)
  assert.deepEqual(chargeLines(usageOf({ input: 0, output: 0 }), base.rates), [])
})

test('a row of another currency without a rate has no price; for no fee nobody need know it', () => {
  const yuan = row({ input: 1n, output: 1n }, { currency: 'CNY' })
  assert.equal(usdFactor(yuan, 0), null)
  assert.equal(rateBy(3n, [{ numerator: 1n, denominator: 2n }]), 2n, 'a rate that is shown is rounded half up')
  assert.deepEqual(usdFactor(base, 0), { numerator: 1n, denominator: 1n })
  const rules = { markup: null, discount: null, feeBasisPoints: 0 }
  const unknown = saleOf(usageOf({ input: 1, output: 1 }), [], { atMs: 0, rules })
  assert.deepEqual([unknown?.costNanoUsd, unknown?.priceHash], [0n, null])
  const unpriced = saleOf(usageOf({ input: 1, output: null }), [base], { atMs: 0, rules })
  assert.equal(unpriced?.costNanoUsd, 0n)
  assert.equal(saleOf(usageOf({ input: 1, output: 1 }), [], { atMs: 0, rules: { ...rules, feeBasisPoints: 1 } }), null)
})

test('of cached input that nobody calls sound none is rated as sound', () => {
  const rates = { ...base.rates, cachedAudioInput: 9n }
  const lines = chargeLines(usageOf({ input: 10, cachedInput: 4, output: 0 }), rates)
  assert.deepEqual(
    lines?.map(({ item, count }) => [item, count]),
    [
      ['input', 6],
      ['cached input', 4],
    ],
  )
})

test('reasoning is part of the output at a rate of its own, where the row has one; what is not told is none', () => {
  const rates = { ...base.rates, reasoning: 7n }
  const of = (reasoning: number | null) =>
    chargeLines(usageOf({ input: 0, output: 10, reasoning }), rates)?.map(({ item, count, rateNano }) => [
      item,
      count,
      rateNano,
    ])
  assert.deepEqual(of(null), [['output', 10, base.rates.output]])
  assert.deepEqual(of(4), [
    ['output', 6, base.rates.output],
    ['reasoning', 4, 7n],
  ])
})
