import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FxRate } from '#base/fx-rate.ts'
import type { PriceRow } from '#base/price-row.ts'
import type { PriceRule } from '#base/price-rule.ts'
import { samplePriceRow } from '#base/sample-price-row.ts'
import type { PriceEntry, PriceEntryBody } from './port.ts'
import { priceBookOf, withRates } from './price-book.ts'
import { noWorld } from './world.ts'

const row = samplePriceRow({ input: 1n }, { model: 'anvil', vendor: 'acme', read: '2026-11-20' })
const rate = (perUsdNano: bigint): FxRate => ({
  currency: 'CNY',
  perUsdNano,
  fromMs: 0,
  source: 'x',
  read: '2026-01-01',
})
const rule = { kind: 'markup', name: 'usual', basisPoints: 500 } as PriceRule

const entry = (revision: number, body: PriceEntryBody, withdrawnMs: number | null = null): PriceEntry => ({
  id: `price_${revision}`,
  createdMs: 0,
  actor: 'key:k',
  note: null,
  revision,
  withdrawnMs,
  body,
})
const sale = (revision: number, whose: { account?: string; plan?: string }, withdrawnMs: number | null = null) =>
  entry(revision, { kind: 'sale', row, account: whose.account ?? null, plan: whose.plan ?? null }, withdrawnMs)

test('entries that stand are put where calls look for them, with a rank by whose they are; withdrawn ones are nowhere', () => {
  const book = priceBookOf(
    [
      entry(1, { kind: 'list', row }),
      sale(2, {}),
      sale(3, {}),
      sale(4, { account: 'acc_1' }),
      sale(5, { plan: 'pro' }),
      sale(6, { plan: 'pro' }, 99),
      entry(7, { kind: 'rule', rule }),
      entry(8, { kind: 'fx', rate: rate(7n) }),
    ],
    { world: noWorld, rules: [], fxRates: [rate(8n)] },
  )
  const placed = (rows: readonly PriceRow[] | undefined) => rows?.map((one) => [one.revision, one.rank])
  assert.deepEqual([...book.list.keys()], ['acme/anvil'])
  assert.deepEqual(placed(book.list.get('acme/anvil')), [[1, 0]])
  assert.deepEqual(placed(book.sale.get('anvil')), [
    [2, 1],
    [3, 1],
  ])
  const own = book.own.get('anvil')
  assert.deepEqual(placed(own?.get('account:acc_1')), [[4, 3]])
  assert.deepEqual(placed(own?.get('plan:pro')), [[5, 2]])
  assert.deepEqual([...(own?.keys() ?? [])].sort(), ['account:acc_1', 'plan:pro'])
  assert.deepEqual(book.rules, [rule])
  assert.deepEqual(
    book.fxRates.map((one) => [one.perUsdNano, one.rank]),
    [
      [8n, 1],
      [7n, 1],
    ],
  )
})

test('rules of the configuration come first; rows of other currencies know the rates, and windows the days of a calendar that is known', () => {
  const calendar = { name: 'rest', title: 'Rest', through: '2026-12-31', assumedThrough: null, days: ['2026-10-01'] }
  const world = { calendars: new Map([['rest', calendar]]), fxRates: [rate(6n)] }
  const window = { fromMinute: 0, untilMinute: 60 }
  const yuan: PriceRow = {
    ...row,
    currency: 'CNY',
    windows: [
      { ...window, calendar: { name: 'rest', through: '2025-12-31' } },
      { ...window, calendar: { name: 'unknown', through: '2025-12-31' } },
      window,
    ],
  }
  const first = { ...rule, name: 'first' } as PriceRule
  const book = priceBookOf([entry(1, { kind: 'rule', rule }), entry(2, { kind: 'list', row: yuan })], {
    world,
    rules: [first],
    fxRates: [],
  })
  assert.deepEqual(book.rules, [first, rule])
  const [found] = book.list.get('acme/anvil') ?? []
  assert.deepEqual(found?.perUsd, book.fxRates)
  assert.deepEqual(found?.windows, [
    { ...window, exceptDates: ['2026-10-01'], calendar: { name: 'rest', through: '2026-12-31' } },
    { ...window, calendar: { name: 'unknown', through: '2025-12-31' } },
    window,
  ])
  const rows = [row, yuan]
  assert.deepEqual(
    withRates(rows, book.fxRates).map(({ perUsd }) => perUsd),
    [undefined, book.fxRates],
  )
  const dollars = [row]
  assert.equal(withRates(dollars, book.fxRates), dollars, 'nothing is copied where nothing changes')
})
