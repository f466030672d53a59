/** Actual against forecast, for a person. */

import type { ActualReport } from './actual.ts'
import { grouped } from './text.ts'

const labelWidth = 40

const row = (label: string, value: string): string => `  ${label.padEnd(labelWidth)} ${value}`

/** The ledger as text: a unit on every line. */
export const actualText = (report: ActualReport): string =>
  [
    `Since the move from ${report.from}: ${report.since} to ${report.until}, ${report.days} days`,
    '',
    row('Calls', `${grouped(report.calls)} calls, ${grouped(report.tokens)} tokens`),
    row(
      'Tokens against the forecast',
      report.tokens_against_forecast_percent === null ? 'unknown' : `${report.tokens_against_forecast_percent} %`,
    ),
    row('The old side would have cost', `${grouped(report.baseline_cost_usd)} USD in these days`),
    row('It did cost', `${grouped(report.actual_cost_usd)} USD in these days, with fees and hosting`),
    row('Saved so far', `${grouped(report.saved_so_far_usd)} USD`),
    row('Forecast for these days', `${grouped(report.forecast_so_far_usd)} USD`),
    row('Difference', `${grouped(report.difference_usd)} USD`),
    row('Net of the one-off cost', `${grouped(report.net_of_one_off_usd)} USD`),
    row(
      'Paid back',
      report.break_even_date === null ? 'never, at this pace' : `on ${report.break_even_date}, at this pace`,
    ),
    ...report.warnings.map((warning) => `  - ${warning}`),
    '',
  ].join('\n')
