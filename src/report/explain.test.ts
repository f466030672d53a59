import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CallRecord } from '#base/call-record.ts'
import type { PriceRow } from '#base/price-row.ts'
import { noRates } from '#base/price-row.ts'
import type { PriceRule } from '#base/price-rule.ts'
import { usageOf } from '#base/usage.ts'
import { saleOf } from '#ledger/charge.ts'
import { explainCharge } from './explain.ts'

const scope = { account: null, plan: null, model: null, families: null, vendor: null }
const rule = (kind: 'markup' | 'discount', basisPoints: number): PriceRule => ({
  name: `${kind} ${basisPoints}`,
  kind,
  basisPoints,
  scope,
  volumeMinNanoUsd: null,
  fromMs: null,
  untilMs: null,
})

const rate = fc.bigInt({ min: 0n, max: 10n ** 12n })

/** The exact decimals of lines, as integers of 1e-15. */
const scaled = (amount: string): bigint => {
  const [whole = '0', fraction = ''] = amount.split('.')
  return BigInt(whole + fraction.padEnd(15, '0'))
}

test('the lines add up to the sum to the last digit, and the sum with its rules to the charge, for any usage and rates', () => {
  fc.assert(
    fc.property(
      fc.record({
        rates: fc.record({ input: rate, cachedInput: rate, output: rate, reasoning: rate, cacheWrite5m: rate }),
        counts: fc.record({
          input: fc.nat(2_000_000),
          cachedInput: fc.nat(1_000_000),
          cacheWrite: fc.nat(1_000_000),
          output: fc.nat(200_000),
          reasoning: fc.nat(200_000),
        }),
        markup: fc.option(fc.integer({ min: -5000, max: 9000 }), { nil: null }),
        discount: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: null }),
        perUsdNano: fc.option(fc.bigInt({ min: 10n ** 9n, max: 10n ** 11n }), { nil: null }),
      }),
      ({ rates, counts, markup, discount, perUsdNano }) => {
        const fx = { currency: 'CNY', perUsdNano: perUsdNano ?? 1n, source: 'test', read: '2026-11-22' } as const
        const row = {
          model: 'm',
          vendor: 'v',
          currency: perUsdNano === null ? 'USD' : 'CNY',
          fromMs: null,
          untilMs: null,
          contextOverTokens: null,
          serviceTier: 'default',
          windows: null,
          rates: { ...noRates, ...rates },
          source: 's',
          read: '2026-11-22',
          perUsd: [{ ...fx, fromMs: 0 }],
        } as unknown as PriceRow
        const usage = usageOf(counts)
        const rules = {
          markup: markup === null ? null : rule('markup', markup),
          discount: discount === null ? null : rule('discount', discount),
        }
        const sale = saleOf(usage, [row], { atMs: 1_800_000_000_000, rules })
        if (sale === null) return
        const record = {
          usage,
          pricing: {
            perUsdNano: sale.fxRate?.perUsdNano ?? null,
            rules: [rules.markup, rules.discount].flatMap((one) => (one === null ? [] : [one])),
          },
        } as unknown as CallRecord
        const explained = explainCharge(record, row)
        assert.ok(explained !== null)
        assert.equal(
          explained.lines.reduce((sum, { amount }) => sum + scaled(amount), 0n),
          scaled(explained.sum),
        )
        assert.equal(explained.ratedNanoUsd, sale.costNanoUsd)
        assert.equal(explained.baseNanoUsd, sale.baseNanoUsd)
      },
    ),
  )
})
