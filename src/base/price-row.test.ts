import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PriceRow } from './price-row.ts'
import {
  mapRates,
  noRates,
  priceAt,
  priceRowHash,
  rowFxRate,
  rowsThatMayRate,
  windowHolds,
  windowMayHold,
} from './price-row.ts'

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
  const none = { fromMinute: 6 * 60, untilMinute: 6 * 60 }
  assert.ok(!windowHolds(none, at('2026-11-22T06:00:00Z')) && !windowHolds(none, at('2026-11-22T12:00:00Z')))
  const night = { fromMinute: 22 * 60, untilMinute: 6 * 60 }
  assert.ok(windowHolds(night, at('2026-11-22T23:30:00Z')))
  assert.ok(windowHolds(night, at('2026-11-22T00:30:00Z')))
  assert.ok(!windowHolds(night, at('2026-11-22T12:00:00Z')))
  assert.ok(windowHolds(night, at('2026-11-22T22:00:00Z')) && !windowHolds(night, at('2026-11-22T21:59:59.999Z')))
  assert.ok(windowHolds(night, at('2026-11-22T05:59:59.999Z')) && !windowHolds(night, at('2026-11-22T06:00:00Z')))
})

test('weekdays and holidays are those of the instant', () => {
  const working = { fromMinute: 0, untilMinute: 24 * 60, weekdays: [1, 2, 3, 4, 5], exceptDates: ['2026-12-25'] }
  assert.ok(!windowHolds(working, at('2026-11-22T12:00:00Z')), 'a Sunday')
  assert.ok(windowHolds(working, at('2026-11-23T12:00:00Z')))
  assert.ok(!windowHolds(working, at('2026-12-25T12:00:00Z')))
})

test('neither rank nor revision, nor a calendar’s name, nor rates of exchange are part of the hash', () => {
  const rate = { currency: 'CNY', perUsdNano: 7n, fromMs: 0, source: 's', read: 'r' }
  assert.equal(priceRowHash({ ...row, rank: 2, revision: 9, perUsd: [rate] }), priceRowHash(row))
  const named = { fromMinute: 0, untilMinute: 60, calendar: { name: 'cn', through: '2026-12-31' } }
  assert.equal(priceRowHash({ ...row, windows: [named] }), priceRowHash(row))
})

test('a window may hold within a time when it holds at its ends, or begins in between', () => {
  const peak = { fromMinute: 60, untilMinute: 240, weekdays: [1, 2, 3, 4, 5], exceptDates: ['2026-11-24'] }
  const may = (from: string, until: string): boolean => windowMayHold(peak, at(from), at(until))
  assert.ok(!may('2026-11-23T00:49:59Z', '2026-11-23T00:59:59Z'))
  assert.ok(may('2026-11-23T00:50:00Z', '2026-11-23T01:00:00Z'), 'it begins with the last instant')
  assert.ok(may('2026-11-23T03:59:00Z', '2026-11-23T05:00:00Z'), 'it ends in between')
  assert.ok(may('2026-11-23T00:00:00Z', '2026-11-23T23:00:00Z'), 'it lies within')
  assert.ok(!may('2026-11-23T04:00:00Z', '2026-11-24T12:00:00Z'), 'the next day is a holiday')
  assert.ok(may('2026-11-23T04:00:00Z', '2026-11-25T01:30:00Z'))
})

const plain: PriceRow = { ...row, windows: null, fromMs: null }
const priceOf = (rows: readonly PriceRow[], atMs = 0, inputTokens = 1): bigint | null =>
  priceAt(rows, { atMs, serviceTier: null, inputTokens })?.row.rates.input ?? null
const costing = (input: bigint, changes: Partial<PriceRow> = {}): PriceRow => ({
  ...plain,
  rates: { ...plain.rates, input },
  ...changes,
})

test('a row of a higher rank stands for the whole price while it is in force', () => {
  const list = [costing(1n), costing(5n, { contextOverTokens: 100 }), costing(7n, { serviceTier: 'priority' })]
  const sale = costing(2n, { rank: 1, fromMs: 10, untilMs: 20 })
  assert.equal(priceOf([...list, sale], 9), 1n)
  assert.equal(priceOf([...list, sale], 10), 2n)
  assert.equal(priceOf([...list, sale], 10, 200), 2n, 'its cliff goes with the list price')
  assert.equal(priceOf([...list, sale], 20), 1n)
})

test('of one rank a newer revision stands for the same calls, and for nothing else', () => {
  const list = [costing(1n), costing(5n, { contextOverTokens: 100 })]
  const newer = costing(2n, { revision: 3 })
  assert.equal(priceOf([...list, newer]), 2n)
  assert.equal(priceOf([...list, newer], 0, 200), 5n)
  assert.equal(priceOf([...list, newer, costing(3n, { revision: 4 })]), 3n)
  const night = costing(9n, { windows: [{ fromMinute: 0, untilMinute: 60 }] })
  assert.equal(priceOf([costing(1n), night]), 9n)
  assert.equal(priceOf([costing(1n), night, newer]), 2n, 'a newer row of all day also for the window')
  assert.equal(priceOf([newer, { ...night, revision: 4 }]), 9n)
  const mayRate = (rows: readonly PriceRow[]) =>
    rowsThatMayRate(rows, { atMs: 0, untilMs: 0, inputTokensMax: 1, serviceTier: null }).map(({ rates }) => rates.input)
  const later = costing(8n, { windows: night.windows, revision: 4 })
  assert.deepEqual(mayRate([newer, later]), [2n, 8n], 'a row with a window leaves that of all day where it is')
  assert.deepEqual(mayRate([night, later]), [8n], 'and takes the place of one with a window')
})

