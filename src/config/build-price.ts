/** Prices that the file decides: discounts and markups of plans, bundles, rates of exchange. */

import type { FxRate } from '#base/fx-rate.ts'
import type { PriceRule, RuleScope } from '#base/price-rule.ts'
import type { Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

const everything: RuleScope = { account: null, plan: null, model: null, families: null, vendor: null }

const always = { volumeMinNanoUsd: null, fromMs: null, untilMs: null }

const planRules = (plans: Settings['plans']): readonly PriceRule[] =>
  Object.entries(plans ?? {}).flatMap(([plan, { discount, markup }]) => {
    const rule = { name: `plan "${plan}"`, scope: { ...everything, plan }, ...always }
    return [
      ...(markup === undefined ? [] : [{ ...rule, kind: 'markup' as const, basisPoints: markup }]),
      ...(discount === undefined ? [] : [{ ...rule, kind: 'discount' as const, basisPoints: discount }]),
    ]
  })

const bundleRules = (bundles: Settings['bundles']): readonly PriceRule[] =>
  (bundles ?? []).map(({ name, families, min_volume_usd, discount }) => ({
    ...always,
    name: `bundle "${name}"`,
    kind: 'discount',
    basisPoints: discount,
    scope: { ...everything, families },
    volumeMinNanoUsd: min_volume_usd,
  }))

/** The markups and discounts of plans and bundles. */
export const buildPriceRules = ({ plans, bundles }: Settings): readonly PriceRule[] => [
  ...planRules(plans),
  ...bundleRules(bundles),
]

/** The operator's rates; two for one day go to `tell`. */
export const buildFxRates = ({ fx }: Settings, tell: Tell): readonly FxRate[] =>
  Object.entries(fx ?? {}).flatMap(([currency, rows]) => {
    const days = new Set<string>()
    for (const [index, { from }] of rows.entries()) {
      if (days.has(from)) tell(['fx', currency, index, 'from'], `${from} has a rate already`)
      days.add(from)
    }
    return rows.map(({ rate, from, source }) => ({
      currency,
      perUsdNano: rate,
      fromMs: Date.parse(from),
      source: source ?? 'drover.yaml',
      read: from,
    }))
  })
