import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import type { PriceRow } from '#base/price-row.ts'
import { priceAt } from '#base/price-row.ts'
import { samplePriceRow } from '#base/sample-price-row.ts'
import { loadCatalog } from '#catalog/load.ts'
import { namedAt } from '#catalog/lookup.ts'
import { chargeLines, chargeOf } from '#ledger/charge.ts'
import type { GoldenCost } from './costs.ts'
import { goldenCosts } from './costs.ts'

const catalog = await loadCatalog(new URL('../../../catalog/', import.meta.url))

const ownRow = (rates: Readonly<Record<string, string>>): PriceRow =>
  samplePriceRow(Object.fromEntries(Object.entries(rates).map(([name, text]) => [name, nanoOf(text)])))

const rowsOf = ({ priced, currency }: GoldenCost): readonly PriceRow[] => {
  if ('rates' in priced) return [ownRow(priced.rates)]
  const model = namedAt(catalog, priced.vendor, priced.model)?.model
  assert.ok(model !== undefined, `${priced.vendor} has no ${priced.model}`)
  return model.priceRows.filter((row) => row.currency === currency)
}

/** By hand, in integers: nothing of the code that is tested is used. */
const millionths = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(9, '0'))
}

describe('golden costs', () => {
  for (const golden of goldenCosts)
    test(golden.name, () => {
      const rows = rowsOf(golden)
      const atMs = Date.parse(golden.at)
      const usage = golden.read(golden.usage)
      const choice = priceAt(rows, { atMs, inputTokens: usage.input, serviceTier: usage.serviceTier })
      assert.ok(choice !== null)
      const lines = chargeLines(usage, choice.row.rates) ?? []
      assert.deepEqual(
        lines.map(({ item, count, rateNano }) => [item, count, rateNano]),
        golden.lines.map(([item, count, price]) => [item, count, millionths(price)]),
      )
      const charge = chargeOf(usage, rows, atMs)
      assert.equal(charge?.costNanoUsd.toString(), golden.nanoUsd)
      assert.equal(charge?.fxRate?.perUsdNano ?? null, golden.perUsd === undefined ? null : millionths(golden.perUsd))
    })
})

test('the figures are right by themselves: products, sums, and the rounding', () => {
  for (const { name, lines, sum, nanoUsd, perUsd } of goldenCosts) {
    for (const [item, count, price, product, per] of lines)
      assert.equal(
        BigInt(count) * millionths(price) * (per === 'each' ? 1_000_000n : 1n),
        millionths(product),
        `${name}: ${item}`,
      )
    const total = lines.reduce((all, [, , , product]) => all + millionths(product), 0n)
    assert.equal(total, millionths(sum), name)
    // Millionths with nine digits behind the point are a million times nano; half up.
    const divisor = perUsd === undefined ? 1_000_000n : (1_000_000n * millionths(perUsd)) / 1_000_000_000n
    assert.equal((2n * total + divisor) / (2n * divisor), BigInt(nanoUsd), name)
  }
})

test('every protocol that tells usage is among them', () => {
  assert.equal(new Set(goldenCosts.map(({ read }) => read)).size, 6)
})
