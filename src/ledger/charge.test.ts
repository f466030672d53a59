import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nanoOf } from '#base/money.ts'
import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { noRates, priceRowHash } from '#base/price-row.ts'
import { usageOf } from '#base/usage.ts'
import { chargeOf, rowInForce } from './charge.ts'

const row = (rates: Partial<PriceRates>, rest: Partial<PriceRow> = {}): PriceRow => ({
  model: 'm',
  vendor: 'v',
  currency: 'USD',
  fromMs: null,
  untilMs: null,
  contextOverTokens: null,
  serviceTier: 'default',
  windows: null,
  rates: { ...noRates, ...rates },
  source: 'https://example.com',
  read: '2026-11-22',
  ...rest,
})

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
  assert.deepEqual(chargeOf(usageOf({}), 'free', 0), { costNanoUsd: 0n, priceHash: null })
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
  const count = fc.integer({ min: 0, max: 2 ** 40 })
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
