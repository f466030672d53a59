/**
 * The report in columns of FOCUS, the FinOps Open Cost and Usage Specification (https://focus.finops.org, version 1.2, read
 * 2026-11-28): one row a line and side, and one for what costs without tokens. A forecast is no invoice: `x_Scenario` says which side a row is of.
 * Columns of our own begin with `x_`, as the specification asks.
 */

import { csvLine } from '#base/csv.ts'
import { dayAfter } from './quantity.ts'
import type { ForecastReport } from './report.ts'

const columns = [
  'BilledCost',
  'EffectiveCost',
  'BillingCurrency',
  'ChargeCategory',
  'ChargeDescription',
  'ChargeFrequency',
  'ChargePeriodStart',
  'ChargePeriodEnd',
  'ConsumedQuantity',
  'ConsumedUnit',
  'ListUnitPrice',
  'PricingUnit',
  'ProviderName',
  'ServiceCategory',
  'ServiceName',
  'SkuId',
  'x_Scenario',
  'x_CallSite',
] as const

type Cells = Partial<Record<(typeof columns)[number], string | null>>

const daysShown = 30

type Scenario = 'baseline' | 'candidate'

const sideOf = (report: ForecastReport, line: ForecastReport['lines'][number], scenario: Scenario): Cells => {
  const sku = scenario === 'baseline' ? line.from : line.to
  const cost = scenario === 'baseline' ? line.from_monthly_usd : line.to_monthly_usd
  const rates = scenario === 'baseline' ? line.from_usd_per_million_tokens : line.to_usd_per_million_tokens
  return {
    BilledCost: cost,
    EffectiveCost: cost,
    ChargeCategory: 'Usage',
    ChargeDescription: `A month of ${line.name} on ${scenario === 'baseline' ? report.from.name : report.to.name}`,
    ChargeFrequency: 'Usage-Based',
    ConsumedQuantity: line.tokens_per_month,
    ConsumedUnit: 'Tokens',
    ListUnitPrice: rates.input,
    PricingUnit: '1M input tokens',
    ProviderName: sku.includes('/') ? sku.slice(0, sku.indexOf('/')) : sku,
    ServiceCategory: 'AI and Machine Learning',
    ServiceName: sku,
    SkuId: sku,
    x_Scenario: scenario,
    x_CallSite: line.call_site,
  }
}

const fixed = (amount: string, description: string, frequency: 'Recurring' | 'One-Time'): readonly Cells[] =>
  amount === '0.00'
    ? []
    : [
        {
          BilledCost: amount,
          EffectiveCost: amount,
          ChargeCategory: 'Purchase',
          ChargeDescription: description,
          ChargeFrequency: frequency,
          ServiceCategory: 'AI and Machine Learning',
          ServiceName: 'relay',
          x_Scenario: 'candidate',
        },
      ]

/** CSV with a heading line. */
export const focusCsv = (report: ForecastReport): string => {
  const { start } = report.factors
  const shared: Cells = {
    BillingCurrency: 'USD',
    ChargePeriodStart: `${start}T00:00:00Z`,
    ChargePeriodEnd: `${dayAfter(Date.parse(start), daysShown)}T00:00:00Z`,
  }
  const rows = [
    ...report.lines.flatMap((line) => [sideOf(report, line, 'baseline'), sideOf(report, line, 'candidate')]),
    ...fixed(report.factors.hosting_usd_per_month, 'Hosting of the relay for a month', 'Recurring'),
    ...fixed(report.one_off_usd, 'One-off cost of the move', 'One-Time'),
  ]
  return [
    csvLine(columns),
    ...rows.map((cells) => csvLine(columns.map((column) => ({ ...shared, ...cells })[column] ?? null))),
  ].join('')
}
