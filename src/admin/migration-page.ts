/** The report of a migration as one HTML page that needs nothing else. */

import { escapeHtml } from '#base/html.ts'
import type { MigrationView } from './migration-view.ts'

type Report = {
  readonly made: string
  readonly migration: MigrationView
  readonly decisions: readonly {
    readonly number: number
    readonly time: string
    readonly by: string
    readonly change: string
    readonly why: string
    readonly to: string
    readonly weight: number
  }[]
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}
.bad{color:#a40000;font-weight:600}.good{color:#17692b}svg{width:100%;height:auto}small{color:#555}`

const row = (cells: readonly (string | number)[], tag = 'td'): string =>
  `<tr>${cells.map((one) => `<${tag}>${typeof one === 'number' ? one : one}</${tag}>`).join('')}</tr>`

const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(2)} %`)

const width = 900
const height = 160
const pad = 36

/** The candidate's weight over time, as decisions changed it. */
const timeline = ({ decisions, made }: Report): string => {
  const times = [...decisions.map(({ time }) => Date.parse(time)), Date.parse(made)]
  const from = Math.min(...times)
  const span = Math.max(1, Math.max(...times) - from)
  const x = (time: number): number => pad + ((time - from) / span) * (width - 2 * pad)
  const y = (weight: number): number => height - pad - (weight / 100) * (height - 2 * pad)
  let path = ''
  for (const [index, { time, weight }] of decisions.entries()) {
    const at = x(Date.parse(time)).toFixed(1)
    path += index === 0 ? `M${at} ${y(0)}V${y(weight)}` : `H${at}V${y(weight).toFixed(1)}`
  }
  path += `H${x(Date.parse(made)).toFixed(1)}`
  const marks = decisions.map(
    ({ time, weight, change }) =>
      `<circle cx="${x(Date.parse(time)).toFixed(1)}" cy="${y(weight).toFixed(1)}" r="4" fill="${change === 'rollback' ? '#a40000' : '#1f5fa8'}"><title>${escapeHtml(`${change} ${time}`)}</title></circle>`,
  )
  const lines = [0, 50, 100].map(
    (weight) =>
      `<line x1="${pad}" x2="${width - pad}" y1="${y(weight)}" y2="${y(weight)}" stroke="#ddd"/><text x="4" y="${y(weight) + 4}" font-size="11">${weight} %</text>`,
  )
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Weight of the candidate over time">${lines.join('')}<path d="${path}" fill="none" stroke="#1f5fa8" stroke-width="2"/>${marks.join('')}</svg>`
}

/** The interval of a share in both arms against its limit. */
const bar = ({ candidate, baseline, limit, test }: MigrationView['evidence'][number]): string => {
  const most = Math.max(0.000_1, ...[candidate?.high ?? 0, baseline?.high ?? 0, test === 'absolute' ? limit * 1.5 : 0])
  const x = (share: number): number => Math.min(200, (share / most) * 200)
  const band = (one: typeof candidate, at: number, colour: string): string =>
    one === null
      ? ''
      : `<rect x="${x(one.low).toFixed(1)}" y="${at}" width="${Math.max(1, x(one.high) - x(one.low)).toFixed(1)}" height="6" fill="${colour}" opacity=".35"/><rect x="${Math.max(0, x(one.share ?? 0) - 1).toFixed(1)}" y="${at - 1}" width="2" height="8" fill="${colour}"/>`
  const line = test === 'absolute' ? `<line x1="${x(limit)}" x2="${x(limit)}" y1="0" y2="26" stroke="#a40000"/>` : ''
  return `<svg viewBox="0 0 200 26" style="width:200px" role="img" aria-label="Interval of the candidate above, of the baseline below">${band(candidate, 4, '#1f5fa8')}${band(baseline, 16, '#777')}${line}</svg>`
}

const evidenceRow = (finding: MigrationView['evidence'][number]): string => {
  const {
    metric,
    test,
    candidate,
    baseline,
    ratio,
    limit,
    log10_e: exponent,
    log10_needed: needed,
    crossed,
    passed,
  } = finding
  const of = (one: typeof candidate): string =>
    one === null ? '–' : `${percent(one.share)} <small>${one.hits}/${one.seen}</small>`
  const verdict = crossed
    ? '<span class="bad">breach</span>'
    : passed
      ? '<span class="good">shown within</span>'
      : 'open'
  return row([
    `${escapeHtml(metric)}<br><small>${test}${finding.dry_run ? ', dry run' : ''}</small>`,
    ratio === null
      ? of(candidate)
      : `× ${ratio.value.toFixed(2)} <small>${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}</small>`,
    of(baseline),
    test === 'absolute' ? percent(limit) : `× ${limit}`,
    ratio === null ? bar(finding) : '',
    exponent === null ? '–' : `10<sup>${exponent.toFixed(1)}</sup> of 10<sup>${needed.toFixed(1)}</sup>`,
    verdict,
  ])
}

const armRow = (name: string, arm: MigrationView['arms']['baseline']): string =>
  row([
    name,
    arm.conversations,
    arm.turns,
    arm.failed_turns,
    arm.ttft_p50_ms ?? '–',
    arm.ttft_p99_ms ?? '–',
    arm.output_tokens,
    arm.cost_usd,
  ])

/** One page; whatever was written by people is text in it. */
export const migrationPage = (report: Report): string => {
  const { migration, decisions, made } = report
  const head = (cells: readonly string[]): string => `<thead>${row(cells, 'th')}</thead>`
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Migration ${escapeHtml(migration.name)}</title><style>${style}</style>
<h1>Migration ${escapeHtml(migration.name)}</h1>
<p>${escapeHtml(migration.sentence)}</p>${migration.next === null ? '' : `<p><strong>Next:</strong> ${escapeHtml(migration.next)}.</p>`}
<p><small>${escapeHtml(migration.baseline_route)} → ${escapeHtml(migration.candidate_route)} · file ${escapeHtml(migration.digest.slice(0, 16))} · made ${escapeHtml(made)}</small></p>
<h2>Weight of the candidate</h2>${timeline(report)}
<h2>Who met it</h2><table>${head(['arm', 'conversations', 'turns', 'failed turns', 'first part p50, ms', 'p99, ms', 'tokens out', 'cost, USD'])}${armRow('baseline', migration.arms.baseline)}${armRow('candidate', migration.arms.candidate)}</table>
<h2>Tests</h2><p>Evidence counts conversations. E reaches 1/α with a chance of at most α while the candidate is within its limit, however often one looks; the means are asymptotic. Intervals hold at all times at once; red is the limit, blue the candidate, grey the baseline.</p>
<table>${head(['metric', 'candidate', 'baseline', 'limit', 'intervals', 'E', 'verdict'])}${migration.evidence.map(evidenceRow).join('')}</table>
${migration.not_tested.map((one) => `<p>Not tested: ${escapeHtml(one)}</p>`).join('')}
<h2>Decisions</h2><table>${head(['', 'time', 'by', 'decision', 'weight', 'why'])}${decisions.map(({ number, time, by, change, why, to, weight }) => row([number, escapeHtml(time), escapeHtml(by), `${escapeHtml(change)} → ${escapeHtml(to)}`, `${weight} %`, escapeHtml(why)])).join('')}</table>
</html>
`
}
