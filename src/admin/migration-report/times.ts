/** The two charts over time: the ramp with its events, and each test's confidence sequence and evidence. */

import { escapeHtml } from '#base/html.ts'
import { shareInterval } from '#migration/proportion-test.ts'
import type { Frame, Scale } from './chart.ts'
import { across, band, below, inBothWidths, label, line, linear, roundTicks, svg, thinned, timeTicks } from './chart.ts'
import type { ReportData } from './data.ts'

type Span = { readonly fromMs: number; readonly toMs: number }

/** From the start to the end, or to now. */
export const spanOf = ({ decisions, made, migration }: ReportData): Span => {
  const fromMs = Date.parse(decisions[0]?.time ?? migration.started)
  const isOver = ['rolled_back', 'aborted', 'completed'].includes(migration.state)
  const lastMs = Date.parse(decisions.at(-1)?.time ?? made)
  const toMs = isOver ? lastMs + (lastMs - fromMs) * 0.03 : Date.parse(made)
  return { fromMs, toMs: Math.max(toMs, fromMs + 1) }
}

const toneOf = (change: string, to: string): string => {
  if (change === 'rollback' || change === 'abort') return 'bad'
  if (change === 'pause') return 'doubtful'
  return to === 'completed' ? 'good' : 'plain'
}

/** Where the axis of weights ends. */
const tops = [2, 4, 10, 20, 60, 100] as const

/** The candidate's weight, as decisions changed it. */
export const timeline = (report: ReportData): string => {
  const { fromMs, toMs } = spanOf(report)
  const decisions = report.decisions.filter(({ change }) => change !== 'settle')
  const most = Math.max(...decisions.map(({ weight }) => weight))
  const top = tops.find((one) => one >= most) ?? 100
  return inBothWidths((width) => {
    const frame: Frame = { width, height: 210, left: 44, right: 14, top: 26, bottom: 28 }
    const x = linear(fromMs, toMs, { start: frame.left, end: width - frame.right })
    const y = linear(0, top, { start: frame.height - frame.bottom, end: frame.top })
    const corners: [number, number][] = []
    let weight = 0
    for (const decision of decisions) {
      const at = x(Date.parse(decision.time))
      corners.push([at, y(weight)], [at, y(decision.weight)])
      weight = decision.weight
    }
    corners.push([x(toMs), y(weight)])
    const area = band(
      corners.map(([at, high]) => ({ x: at, low: y(0), high })),
      'area',
    )
    const marks = decisions.map(({ time, change, to, weight: now, why }) => {
      const [at, up] = [x(Date.parse(time)), y(now)]
      return `<circle class="mark ${toneOf(change, to)}" cx="${at.toFixed(1)}" cy="${up.toFixed(1)}" r="4.5"><title>${escapeHtml(`${time} ${change}: ${why}`)}</title></circle>`
    })
    return svg(
      frame,
      'Share of conversations that go to the candidate, over time',
      across(
        [0, 0.25, 0.5, 0.75, 1].map((part) => ({ value: part * top, label: `${part * top} %` })),
        y,
        frame,
      ) +
        below(
          timeTicks(toMs - fromMs, width > 500 ? 8 : 3).map((tick) => ({ ...tick, value: tick.value + fromMs })),
          x,
          frame,
        ) +
        area +
        line(corners, 'weight') +
        namesOf(decisions, { x, y, width }) +
        marks.join(''),
    )
  })
}

/** What the decisions were, as far as there is room. */
const namesOf = (
  decisions: ReportData['decisions'],
  { x, y, width }: { readonly x: Scale; readonly y: Scale; readonly width: number },
): string => {
  const placed = decisions.map(({ time, change, weight }) => {
    const text = change === 'start' || change === 'promote' ? `${weight} %` : change
    const [at, long] = [x(Date.parse(time)), text.length * 7 + 14]
    return { text, at, isLate: at + long > width - 10, from: at + long > width - 10 ? at - long : at, to: at + long }
  })
  return decisions
    .map(({ change, to, weight }, index) => {
      const { text, at, isLate, to: end } = placed[index] ?? { text: '', at: 0, isLate: false, to: 0 }
      const next = placed[index + 1]
      if (next !== undefined && next.from < end) return ''
      const before = decisions[index - 1]?.weight ?? 0
      return label(text, {
        x: isLate ? at - 8 : at + 8,
        y: Math.max(14, y(Math.max(weight, isLate ? before : weight)) - 8),
        anchor: isLate ? 'end' : 'start',
        name: `note ${toneOf(change, to)}`,
      })
    })
    .join('')
}

