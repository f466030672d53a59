/** The page for whoever approves: as text, Markdown and HTML. */

import { escapeHtml } from '#base/html.ts'
import { reportStyle } from '#report/roi/page.ts'
import type { Check, FitReport, Verdict } from './fit.ts'

const marks: Readonly<Record<Verdict, string>> = { pass: 'ok', mind: 'mind', fail: 'NO', unknown: '?' }

const titleOf = ({ from, target }: FitReport): string =>
  `Should ${from.length === 0 ? 'this code' : from.join(', ')} move${target === null ? '' : ` to ${target}`}?`

const decisions: Readonly<Record<FitReport['decision'], string>> = {
  yes: 'Yes.',
  'yes, with conditions': 'Yes, with the conditions marked below.',
  'not yet': 'Not yet: see what is marked below.',
  no: 'No.',
}

const textCheck = ({ question, verdict, why, next }: Check): string =>
  [
    `  ${`[${marks[verdict]}]`.padEnd(7)} ${question}`,
    `          ${why}`,
    ...(next === null ? [] : [`          -> ${next}`]),
  ].join('\n')

const fitText = (report: FitReport): string =>
  [
    `${titleOf(report)} ${decisions[report.decision]}`,
    `${report.call_sites} call sites, ${report.date}`,
    '',
    ...report.checks.map(textCheck),
    '',
  ].join('\n')

const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const fitMarkdown = (report: FitReport): string =>
  [
    `# ${cell(titleOf(report))}`,
    '',
    `**${decisions[report.decision]}** ${report.call_sites} call sites, ${report.date}.`,
    '',
    '| | question | answer | next |',
    '|---|---|---|---|',
    ...report.checks.map(
      ({ question, verdict, why, next }) =>
        `| **${marks[verdict]}** | ${question} | ${cell(why)} | ${cell(next ?? '')} |`,
    ),
    '',
    'Approved by: ____________________  Date: ____________',
    '',
  ].join('\n')

const style = `${reportStyle}
.verdict { display: inline-block; min-width: 52px; text-align: center; border-radius: 4px; padding: 1px 8px; color: #fff; font-size: 12px } .pass { background: #2f8f5b } .mind { background: #b5761a } .fail { background: #c4392f } .unknown { background: #6b7785 }
.decision { font-size: 19px; font-weight: 600; margin: 14px 0 } .sign { margin-top: 48px; display: flex; gap: 40px } .sign span { flex: 1; border-top: 1px solid var(--ink); padding-top: 4px; color: var(--faint); font-size: 13px }
`

const fitPage = (report: FitReport): string => {
  const rows = report.checks
    .map(
      ({ question, verdict, why, next }) =>
        `<tr><td><span class="verdict ${verdict}">${marks[verdict]}</span></td><td><strong>${escapeHtml(question)}</strong><p>${escapeHtml(why)}</p>${next === null ? '' : `<p class="faint">${escapeHtml(next)}</p>`}</td></tr>`,
    )
    .join('')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${escapeHtml(titleOf(report))}</title><style>${style}</style></head><body>
<h1>${escapeHtml(titleOf(report))}</h1>
<p class="decision">${escapeHtml(decisions[report.decision])}</p>
<p class="faint">${report.call_sites} call sites, ${report.date}</p>
<table>${rows}</table>
<div class="sign"><span>approved by</span><span>date</span></div>
</body></html>
`
}

/** The forms in which the page is written. */
export const fitWriters: Readonly<Record<string, (report: FitReport) => string>> = {
  text: fitText,
  json: (report) => `${JSON.stringify(report)}\n`,
  markdown: fitMarkdown,
  html: fitPage,
}
