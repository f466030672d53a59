import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { samplePriceRow } from '#base/sample-price-row.ts'
import type { PriceProposal } from '#catalog/port.ts'
import { decide } from './decide.ts'

const atMs = Date.parse('2026-11-22T12:00:00Z')

const row = (rates: Partial<Record<keyof PriceRates, string>>, changes: Partial<PriceRow> = {}): PriceRow =>
  samplePriceRow(Object.fromEntries(Object.entries(rates).map(([name, text]) => [name, nanoOf(text)])), {
    source: 's',
    read: '2026-11-01',
    ...changes,
  })

const says = (source: string, rates: Parameters<typeof row>[0], changes: Partial<PriceRow> = {}): PriceProposal => ({
  source,
  read: '2026-11-20',
  row: row(rates, changes),
})

const decideAll = (current: readonly PriceRow[], ...proposals: readonly PriceProposal[]) =>
  decide(proposals, { rowsOf: () => current, atMs })

const verdict = (current: string | null, ...proposed: readonly string[]) => {
  const rows = current === null ? [] : [row({ input: current, output: '1' })]
  const proposals = proposed.map((input, index) => says(`table${index}`, { input, output: '1' }))
  const [decision] = decideAll(rows, ...proposals)
  return decision?.verdict
}

test('by itself only where two tables agree within 1 % and the change is under twofold', () => {
  assert.equal(verdict('1.00', '1.50', '1.50'), 'apply')
  assert.equal(verdict('1.00', '1.50', '1.515'), 'apply', '1 % apart')
  assert.equal(verdict('1.00', '1.50', '1.5163'), 'ask', 'over 1 % apart')
  assert.equal(verdict('1.00', '1.50'), 'ask', 'one table alone')
  assert.equal(verdict('1.00', '1.999999999', '1.999999999'), 'apply')
  assert.equal(verdict('1.00', '2.00', '2.00'), 'ask', 'twofold up')
  assert.equal(verdict('1.00', '0.500000001', '0.500000001'), 'apply')
  assert.equal(verdict('1.00', '0.50', '0.50'), 'ask', 'twofold down')
  assert.equal(verdict(null, '1.00', '1.00'), 'ask', 'nothing to compare with')
  assert.equal(verdict('1.00', '1.00', '1.005'), 'same')
  assert.equal(verdict('1.00', '1.20', '1.60', '1.20'), 'apply', 'two of three')
})

test('zero and slips of the point are refused, also where all tables agree', () => {
  assert.equal(verdict('1.00', '0', '0'), 'refuse')
  assert.equal(verdict('1.00', '1000', '1000'), 'refuse', 'a thousandfold')
  assert.equal(verdict('1.00', '0.001', '0.001'), 'refuse', 'a thousandth')
  assert.equal(verdict(null, '1000.01', '1000.01'), 'refuse', 'over a thousand dollars')
})

test('a figure that is refused leaves the others as they are, and the whole is told with the reason', () => {
  const [decision] = decideAll(
    [row({ input: '1', output: '4' })],
    says('a', { input: '1.2', output: '0' }),
    says('b', { input: '1.2', output: '0' }),
  )
  assert.equal(decision?.verdict, 'refuse')
  assert.match(decision?.why.text ?? '', /output: it says 0/)
  assert.equal(decision?.row?.rates.output, nanoOf('4'))
})

test('what tables disagree on is named with what each says', () => {
  const [decision] = decideAll(
    [row({ input: '1', output: '4' })],
    says('a', { input: '1.2', output: '4' }),
    says('b', { input: '1.4', output: '4' }),
  )
  assert.equal(decision?.verdict, 'ask')
  assert.match(decision?.why.text ?? '', /the tables differ: a 1\.2, b 1\.4/)
  assert.equal(decision?.row, null, 'there is nothing that could be taken')
})

test('only what agrees changes; the rest of the row stays as it is in force', () => {
  const [decision] = decideAll(
    [row({ input: '1', cachedInput: '0.1', output: '4', cacheWrite1h: '2' })],
    says('a', { input: '1.2', output: '4' }),
    says('b', { input: '1.2', output: '4' }),
  )
  assert.deepEqual(
    [decision?.row?.rates.input, decision?.row?.rates.cachedInput, decision?.row?.rates.cacheWrite1h],
    [nanoOf('1.2'), nanoOf('0.1'), nanoOf('2')],
  )
  assert.equal(decision?.row?.source, 'a 2026-11-20, b 2026-11-20')
})

test('tiers and steps are held against rows of their own', () => {
  const current = [row({ input: '1', output: '4' }), row({ input: '2', output: '6' }, { contextOverTokens: 200_000 })]
  const long = { contextOverTokens: 200_000 }
  const decisions = decideAll(
    current,
    says('a', { input: '1', output: '4' }),
    says('a', { input: '2.5', output: '6' }, long),
    says('b', { input: '2.5', output: '6' }, long),
    says('a', { input: '0.5', output: '2' }, { serviceTier: 'batch' }),
  )
  assert.deepEqual(
    decisions.map(({ serviceTier, contextOverTokens, verdict: found }) => [serviceTier, contextOverTokens, found]),
    [
      ['batch', null, 'ask'],
      ['default', null, 'same'],
      ['default', 200_000, 'apply'],
    ],
  )
})

test('a price that changes with the time of day is not taken from a table that has none', () => {
  const peak = row({ input: '2', output: '4' }, { windows: [{ fromMinute: 0, untilMinute: 60 }] })
  const [decision] = decideAll(
    [row({ input: '1', output: '2' }), peak],
    says('a', { input: '1.2', output: '2' }),
    says('b', { input: '1.2', output: '2' }),
  )
  assert.equal(decision?.verdict, 'refuse')
  assert.match(decision?.why.text ?? '', /time of day/)
})

test('a table from before the price in force does not bring the old price back, however many agree', () => {
  const cut = row({ input: '0.8', output: '3' }, { fromMs: Date.parse('2026-11-21T00:00:00Z') })
  const old = { input: '1', output: '4' }
  const [stale] = decideAll([cut], says('a', old), says('b', old))
  assert.equal(stale?.verdict, 'refuse')
  assert.match(
    stale?.why.text ?? '',
    /a 2026-11-20, b 2026-11-20: older than the price in force, which began on 2026-11-21/,
  )
  const [fresh] = decideAll([cut], says('a', old), { ...says('b', old), read: '2026-11-21' })
  assert.equal(fresh?.verdict, 'ask', 'one table is new enough')
})

test('0 for what a model does not have is no price, and spoils nothing', () => {
  const [decision] = decideAll(
    [row({ input: '1', output: '4' })],
    says('a', { input: '1.2', output: '4', cacheWrite5m: '0' }),
    says('b', { input: '1.2', output: '4', cacheWrite5m: '0' }),
  )
  assert.equal(decision?.verdict, 'apply')
  assert.equal(decision?.row?.rates.cacheWrite5m, null)
})
