/** The report for a terminal, and for documents (Markdown). */

import type { Report, Section } from './report.ts'

const digits = 3

/** Three significant digits, without an exponent. */
export const cellText = (cell: string | number | null): string => {
  if (cell === null) return '-'
  if (typeof cell === 'string') return cell
  if (!Number.isFinite(cell)) return '-'
  return Math.abs(cell) >= 100 ? String(Math.round(cell)) : String(Number(cell.toPrecision(digits)))
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const sectionText = ({ title, method, columns, rows }: Section): string =>
  [
    `### ${title}`,
    '',
    method,
    '',
    line(columns),
    line(columns.map((_column, at) => (at === 0 ? '---' : '--:'))),
    ...rows.map((row) => line(row.map(cellText))),
  ].join('\n')

const verdict = (isMet: boolean | null): string => (isMet === null ? 'not measured' : isMet ? 'reached' : 'not reached')

/** Everything but the plots. */
export const markdownOf = (report: Report): string =>
  [
    `${report.machine.cpu}, ${report.machine.cores} cores, ${report.machine.memoryGib} GiB, ${report.machine.kernel}, Node ${report.machine.node}; load before the run ${report.machine.loadBefore}. Made ${report.made} by \`${report.command}\`.`,
    ...report.sections.map(sectionText),
    ...(report.goals.length === 0
      ? []
      : [
          [
            '### Goals',
            '',
            line(['work', 'bound', 'measured', '']),
            line(['---', '---', '---', '---']),
            ...report.goals.map(({ work, bound, measured, isMet }) => line([work, bound, measured, verdict(isMet)])),
          ].join('\n'),
        ]),
    [
      '### Gateways',
      '',
      ...report.gateways.map(({ name, version, settings }) => `- ${name} (${version}): ${settings}`),
      ...report.missing.map(({ name, why }) => `- ${name}: absent, ${why}`),
      ...report.parity.map(
        ({ gateway, answered, booked }) => `- books of ${gateway}: ${answered} calls answered, ${booked} in the books`,
      ),
    ].join('\n'),
  ].join('\n\n')