type Found = ReportData['migration']['evidence'][number]
type Drawn = { readonly frame: Frame; readonly x: Scale; readonly from: number; readonly span: Span }

const pointsMax = 120
const cardWidth = 440

const ofFinding = (report: ReportData, { metric, test }: Found) =>
  thinned(
    report.points
      .filter(({ epoch }) => epoch === report.migration.epoch)
      .flatMap(({ time, findings }) => {
        const found = findings.find((one) => one.metric === metric && one.test === test)
        return found === undefined ? [] : [{ atMs: Date.parse(time), log10: found.log10_e, figures: found.figures }]
      }),
    pointsMax,
  )

const drawnOn = (report: ReportData, height: number): Drawn => {
  const span = spanOf(report)
  const frame: Frame = { width: cardWidth, height, left: 52, right: 12, top: 12, bottom: 26 }
  const x = linear(span.fromMs, span.toMs, { start: frame.left, end: cardWidth - frame.right })
  return { frame, x, from: span.fromMs, span }
}

const timeAxis = ({ frame, x, span }: Drawn): string =>
  below(
    timeTicks(span.toMs - span.fromMs, 4).map((tick) => ({ ...tick, value: tick.value + span.fromMs })),
    x,
    frame,
  )

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`

type Banded = { readonly atMs: number; readonly middle: number; readonly low: number; readonly high: number }

const drawBand = (
  all: readonly Banded[],
  { x }: Drawn,
  { y, arm }: { readonly y: Scale; readonly arm: string },
): string =>
  band(
    all.map(({ atMs, low, high }) => ({ x: x(atMs), low: y(low), high: y(high) })),
    `band ${arm}`,
  ) +
  line(
    all.map(({ atMs, middle }) => [x(atMs), y(middle)] as const),
    `curve ${arm}`,
  )

const alphaOf = ({ log10_needed: needed }: Found): number => 10 ** -needed

const shares = (report: ReportData, finding: Found): string => {
  const drawn = drawnOn(report, 190)
  const { frame } = drawn
  const points = ofFinding(report, finding)
  const alpha = alphaOf(finding)
  const armBand = (place: 0 | 2): readonly Banded[] =>
    points.flatMap(({ atMs, figures }) => {
      const [hits = 0, seen = 0] = figures.slice(place)
      if (seen === 0) return []
      return [{ atMs, middle: hits / seen, ...shareInterval({ hits, seen }, alpha) }]
    })
  const [candidate, baseline] = [armBand(0), armBand(2)]
  const ends = [...candidate, ...baseline].slice(-2)
  const last = Math.max(...[candidate, baseline].map((all) => all.at(-1)?.high ?? 0), ...ends.map(({ high }) => high))
  const isLimit = finding.test === 'absolute'
  // Sequences begin at "anything": what is drawn is where they have come to.
  const top = Math.min(1, Math.max(isLimit ? finding.limit * 2.2 : 0, last * 1.5, 0.004))
  const y = linear(0, top, { start: frame.height - frame.bottom, end: frame.top })
  const held = (all: readonly Banded[]): readonly Banded[] =>
    all.map((one) => ({
      ...one,
      low: Math.min(one.low, top),
      middle: Math.min(one.middle, top),
      high: Math.min(one.high, top),
    }))
  const limit = isLimit
    ? `<line class="limit" x1="${frame.left}" x2="${cardWidth - frame.right}" y1="${y(finding.limit)}" y2="${y(finding.limit)}"/>${label(`limit ${percent(finding.limit)}`, { x: cardWidth - frame.right - 2, y: y(finding.limit) - 5, anchor: 'end', name: 'note bad' })}`
    : ''
  return svg(
    frame,
    `${finding.metric}: share of conversations in both arms with the confidence sequence of each, over time`,
    across(
      roundTicks(0, top, 4).map((value) => ({ value, label: percent(value) })),
      y,
      frame,
    ) +
      timeAxis(drawn) +
      drawBand(held(baseline), drawn, { y, arm: 'baseline' }) +
      drawBand(held(candidate), drawn, { y, arm: 'candidate' }) +
      limit,
  )
}

const ratios = (report: ReportData, finding: Found): string => {
  const drawn = drawnOn(report, 190)
  const { frame } = drawn
  const all = ofFinding(report, finding).flatMap(({ atMs, figures }): readonly Banded[] => {
    const [middle, low, high] = figures
    // Without enough conversations its figures are those of shares, all nought.
    return figures.length !== 3 || middle === undefined || low === undefined || high === undefined
      ? []
      : [{ atMs, middle, low, high }]
  })
  const end = all.at(-1)
  const top = Math.min(8, Math.max(finding.limit * 1.2, (end?.high ?? 1) * 1.25))
  const bottom = Math.max(0, Math.min(0.7, (end?.low ?? 1) * 0.8))
  const y = linear(bottom, top, { start: frame.height - frame.bottom, end: frame.top })
  const held = all.map((one) => ({
    ...one,
    middle: Math.max(bottom, Math.min(one.middle, top)),
    high: Math.max(bottom, Math.min(one.high, top)),
    low: Math.max(bottom, Math.min(one.low, top)),
  }))
  return svg(
    frame,
    `${finding.metric}: the candidate's mean to the baseline's, with its confidence sequence, over time`,
    across(
      roundTicks(bottom, top, 4).map((value) => ({ value, label: `×${Number(value.toFixed(2))}` })),
      y,
      frame,
    ) +
      timeAxis(drawn) +
      `<line class="even" x1="${frame.left}" x2="${cardWidth - frame.right}" y1="${y(1)}" y2="${y(1)}"/>` +
      drawBand(held, drawn, { y, arm: 'candidate' }) +
      `<line class="limit" x1="${frame.left}" x2="${cardWidth - frame.right}" y1="${y(finding.limit)}" y2="${y(finding.limit)}"/>` +
      label(`limit ×${finding.limit}`, {
        x: cardWidth - frame.right - 2,
        y: y(finding.limit) - 5,
        anchor: 'end',
        name: 'note bad',
      }) +
      (all.length === 0 ? label('fewer than 100 conversations yet', { x: 60, y: 60, name: 'note faint' }) : ''),
  )
}

/** E against its 1/α, on a logarithmic axis. */
const evidence = (report: ReportData, finding: Found): string => {
  const drawn = drawnOn(report, 150)
  const { frame } = drawn
  const all = ofFinding(report, finding).flatMap(({ atMs, log10 }) => (log10 === null ? [] : [{ atMs, log10 }]))
  const needed = finding.log10_needed
  const values = all.map(({ log10 }) => log10)
  const low = Math.max(-12, Math.min(-1, ...values))
  const high = Math.min(40, Math.max(needed + 1, ...values))
  const y = linear(low, high, { start: frame.height - frame.bottom, end: frame.top })
  const held = (value: number): number => Math.max(low, Math.min(high, value))
  const ticks = roundTicks(Math.ceil(low), Math.floor(high), 4).filter((value) => Number.isInteger(value))
  const superscript = (value: number): string =>
    `10${[...String(value)].map((sign) => (sign === '-' ? '⁻' : ('⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(sign)] ?? sign))).join('')}`
  return svg(
    frame,
    `${finding.metric}: evidence against the candidate, over time`,
    across(
      ticks.map((value) => ({ value, label: superscript(value) })),
      y,
      frame,
    ) +
      timeAxis(drawn) +
      line(
        all.map(({ atMs, log10 }) => [drawn.x(atMs), y(held(log10))] as const),
        finding.crossed ? 'curve alarm' : 'curve evidence',
      ) +
      `<line class="limit" x1="${frame.left}" x2="${cardWidth - frame.right}" y1="${y(needed)}" y2="${y(needed)}"/>` +
      label(`1/α = ${Math.round(10 ** needed)}`, { x: frame.left + 6, y: y(needed) - 5, name: 'note bad' }),
  )
}

/** Both charts of a test. */
export const findingCharts = (report: ReportData, finding: Found): string =>
  (finding.test === 'mean' ? ratios(report, finding) : shares(report, finding)) +
  (finding.log10_e === null
    ? ''
    : `<p class="caption">Evidence against the candidate (E)</p>${evidence(report, finding)}`)
