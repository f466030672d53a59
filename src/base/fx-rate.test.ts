import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FxRate } from './fx-rate.ts'
import { fxRateAt } from './fx-rate.ts'

const rate = (from: string, perUsdNano: bigint, rank = 0): FxRate => ({
  currency: 'CNY',
  perUsdNano,
  fromMs: Date.parse(from),
  source: 'https://rates.example/',
  read: from,
  rank,
})

const shipped = [rate('2026-01-01', 7_000_000_000n), rate('2026-02-01', 6_900_000_000n)]
const at = (rates: readonly FxRate[], text: string): bigint | null =>
  fxRateAt(rates, 'CNY', Date.parse(text))?.perUsdNano ?? null

test('a rate holds from its day until the next begins; before the first there is none', () => {
  assert.equal(at(shipped, '2025-12-31T23:59:59.999Z'), null)
  assert.equal(at(shipped, '2026-01-01T00:00:00Z'), 7_000_000_000n)
  assert.equal(at(shipped, '2026-01-31T23:59:59.999Z'), 7_000_000_000n)
  assert.equal(at(shipped, '2026-02-01T00:00:00Z'), 6_900_000_000n)
  assert.equal(at(shipped.toReversed(), '2026-06-01T00:00:00Z'), 6_900_000_000n, 'in any order')
  assert.equal(fxRateAt(shipped, 'EUR', Date.parse('2026-06-01')), null)
})

test('once an operator has a rate, shipped ones are not asked, however new; of two for a day the later written counts', () => {
  const own = [...shipped, rate('2026-01-15', 7_200_000_000n, 1)]
  assert.equal(at(own, '2026-01-14T00:00:00Z'), 7_000_000_000n)
  assert.equal(at(own, '2026-03-01T00:00:00Z'), 7_200_000_000n)
  assert.equal(at([...own, rate('2026-01-15', 7_300_000_000n, 1)], '2026-03-01T00:00:00Z'), 7_300_000_000n)
})
