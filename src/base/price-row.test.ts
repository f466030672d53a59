import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PriceRow } from './price-row.ts'
import { priceRowHash, windowHolds } from './price-row.ts'

const row: PriceRow = {
  model: 'kimi-k2',
  vendor: 'moonshot',
  currency: 'USD',
  fromMs: 0,
  untilMs: null,
  contextOverTokens: null,
  serviceTier: 'default',
  windows: [{ fromMinute: 0, untilMinute: 60 }],
  rates: {
    input: 600_000_000n,
    cachedInput: 150_000_000n,
    output: 2_500_000_000n,
    cacheWrite5m: null,
    cacheWrite1h: null,
    reasoning: null,
    audioInput: null,
    audioOutput: null,
    imageInput: null,
    imageOutput: null,
    perCall: null,
    items: { web_search: 10_000_000n, image: 40_000_000n },
  },
  source: 'https://prices.example',
  read: '2026-11-20',
}

test('the hash of a row never changes: calls of years ago are found by it', () => {
  assert.equal(priceRowHash(row), '858789f503a4f45991bbb12be4636d62')
})

test('the order of fields and the place where a row was read do not count', () => {
  const turned = Object.fromEntries(Object.entries(row).reverse()) as unknown as PriceRow
  const items = { image: 40_000_000n, web_search: 10_000_000n }
  assert.equal(priceRowHash({ ...turned, rates: { ...row.rates, items } }), priceRowHash(row))
  assert.equal(priceRowHash({ ...row, source: 'https://other.example', read: '2026-11-21' }), priceRowHash(row))
})

test('everything that decides a price counts', () => {
  const others: readonly Partial<PriceRow>[] = [
    { model: 'kimi-k3' },
    { vendor: 'other' },
    { currency: 'CNY' },
    { fromMs: null },
    { untilMs: 1 },
    { contextOverTokens: 200_000 },
    { serviceTier: 'batch' },
    { windows: null },
    { windows: [{ fromMinute: 0, untilMinute: 61 }] },
    { rates: { ...row.rates, input: 600_000_001n } },
    { rates: { ...row.rates, cachedInput: null } },
    { rates: { ...row.rates, items: null } },
  ]
  const hashes = new Set([row, ...others.map((other) => ({ ...row, ...other }))].map(priceRowHash))
  assert.equal(hashes.size, others.length + 1)
})

const at = (text: string): number => Date.parse(text)

test('a window holds from its first minute to before its last, through midnight too', () => {
  const morning = { fromMinute: 6 * 60, untilMinute: 12 * 60 }
  assert.ok(windowHolds(morning, at('2026-11-22T06:00:00Z')))
  assert.ok(windowHolds(morning, at('2026-11-22T11:59:59.999Z')))
  assert.ok(!windowHolds(morning, at('2026-11-22T12:00:00Z')))
  assert.ok(!windowHolds(morning, at('2026-11-22T05:59:59.999Z')))
  const night = { fromMinute: 22 * 60, untilMinute: 6 * 60 }
  assert.ok(windowHolds(night, at('2026-11-22T23:30:00Z')))
  assert.ok(windowHolds(night, at('2026-11-22T00:30:00Z')))
  assert.ok(!windowHolds(night, at('2026-11-22T12:00:00Z')))
})

test('weekdays and holidays are those of the instant', () => {
  const working = { fromMinute: 0, untilMinute: 24 * 60, weekdays: [1, 2, 3, 4, 5], exceptDates: ['2026-12-25'] }
  assert.ok(!windowHolds(working, at('2026-11-22T12:00:00Z')), 'a Sunday')
  assert.ok(windowHolds(working, at('2026-11-23T12:00:00Z')))
  assert.ok(!windowHolds(working, at('2026-12-25T12:00:00Z')))
})
