/** The pictures of the report: inline SVG without script. Pixels are floats; the money beside them is text. */

import { escapeHtml } from '#base/html.ts'
import type { ForecastReport } from './report.ts'
import { grouped } from './text.ts'

const width = 960
const left = 250
const right = 150
const inner = width - left - right

/** Only for lengths on the screen. */
const length = (amount: string): number => Number(amount)

const text = (at: { readonly x: number; readonly y: number }, label: string, extra = ''): string =>
  `<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}"${extra}>${escapeHtml(label)}</text>`

const svg = (height: number, title: string, body: string): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}"><title>${escapeHtml(title)}</title>${body}</svg>`

type Bar = { readonly label: string; readonly amount: string; readonly kind: string }

const barHeight = 26
const barStep = 38

/** What a month costs now and then, and what is saved. */
export const costBars = (report: ForecastReport): string => {
  const bars: readonly Bar[] = [
    { label: `Now: ${report.from.name}`, amount: report.from.monthly_usd, kind: 'from' },
    { label: `Then: ${report.to.name}`, amount: report.to.monthly_usd, kind: 'to' },
    {
      label: 'Saved',
      amount: report.monthly_saving_usd,
      kind: length(report.monthly_saving_usd) < 0 ? 'loss' : 'saved',
    },
  ]
  const most = Math.max(...bars.map(({ amount }) => Math.abs(length(amount))), Number.EPSILON)
  const body = bars.map(({ label, amount, kind }, index) => {
    const y = 10 + index * barStep
    const long = (Math.abs(length(amount)) / most) * inner
    return `${text({ x: left - 10, y: y + 17 }, label, ' text-anchor="end"')}<rect x="${left}" y="${y}" width="${long.toFixed(1)}" height="${barHeight}" rx="3" class="${kind}"/>${text({ x: left + long + 8, y: y + 17 }, `${grouped(amount)} USD`)}`
  })
  return svg(bars.length * barStep + 12, 'Cost of a month now and then, in USD', body.join(''))
}

const months = 24
const plotHeight = 300
const plotTop = 16
const plotLeft = 110
const plotRight = 20
const plotWidth = width - plotLeft - plotRight
const gridLines = 4

const niceStep = (range: number): number => {
  const rough = range / gridLines
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power
}

/** Money saved since the start, less the one-off cost: the middle, and the band from P10 to P90. */
export const cumulative = (report: ForecastReport): string => {
  const once = length(report.one_off_usd)
  const after = (monthly: string, month: number): number => length(monthly) * month - once
  const { p10_monthly_saving_usd: low, p90_monthly_saving_usd: high } = report.range
  const ends = [low, high, report.monthly_saving_usd].flatMap((monthly) => [after(monthly, 0), after(monthly, months)])
  const [bottom, top] = [Math.min(...ends, 0), Math.max(...ends, 0)]
  const span = top - bottom || 1
  const x = (month: number): number => plotLeft + (month / months) * plotWidth
  const y = (amount: number): number => plotTop + ((top - amount) / span) * plotHeight
  const point = (monthly: string, month: number): string =>
    `${x(month).toFixed(1)},${y(after(monthly, month)).toFixed(1)}`
  const step = niceStep(span)
  const grid: string[] = []
  for (let amount = Math.ceil(bottom / step) * step; amount <= top; amount += step)
    grid.push(
      `<line x1="${plotLeft}" x2="${width - plotRight}" y1="${y(amount).toFixed(1)}" y2="${y(amount).toFixed(1)}" class="${Math.abs(amount) < step / 2 ? 'axis' : 'grid'}"/>${text({ x: plotLeft - 8, y: y(amount) + 4 }, `${grouped(String(Number(amount.toPrecision(6))))} USD`, ' text-anchor="end"')}`,
    )
  const ticks = [0, 6, 12, 18, 24].map((month) =>
    text(
      { x: x(month), y: plotTop + plotHeight + 20 },
      `${month} months`,
      ` text-anchor="${month === months ? 'end' : 'middle'}"`,
    ),
  )
  const band = `<polygon points="${point(low, 0)} ${point(low, months)} ${point(high, months)} ${point(high, 0)}" class="band"/>`
  const middle = `<polyline points="${point(report.monthly_saving_usd, 0)} ${point(report.monthly_saving_usd, months)}" class="middle"/>`
  const paidMonth = report.payback_days === null ? null : report.payback_days / (365 / 12)
  const paid =
    paidMonth === null || paidMonth > months || paidMonth === 0
      ? ''
      : `<circle cx="${x(paidMonth).toFixed(1)}" cy="${y(0).toFixed(1)}" r="5" class="mark"/>${text({ x: x(paidMonth) + 9, y: y(0) + 18 }, `paid back ${report.break_even_date}`)}`
  return svg(
    plotTop + plotHeight + 30,
    'Money saved since the start, less the one-off cost',
    `${grid.join('')}${ticks.join('')}${band}${middle}${paid}`,
  )
}

/** What moves the saving, widest first. */
export const tornado = (report: ForecastReport): string => {
  const { sensitivity } = report
  if (sensitivity.length === 0) return ''
  const ends = sensitivity.flatMap((swing) => [
    length(swing.monthly_saving_usd_at_low),
    length(swing.monthly_saving_usd_at_high),
  ])
  const middle = length(report.monthly_saving_usd)
  const [bottom, top] = [Math.min(...ends, middle), Math.max(...ends, middle)]
  const span = top - bottom || 1
  const from = 340
  const x = (amount: number): number => from + ((amount - bottom) / span) * (width - from - 170)
  const rows = sensitivity.map((swing, index) => {
    const y = 8 + index * barStep
    const [one, other] = [length(swing.monthly_saving_usd_at_low), length(swing.monthly_saving_usd_at_high)]
    const start = x(Math.min(one, other))
    const long = Math.max(2, x(Math.max(one, other)) - start)
    const worst = one < other ? swing.monthly_saving_usd_at_low : swing.monthly_saving_usd_at_high
    const best = one < other ? swing.monthly_saving_usd_at_high : swing.monthly_saving_usd_at_low
    return `${text({ x: 0, y: y + 11 }, swing.factor)}${text({ x: 0, y: y + 25 }, `${swing.low} to ${swing.high}`, ' class="faint"')}<rect x="${start.toFixed(1)}" y="${y}" width="${long.toFixed(1)}" height="${barHeight}" rx="3" class="swing"/>${text({ x: start + long + 8, y: y + 17 }, `${grouped(worst)} to ${grouped(best)}`)}`
  })
  const height = sensitivity.length * barStep + 26
  const line = `<line x1="${x(middle).toFixed(1)}" x2="${x(middle).toFixed(1)}" y1="0" y2="${height - 22}" class="axis"/>${text({ x: x(middle), y: height - 6 }, `${grouped(report.monthly_saving_usd)} USD a month`, ' text-anchor="middle"')}`
  return svg(height, 'What moves the monthly saving most, in USD', `${rows.join('')}${line}`)
}
