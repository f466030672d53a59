/** The report for a person: a unit on every line. */

import type { ForecastReport } from './report.ts'

const labelWidth = 40

const row = (label: string, value: string): string => `  ${label.padEnd(labelWidth)} ${value}`

/** `10000000` as `10,000,000`; decimals keep their point. */
export const grouped = (figure: string): string => {
  const [whole = '', fraction] = figure.split('.')
  const text = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return fraction === undefined ? text : `${text}.${fraction}`
}

const usd = (amount: string): string => `${grouped(amount)} USD`

const perMillion = (price: string | null): string =>
  price === null ? 'no tokens' : `${price} USD per million tokens, all in all`

const headLines = (report: ForecastReport): readonly string[] => {
  const { from, to, range } = report
  return [
    `${from.name} -> ${to.name}`,
    '',
    row('Tokens', `${grouped(report.tokens_per_month)} tokens a month (${report.basis})`),
    row('Now', `${usd(from.monthly_usd)} a month (${perMillion(from.implied_usd_per_million_tokens)})`),
    row('Then', `${usd(to.monthly_usd)} a month (${perMillion(to.implied_usd_per_million_tokens)})`),
    row(
      'Saving',
      `${usd(report.monthly_saving_usd)} a month${report.saving_percent === null ? '' : `, ${report.saving_percent} %`}`,
    ),
    row('', `${usd(report.yearly_saving_usd)} a year`),
    row('Range, P10 to P90', `${usd(range.p10_monthly_saving_usd)} to ${usd(range.p90_monthly_saving_usd)} a month`),
    row('', range.method),
  ]
}

const paybackLines = (report: ForecastReport): readonly string[] => [
  row('One-off cost', `${usd(report.one_off_usd)}, once`),
  row(
    'Paid back after',
    report.payback_days === null
      ? 'never, at this saving'
      : `${report.payback_days} days, on ${report.break_even_date} (start ${report.factors.start})`,
  ),
  row(
    'Break-even volume',
    report.break_even_tokens_per_month === null
      ? 'none: the new side costs as much for each token'
      : `${grouped(report.break_even_tokens_per_month)} tokens a month pay the hosting, and the one-off cost within a year`,
  ),
  row('First year, net of the one-off cost', usd(report.first_year_net_usd)),
]

const committedLines = ({ committed }: ForecastReport): readonly string[] => {
  if (committed === null) return []
  return [
    '',
    `Committed: ${usd(committed.committed_usd)} until ${committed.committed_until}`,
    row('Best day to switch', committed.best_switch_date),
    row('', committed.why),
    row('Both bills until then, switching then', usd(committed.cost_until_then_usd_when_switching_on_best_date)),
    row('Both bills until then, switching now', usd(committed.cost_until_then_usd_when_switching_now)),
  ]
}

const lineLines = ({ lines }: ForecastReport): readonly string[] =>
  lines.length < 2
    ? []
    : [
        '',
        'By model and call site, without hosting, USD a month (now -> then, saving):',
        ...lines.map((line) =>
          row(
            line.name.slice(0, labelWidth),
            `${grouped(line.tokens_per_month)} tokens a month: ${grouped(line.from_monthly_usd)} -> ${grouped(line.to_monthly_usd)} USD, saves ${usd(line.monthly_saving_usd)} a month`,
          ),
        ),
      ]

const sensitivityLines = ({ sensitivity }: ForecastReport): readonly string[] =>
  sensitivity.length === 0
    ? []
    : [
        '',
        'What moves the saving most (one at a time, USD a month):',
        ...sensitivity.map(
          (swing) =>
            `  ${swing.factor}, ${swing.low} to ${swing.high}: ${grouped(swing.monthly_saving_usd_at_low)} to ${usd(swing.monthly_saving_usd_at_high)} a month`,
        ),
      ]

const listed = (title: string, items: readonly string[]): readonly string[] =>
  items.length === 0 ? [] : ['', title, ...items.map((item) => `  - ${item}`)]

/** The report as text. */
export const forecastText = (report: ForecastReport): string =>
  [
    ...headLines(report),
    ...paybackLines(report),
    ...committedLines(report),
    ...lineLines(report),
    ...sensitivityLines(report),
    ...listed('Taken for granted:', report.assumptions),
    ...listed('Mind:', report.warnings),
    ...listed('Asked:', report.questions),
    '',
  ].join('\n')
