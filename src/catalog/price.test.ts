import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PriceQuestion } from '#base/price-row.ts'
import { priceAt, priceRowHash, windowHolds } from '#base/price-row.ts'
import type { PriceEntry, VendorFile } from './file.ts'
import { priceRowsOf } from './price.ts'
import { calendarsOf, fxRatesOf, noWorld } from './world.ts'

const file: VendorFile = {
  vendor: 'acme',
  name: 'Acme',
  docs: 'https://acme.example',
  sources: {
    page: { url: 'https://acme.example/prices', read: '2026-11-22' },
    table: { url: 'https://table.example', read: '2026-08-01' },
  },
  calendars: { rest: ['2026-10-01'] },
  windows: { peak: [{ from: '01:00', until: '04:00', weekdays: [1, 2, 3, 4, 5], except: 'rest' }] },
  models: [{ id: 'anvil', source: 'page' }],
}

const rowsOf = (...entries: Partial<PriceEntry>[]) =>
  priceRowsOf(
    entries.map((entry) => ({ currency: 'USD' as const, source: 'page', ...entry })),
    'anvil',
    { file },
  )

const asked = (question: Partial<PriceQuestion>): PriceQuestion => ({
  atMs: Date.parse('2026-11-22T12:00:00Z'),
  serviceTier: null,
  inputTokens: 100,
  ...question,
})

const inputAt = (rows: ReturnType<typeof rowsOf>, question: Partial<PriceQuestion>) =>
  priceAt(rows, asked(question))?.row.rates.input ?? null

test('the row in force at the instant counts: from is inside, until is outside', () => {
  const rows = rowsOf({ input: '5', until: '2026-08-21' }, { input: '4', from: '2026-08-21' })
  assert.equal(inputAt(rows, { atMs: Date.parse('2026-08-20T23:59:59.999Z') }), 5_000_000_000n)
  assert.equal(inputAt(rows, { atMs: Date.parse('2026-08-21T00:00:00Z') }), 4_000_000_000n)
  assert.equal(rows[0]?.rates.input, 4_000_000_000n, 'newest first')
  const three = rowsOf(
    { input: '3', from: '2026-08-21', until: '2026-09-01' },
    { input: '5', until: '2026-08-21' },
    { input: '2', from: '2026-09-01' },
  )
  assert.deepEqual(
    three.map(({ rates }) => rates.input),
    [2_000_000_000n, 3_000_000_000n, 5_000_000_000n],
  )
})

test('no row in force is unpriced, not free', () => {
  assert.equal(priceAt(rowsOf({ input: '5', until: '2026-01-01' }), asked({})), null)
  assert.equal(priceAt([], asked({})), null)
  assert.equal(priceAt(rowsOf({ input: '0', output: '0' }), asked({}))?.row.rates.input, 0n)
})

test('a context step is a cliff: at the step the base row, over it the whole call at the dearer row', () => {
  const rows = rowsOf(
    { input: '1' },
    { input: '2', context_over_tokens: 128_000 },
    { input: '3', context_over_tokens: 200_000 },
  )
  assert.equal(inputAt(rows, { inputTokens: 128_000 }), 1_000_000_000n)
  assert.equal(inputAt(rows, { inputTokens: 128_001 }), 2_000_000_000n)
  assert.equal(inputAt(rows, { inputTokens: 200_001 }), 3_000_000_000n)
  assert.equal(inputAt(rows, { inputTokens: null }), 1_000_000_000n)
})

test('a service tier has its own row; without one the default row counts, and the answer says so', () => {
  const rows = rowsOf({ input: '2' }, { input: '1', service_tier: 'flex' }, { input: '4', service_tier: 'priority' })
  assert.equal(inputAt(rows, { serviceTier: 'flex' }), 1_000_000_000n)
  assert.equal(inputAt(rows, { serviceTier: 'fast' }), 4_000_000_000n)
  assert.equal(inputAt(rows, { serviceTier: 'standard' }), 2_000_000_000n)
  assert.deepEqual(priceAt(rows, asked({ serviceTier: 'batch' }))?.tierMatched, false)
  assert.deepEqual(priceAt(rows, asked({ serviceTier: 'flex' }))?.tierMatched, true)
})

