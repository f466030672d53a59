/** The report as one HTML page without scripts: tables, and bars in SVG. */

import { escapeHtml } from '#base/html.ts'
import type { Report, Section } from './report.ts'
import { cellText } from './table.ts'

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #d9dee4; --paper: #fff; --bar: #9fb4c8; --ours: #0a7a5a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #98a2ad; --line: #313841; --paper: #14181d; --bar: #4a5f75; --ours: #3fc79a; } }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .25rem; }
p { margin: 0 0 .75rem; color: var(--soft); max-width: 46rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); } th:first-child, td:first-child, th.words { text-align: left; }
tr.ours td { font-weight: 600; } td.words { text-align: left; white-space: normal; }
svg { display: block; width: 100%; height: auto; margin: .75rem 0 1.25rem; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } svg .value { fill: var(--soft); font-variant-numeric: tabular-nums; }
svg rect { fill: var(--bar); } svg .ours { fill: var(--ours); }
`

const [widthPx, barHeightPx, gapPx, headPx] = [960, 18, 8, 26]
const [nameWidthPxMin, nameWidthPxMax, characterPx] = [160, 420, 7.5]
const valueWidthPx = 120
const isOurs = (name: string): boolean => name === 'drover'

const barsOf = ({ columns, rows }: Section, column: number): string => {
  const drawn = rows.filter((row) => typeof row[column] === 'number' && Number.isFinite(row[column]))
  const most = Math.max(...drawn.map((row) => Number(row[column])), Number.MIN_VALUE)
  const heightPx = headPx + drawn.length * (barHeightPx + gapPx)
  // The words before the first number name the row: gateway, and what it did.
  const names = drawn.map((row) =>
    row.filter((cell, place) => place === 0 || (typeof cell === 'string' && place < column)).join(' · '),
  )
  const longestPx = Math.max(...names.map(({ length }) => length * characterPx), nameWidthPxMin)
  const nameWidthPx = Math.min(longestPx, nameWidthPxMax)
  const bars = drawn.map((row, at) => {
    const top = headPx + at * (barHeightPx + gapPx)
    const value = Number(row[column])
    const lengthPx = Math.max(1, (Math.max(0, value) / most) * (widthPx - nameWidthPx - valueWidthPx))
    return (
      `<text x="0" y="${top + 14}">${escapeHtml(names[at] ?? '')}</text>` +
      `<rect x="${nameWidthPx}" y="${top}" width="${lengthPx.toFixed(1)}" height="${barHeightPx}" rx="2"${isOurs(String(row[0])) ? ' class="ours"' : ''}/>` +
      `<text class="value" x="${(nameWidthPx + lengthPx + 8).toFixed(1)}" y="${top + 14}">${cellText(value)}</text>`
    )
  })
  const title = escapeHtml(columns[column] ?? '')
  return `<svg viewBox="0 0 ${widthPx} ${heightPx}" role="img" aria-label="${title}"><text class="value" x="0" y="14">${title}</text>${bars.join('')}</svg>`
}

const tableOf = (
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
  words = false,
): string => {
  const head = columns
    .map((column) => `<th scope="col"${words ? ' class="words"' : ''}>${escapeHtml(column)}</th>`)
    .join('')
  const body = rows.map((row) => {
    const cells = row.map((cell) => `<td${words ? ' class="words"' : ''}>${escapeHtml(cellText(cell))}</td>`).join('')
    return `<tr${isOurs(String(row[0])) ? ' class="ours"' : ''}>${cells}</tr>`
  })
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}

const sectionOf = (section: Section): string =>
  `<h2>${escapeHtml(section.title)}</h2><p>${escapeHtml(section.method)}</p>` +
  section.bars.map((column) => barsOf(section, column)).join('') +
  tableOf(section.columns, section.rows)

/** A whole document. */
export const pageOf = (report: Report): string => {
  const { machine } = report
  const goals = report.goals.map(({ work, bound, measured, isMet }) => [
    work,
    bound,
    measured,
    isMet === null ? 'not measured' : isMet ? 'reached' : 'not reached',
  ])
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drover: benchmarks</title><style>${style}</style></head><body>
<h1>Benchmarks</h1>
<p>${escapeHtml(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.kernel}, Node ${machine.node}. Load before the run ${machine.loadBefore}. Made ${report.made} by ${report.command}`)}</p>
${goals.length === 0 ? '' : `<h2>Goals</h2>${tableOf(['work', 'bound', 'measured', ''], goals, true)}`}
${report.sections.map(sectionOf).join('\n')}
<h2>Gateways</h2>
${tableOf(
  ['gateway', 'version', 'settings'],
  [
    ...report.gateways.map(({ name, version, settings }) => [name, version, settings]),
    ...report.missing.map(({ name, why }) => [name, 'absent', why]),
  ],
  true,
)}
<h2>Books</h2><p>Calls that were answered with 200 beside calls in the ledger: a run in which they differ is void.</p>
${tableOf(
  ['gateway', 'answered', 'booked'],
  report.parity.map(({ gateway, answered, booked }) => [gateway, String(answered), String(booked)]),
)}
</body></html>
`
}