test('what was found for dollars is not the answer to who asks for another currency, nor the other way round', () => {
  const rows = [costing(1n)]
  const question = { atMs: 0, serviceTier: null, inputTokens: 1 }
  assert.equal(priceAt(rows, { ...question, currency: 'CNY' }), null)
  assert.equal(priceAt(rows, question)?.row.rates.input, 1n)
  assert.equal(priceAt(rows, { ...question, currency: 'CNY' }), null)
  assert.equal(priceAt(rows, question)?.row.rates.input, 1n)
})

test('what may rate a call: a window that it may run into, a cliff within its input, the tier asked and the default one', () => {
  const rows = [
    costing(1n),
    costing(2n, { windows: [{ fromMinute: 10, untilMinute: 20 }] }),
    costing(3n, { contextOverTokens: 100 }),
    costing(4n, { serviceTier: 'priority' }),
  ]
  const prices = (untilMs: number, inputTokensMax: number, serviceTier: string | null) =>
    rowsThatMayRate(rows, { atMs: 0, untilMs, inputTokensMax, serviceTier }).map(({ rates }) => rates.input)
  assert.deepEqual(prices(9 * 60_000, 99, null), [1n])
  assert.deepEqual(prices(10 * 60_000, 100, 'priority'), [1n, 2n, 3n, 4n])
})

test('rates are changed alike, and what has none keeps none', () => {
  assert.deepEqual(
    mapRates({ ...row.rates, perCall: 3n, cachedAudioInput: 5n }, (nano) => nano * 2n),
    {
      ...row.rates,
      input: 1_200_000_000n,
      cachedInput: 300_000_000n,
      output: 5_000_000_000n,
      perCall: 6n,
      items: { web_search: 20_000_000n, image: 80_000_000n },
      cachedAudioInput: 10n,
    },
  )
  assert.deepEqual(
    mapRates(noRates, () => assert.fail('there is nothing to change')),
    noRates,
  )
})

test('a row of another currency is asked for by its currency, converted by a known rate, and is no price without one', () => {
  const dollars = { ...row, windows: null }
  const yuan: PriceRow = { ...dollars, currency: 'CNY' }
  const rated: PriceRow = {
    ...yuan,
    perUsd: [{ currency: 'CNY', perUsdNano: 7n, fromMs: 5, source: 'x', read: '2026-01-01' }],
  }
  const asked = { atMs: 86_400_000, serviceTier: null, inputTokens: 1 }
  assert.equal(rowFxRate(dollars, 1), null)
  assert.equal(rowFxRate(yuan, 1), null)
  assert.equal(priceAt([yuan], asked), null)
  assert.equal(priceAt([yuan], { ...asked, currency: 'CNY' })?.row, yuan)
  assert.equal(priceAt([yuan, dollars], { ...asked, currency: 'CNY' })?.row, yuan)
  assert.equal(priceAt([yuan, dollars], asked)?.row, dollars)
  assert.equal(priceAt([dollars], { ...asked, currency: 'CNY' }), null)
  assert.equal(priceAt([rated], asked)?.row, rated)
  assert.equal(rowFxRate(rated, 86_400_000)?.perUsdNano, 7n)
  assert.equal(priceAt([rated], { ...asked, atMs: 4 }), null, 'no rate has begun')
})

test('of several windows each is in force in its time; the same list of rows is asked anew where time decides', () => {
  const all = { ...row, windows: null, fromMs: null }
  const asked = { serviceTier: null, inputTokens: 1 }
  const minuteMs = 60_000
  const two: PriceRow = {
    ...all,
    windows: [
      { fromMinute: 0, untilMinute: 10 },
      { fromMinute: 30, untilMinute: 40 },
    ],
  }
  const lists: readonly (readonly [PriceRow, readonly number[], readonly number[]])[] = [
    [two, [5, 35], [20, 50]],
    [{ ...all, fromMs: 30 * minuteMs }, [30, 31], [0, 29]],
    [{ ...all, untilMs: 30 * minuteMs }, [0, 29], [30, 31]],
  ]
  for (const [one, inside, outside] of lists) {
    const list = [one]
    const at = (minute: number) => priceAt(list, { ...asked, atMs: minute * minuteMs })?.row ?? null
    for (const minute of [...inside, ...outside, ...inside])
      assert.equal(at(minute), inside.includes(minute) ? one : null)
  }
})

test('of a tier that is served as asked the default rows count only at steps where it has none', () => {
  const base = { ...row, windows: null }
  const long: PriceRow = { ...base, contextOverTokens: 100 }
  const flex: PriceRow = { ...base, serviceTier: 'flex' }
  const question = { atMs: 1, untilMs: 1, serviceTier: 'flex', inputTokensMax: 1_000 }
  assert.deepEqual(rowsThatMayRate([base, long, flex], question), [base, long, flex])
  assert.deepEqual(rowsThatMayRate([base, long, flex], { ...question, isCertain: true }), [long, flex])
  assert.deepEqual(rowsThatMayRate([base, long, flex], { ...question, isCertain: true, inputTokensMax: 99 }), [flex])
  assert.deepEqual(rowsThatMayRate([base, flex], { ...question, serviceTier: 'standard', isCertain: true }), [base])
})