test('a tier without a long-context row pays the default tier’s long-context price', () => {
  const rows = rowsOf(
    { input: '2' },
    { input: '4', context_over_tokens: 272_000 },
    { input: '3', service_tier: 'priority' },
  )
  const choice = priceAt(rows, asked({ serviceTier: 'priority', inputTokens: 300_000 }))
  assert.equal(choice?.row.rates.input, 4_000_000_000n)
  assert.equal(choice?.tierMatched, false)
})

test('a window goes before the row without one, on its weekdays and not on holidays', () => {
  const rows = rowsOf({ input: '1' }, { input: '2', window: 'peak' })
  const at = (instant: string) => inputAt(rows, { atMs: Date.parse(instant) })
  assert.equal(at('2026-11-23T01:00:00Z'), 2_000_000_000n, 'Monday, first minute')
  assert.equal(at('2026-11-23T03:59:59Z'), 2_000_000_000n)
  assert.equal(at('2026-11-23T04:00:00Z'), 1_000_000_000n, 'the end is outside')
  assert.equal(at('2026-11-22T02:00:00Z'), 1_000_000_000n, 'Sunday')
  assert.equal(at('2026-10-01T02:00:00Z'), 1_000_000_000n, 'a holiday on a Thursday')
})

test('a window may go through midnight', () => {
  const night = { fromMinute: 22 * 60, untilMinute: 2 * 60 }
  assert.ok(windowHolds(night, Date.parse('2026-11-22T23:00:00Z')))
  assert.ok(windowHolds(night, Date.parse('2026-11-23T01:59:00Z')))
  assert.ok(!windowHolds(night, Date.parse('2026-11-23T02:00:00Z')))
})

test('currencies are separate price lists: dollars first, another only where it can be turned into dollars', () => {
  const both = rowsOf({ input: '3' }, { input: '20', currency: 'CNY' })
  assert.equal(inputAt(both, {}), 3_000_000_000n)
  const yuan = [{ from: '2026-11-01', rate: '7.1' }]
  const fxRates = fxRatesOf({ source: { url: 'https://rates.example/', read: '2026-11-02' }, per_usd: { CNY: yuan } })
  const priced = (entry: Partial<PriceEntry>) =>
    priceRowsOf([{ currency: 'CNY', source: 'page', ...entry }], 'anvil', { file, world: { ...noWorld, fxRates } })
  assert.equal(inputAt(priced({ input: '20' }), {}), 20_000_000_000n)
  assert.equal(inputAt(priced({ input: '20' }), { atMs: Date.parse('2026-10-31T23:59:59Z') }), null, 'no rate yet')
  assert.equal(inputAt(rowsOf({ input: '20', currency: 'CNY' }), {}), null)
})

test('a calendar of the world says which days it knows', () => {
  const world = {
    ...noWorld,
    calendars: calendarsOf({
      cn: {
        title: 'Public holidays',
        through: '2026-12-31',
        sources: [{ url: 'https://www.gov.cn/a', read: '2026-11-28' }],
        days: ['2026-10-01'],
      },
    }),
  }
  const windowed: VendorFile = { ...file, windows: { peak: [{ from: '01:00', until: '04:00', except: 'cn' }] } }
  const entries = [{ currency: 'USD', source: 'page', input: '2', window: 'peak' }] as const
  const [row] = priceRowsOf(entries, 'anvil', { file: windowed, world })
  assert.deepEqual(row?.windows, [
    { fromMinute: 60, untilMinute: 240, exceptDates: ['2026-10-01'], calendar: { name: 'cn', through: '2026-12-31' } },
  ])
  assert.throws(() => priceRowsOf(entries, 'anvil', { file: windowed }), /calendar "cn"/)
})

test('the hash of a row is that of its price, not of the place where it was read', () => {
  const [one] = rowsOf({ input: '1' })
  const [same] = rowsOf({ input: '1.0', source: 'table' })
  const [other] = rowsOf({ input: '1.000000001' })
  assert.ok(one !== undefined && same !== undefined && other !== undefined)
  assert.equal(priceRowHash(one), priceRowHash(same))
  assert.notEqual(priceRowHash(one), priceRowHash(other))
})

