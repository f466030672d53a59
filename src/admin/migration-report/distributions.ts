/** How long answers took in both arms: the distributions over each other, and their quantiles. */

import type { Frame } from './chart.ts'
import { across, below, label, line, linear, logarithmic, logTicks, sayMs, svg } from './chart.ts'
import type { ReportData } from './data.ts'

type Times = ReportData['ttft']
type Histogram = Times['baseline']

const totalOf = (histogram: Histogram): number => histogram.reduce((sum, [, count]) => sum + count, 0)

/** The shortest time within which this share of them lies; `null` = there are none. */
export const quantileOf = (histogram: Histogram, share: number): number | null => {
  const wanted = Math.max(1, Math.ceil(share * totalOf(histogram)))
  let seen = 0
  for (const [ms, count] of histogram) {
    seen += count
    if (seen >= wanted) return ms
  }
  return null
}

const arms = ['baseline', 'candidate'] as const

/** Share of answers within a time, both arms, on a logarithmic axis; with the p99 of each. */
export const cdf = (times: Times, what: string): string => {
  const frame: Frame = { width: 440, height: 230, left: 48, right: 14, top: 12, bottom: 28 }
  const known = arms.flatMap((arm) =>
    [quantileOf(times[arm], 0.002), quantileOf(times[arm], 0.999)].filter((value) => value !== null),
  )
  if (known.length === 0) return '<p class="faint">No answer was timed.</p>'
  const [from, to] = [Math.min(...known) * 0.9, Math.max(...known) * 1.1]
  const x = logarithmic(from, to, { start: frame.left, end: frame.width - frame.right })
  const y = linear(0, 1, { start: frame.height - frame.bottom, end: frame.top })
  const curves = arms.map((arm) => {
    const total = totalOf(times[arm])
    let seen = 0
    const points: [number, number][] = []
    for (const [ms, count] of times[arm]) {
      seen += count
      if (ms >= from && ms <= to) points.push([x(ms), y(seen / total)])
    }
    return line(points, `curve ${arm}`)
  })
  const tails = arms.map((arm) => {
    const p99 = quantileOf(times[arm], 0.99)
    return p99 === null
      ? ''
      : `<line class="tail ${arm}" x1="${x(p99).toFixed(1)}" x2="${x(p99).toFixed(1)}" y1="${y(1)}" y2="${y(0)}"/>`
  })
  return svg(
    frame,
    `${what}: share of answers within a time, in both arms`,
    across(
      [0, 0.25, 0.5, 0.75, 1].map((value) => ({ value, label: `${value * 100} %` })),
      y,
      frame,
    ) +
      below(
        logTicks(from, to).map((value) => ({ value, label: sayMs(value) })),
        x,
        frame,
      ) +
      tails.join('') +
      curves.join('') +
      label('dashed: p99', { x: frame.left + 8, y: frame.top + 12, name: 'note faint' }),
  )
}

const shown: readonly (readonly [share: number, name: string])[] = [
  [0.5, 'p50'],
  [0.9, 'p90'],
  [0.95, 'p95'],
  [0.99, 'p99'],
]

/** Quantiles of both arms and their ratio, as rows of a table. */
export const quantileRows = (times: Times): string =>
  shown
    .map(([share, name]) => {
      const [baseline, candidate] = [quantileOf(times.baseline, share), quantileOf(times.candidate, share)]
      const ratio = baseline === null || candidate === null ? '–' : `×${(candidate / baseline).toFixed(2)}`
      const say = (ms: number | null): string => (ms === null ? '–' : sayMs(ms))
      return `<tr><td>${name}</td><td class="n">${say(candidate)}</td><td class="n">${say(baseline)}</td><td class="n">${ratio}</td></tr>`
    })
    .join('')
