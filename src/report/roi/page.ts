/** The report as one page that needs nothing else: no script, no font, no picture from elsewhere. */

import { escapeHtml } from '#base/html.ts'
import { costBars, cumulative, tornado } from './plot.ts'
import type { ForecastReport } from './report.ts'
import { grouped } from './text.ts'

/** How every page of the migration's reports looks; also that of `drover fit`. */
export const reportStyle = `
:root { color-scheme: light dark; --ink: #1d2733; --faint: #5d6b7a; --line: #d8dee6; --ground: #fff; --soft: #f3f6f9 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --faint: #98a5b3; --line: #36414d; --ground: #161c23; --soft: #1f2730 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 auto; padding: 24px; max-width: 1080px }
h1 { font-size: 24px; margin: 0 } h2 { font-size: 18px; margin: 32px 0 8px } p { margin: 6px 0 } .faint { color: var(--faint) }
table { border-collapse: collapse; width: 100%; font-size: 13px } th, td { text-align: left; vertical-align: top; padding: 5px 8px; border-bottom: 1px solid var(--line) } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
th { color: var(--faint); font-weight: 600 } code { font: 12px ui-monospace, monospace }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 12px; margin: 20px 0 } .figure { background: var(--soft); border-radius: 8px; padding: 12px 16px } .figure strong { display: block; font-size: 19px; font-variant-numeric: tabular-nums } .figure span { color: var(--faint); font-size: 13px }
svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: var(--ink) } svg .faint { fill: var(--faint) }
svg .from { fill: #8a97a6 } svg .to { fill: #3f7cac } svg .saved, svg .mark { fill: #2f8f5b } svg .loss { fill: #c4392f } svg .swing { fill: #3f7cac } svg .band { fill: #3f7cac; opacity: .18 } svg .middle { fill: none; stroke: #3f7cac; stroke-width: 2.5 } svg .grid { stroke: var(--line) } svg .axis { stroke: var(--faint) }
@media print { body { padding: 0; font-size: 12px } .figure { border: 1px solid var(--line) } details { break-inside: avoid } }
`

const figure = (strong: string, label: string): string =>
  `<div class="figure"><strong>${escapeHtml(strong)}</strong><span>${escapeHtml(label)}</span></div>`

const figures = (report: ForecastReport): string =>
  [
    figure(
      `${grouped(report.monthly_saving_usd)} USD`,
      `saved a month${report.saving_percent === null ? '' : `, ${report.saving_percent} %`}`,
    ),
    figure(`${grouped(report.yearly_saving_usd)} USD`, 'saved a year'),
    figure(
      `${grouped(report.range.p10_monthly_saving_usd)} to ${grouped(report.range.p90_monthly_saving_usd)}`,
      'USD a month, P10 to P90',
    ),
    figure(
      report.payback_days === null ? 'never' : `${report.payback_days} days`,
      report.break_even_date === null
        ? 'until it has paid, at this saving'
        : `until it has paid, on ${report.break_even_date}`,
    ),
  ].join('')

const lineRows = ({ lines }: ForecastReport): string =>
  lines
    .map(
      (line) =>
        `<tr><td>${escapeHtml(line.name)}</td><td class="number">${grouped(line.tokens_per_month)}</td><td class="number">${grouped(line.from_monthly_usd)}</td><td class="number">${grouped(line.to_monthly_usd)}</td><td class="number">${grouped(line.monthly_saving_usd)}</td></tr>`,
    )
    .join('')

const priceRows = ({ lines }: ForecastReport): string => {
  const seen = new Map<string, ForecastReport['lines'][number]['from_usd_per_million_tokens']>()
  for (const line of lines) {
    seen.set(line.from, line.from_usd_per_million_tokens)
    seen.set(line.to, line.to_usd_per_million_tokens)
  }
  return [...seen]
    .map(
      ([name, rates]) =>
        `<tr><td>${escapeHtml(name)}</td><td class="number">${rates.input}</td><td class="number">${rates.cached_input ?? 'as input'}</td><td class="number">${rates.output}</td></tr>`,
    )
    .join('')
}

const list = (title: string, items: readonly string[]): string =>
  items.length === 0 ? '' : `<h2>${title}</h2><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`

const sources = ({ from, to }: ForecastReport): readonly string[] =>
  [...from.prices, ...to.prices].map(
    ({ text, url, read }) => `${text}${url === null ? '' : `: ${url}`}${read === null ? '' : `, read ${read}`}`,
  )

const committed = ({ committed: plan }: ForecastReport): string =>
  plan === null
    ? ''
    : `<h2>What is committed</h2><p>${escapeHtml(`${grouped(plan.committed_usd)} USD until ${plan.committed_until}. The best day to switch is ${plan.best_switch_date}: ${plan.why}. Both bills until then: ${grouped(plan.cost_until_then_usd_when_switching_on_best_date)} USD, and ${grouped(plan.cost_until_then_usd_when_switching_now)} USD when switching now.`)}</p>`

/** The page. Names come from files and are escaped. */
export const forecastPage = (report: ForecastReport): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>What the move saves</title><style>${reportStyle}</style></head><body>
<h1>What the move saves</h1>
<p>${escapeHtml(report.from.name)} &#8594; ${escapeHtml(report.to.name)}: ${grouped(report.tokens_per_month)} tokens a month (${escapeHtml(report.basis)}).</p>
<div class="figures">${figures(report)}</div>
<h2>A month, in USD</h2>${costBars(report)}
<h2>Saved since the start, less the one-off cost</h2>${cumulative(report)}
<p class="faint">The band is P10 to P90: ${escapeHtml(report.range.method)}.</p>
${report.sensitivity.length === 0 ? '' : `<h2>What moves the saving most</h2>${tornado(report)}`}
${committed(report)}
<h2>By model and call site, without hosting</h2>
<table><tr><th>what</th><th class="number">tokens a month</th><th class="number">now, USD a month</th><th class="number">then, USD a month</th><th class="number">saved, USD a month</th></tr>${lineRows(report)}</table>
<h2>Prices, in USD per million tokens</h2>
<table><tr><th>model</th><th class="number">input</th><th class="number">cached input</th><th class="number">output</th></tr>${priceRows(report)}</table>
${list('Where the prices are from', sources(report))}
${list('Taken for granted', report.assumptions)}
${list('Mind', report.warnings)}
${list('Asked', report.questions)}
</body></html>
`