test('what is billed by the piece goes into each row of its currency; what a row says itself goes before', () => {
  const priced: VendorFile = {
    ...file,
    item_prices: {
      tools: { source: 'page', USD: { web_search: '0.01', x_search: '0.005' }, CNY: { web_search: '0.03' } },
      lost: { source: 'rumour', USD: {} },
    },
  }
  const read = (items: readonly string[], ...entries: readonly Partial<PriceEntry>[]) =>
    priceRowsOf(
      entries.map((entry) => ({ currency: 'USD' as const, source: 'page', ...entry })),
      'anvil',
      { file: priced, items },
    ).map(({ rates }) => rates.items)
  assert.deepEqual(
    read(
      ['tools'],
      { input: '1' },
      { input: '1', service_tier: 'batch', items: { web_search: '0.02' } },
      { currency: 'CNY', input: '7' },
    ),
    [
      { web_search: 10_000_000n, x_search: 5_000_000n },
      { web_search: 20_000_000n, x_search: 5_000_000n },
      { web_search: 30_000_000n },
    ],
  )
  assert.deepEqual(read([], { input: '1' }), [null])
  assert.throws(() => read(['none'], { input: '1' }), /items: "none" is not among "item_prices"/)
  assert.throws(() => read(['lost'], { input: '1' }), /item_prices\.lost\.source: "rumour"/)
})

test('a row that cannot be read is refused with its place and what is wrong', () => {
  assert.throws(
    () => rowsOf({ input: '1' }, { input: '-0.5' }),
    /^RangeError: prices\[1\]: input: a price is not negative$/,
  )
  assert.throws(() => rowsOf({ input: '1000000.01' }), /prices\[0\]: input: a price is at most 1000000$/)
  assert.throws(() => rowsOf({ input: '1e3' }), /prices\[0\]: input: "1e3" is not a decimal amount/)
  assert.throws(() => rowsOf({ items: { image: 'x' } }), /prices\[0\]: image: "x" is not a decimal/)
  assert.throws(() => rowsOf({ source: 'nowhere' }), /prices\[0\]: source: "nowhere" is not among "sources"/)
  assert.throws(() => rowsOf({ window: 'never' }), /prices\[0\]: window: "never" is not among "windows"/)
  assert.throws(
    () => rowsOf({ currency: 'CNY', input: '1' }, { input: '1' }, { input: '2' }),
    /prices\[2\]: rates the same calls as prices\[1\]/,
  )
  const broken = { ...file, windows: { peak: [{ until: '04:00' } as never] } }
  const entry = { currency: 'USD' as const, source: 'page', window: 'peak' }
  assert.throws(() => priceRowsOf([entry], 'anvil', { file: broken }), TypeError, 'a fault of the program stays one')
  const unknown = { ...file, calendars: {} }
  assert.throws(() => priceRowsOf([entry], 'anvil', { file: unknown }), /calendar "rest" is not among "calendars"/)
})

test('rows of which one ends where the other begins rate different calls; windows may be without days off', () => {
  assert.equal(
    rowsOf({ until: '2026-02-01' }, { from: '2026-02-01', until: '2026-03-01' }, { from: '2026-03-01' }).length,
    3,
  )
  assert.throws(() => rowsOf({ until: '2026-02-01' }, { from: '2026-01-31' }), /rates the same calls/)
  const plain = { ...file, windows: { night: [{ from: '22:30', until: '06:05' }] } }
  const [row] = priceRowsOf([{ currency: 'USD', source: 'page', window: 'night' }], 'anvil', { file: plain })
  assert.deepEqual(row?.windows, [{ fromMinute: 1350, untilMinute: 365 }])
})

test('cached audio has a price of its own where the file says one', () => {
  assert.equal(rowsOf({ cached_audio_input: '0.5' })[0]?.rates.cachedAudioInput, 500_000_000n)
  assert.ok(!('cachedAudioInput' in (rowsOf({ input: '1' })[0]?.rates ?? {})))
})
