/** The report as one page that needs nothing else: no script, no font, no picture from elsewhere. */

import type { Change } from '#probe/drift.ts'
import type { ProbeResult, Report } from '#probe/report.ts'
import { style } from './style.ts'
import { changeText, groupsOf, measuresText, ratesText, summaryText, wordOf } from './words.ts'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '')

const shown = {
  pass: ['pass', 'passes'],
  strays: ['strays', 'passes, strays from the specification'],
  FAIL: ['fail', 'fails'],
  known: ['known', 'fails, as known of it'],
  none: ['none', 'unsupported'],
  'not run': ['blank', 'not run'],
} as const

const marked = (result: ProbeResult): string => {
  const [name, words] = shown[wordOf(result)]
  return `<span class="mark ${name}">${words.split(',')[0]}</span>`
}

const cells = (report: Report): string =>
  [...groupsOf(report)]
    .map(([group, results]) => {
      const squares = results
        .map((result) => {
          const [name, words] = shown[wordOf(result)]
          return `<a class="cell ${name}" href="#${escapeHtml(result.id)}" title="${escapeHtml(`${result.title}: ${words}`)}"><span class="unseen">${escapeHtml(`${result.title}: ${words}`)}</span></a>`
        })
        .join('')
      return `<dt>${escapeHtml(group)}</dt><dd>${squares}</dd>`
    })
    .join('')

const legend = Object.values(shown)
  .map(([name, words]) => `<li><span class="cell ${name}"></span>${words}</li>`)
  .join('')

const figures = ({ summary }: Report): string =>
  [
    ['pass', summary.passed],
    ['fail', summary.failed - summary.expected_failures],
    ['known', summary.expected_failures],
    ['unsupported', summary.unsupported],
    ['not run', summary.not_run],
  ]
    .map(([label, count]) => `<div><b>${count}</b><span>${label}</span></div>`)
    .join('')

const paragraphs = (texts: readonly string[], kind: string): string =>
  texts.map((text) => `<p class="${kind}">${escapeHtml(text)}</p>`).join('')

const remedyWords = {
  shim: 'Drover repairs it with a shim',
  relay: 'Drover does it itself',
  client: 'The calling code must change',
  impossible: 'Nobody in between can repair it',
} as const

const evidence = (result: ProbeResult): string =>
  result.evidence
    .map(
      ({ request, response, ended, elapsed_ms: elapsedMs }) =>
        `<div class="exchange"><pre tabindex="0" aria-label="request">${escapeHtml(request)}</pre><pre tabindex="0" aria-label="response">${escapeHtml(response === '' ? '(no answer)' : response)}</pre><p class="faint">${escapeHtml(ended)}, ${elapsedMs} ms</p></div>`,
    )
    .join('')

const sites = ({ call_sites: rows }: ProbeResult): string =>
  rows.length === 0
    ? ''
    : `<p><b>Call sites:</b> ${rows.map(({ path, line, name }) => `<code title="${escapeHtml(name)}">${escapeHtml(`${path}:${line}`)}</code>`).join(' ')}</p>`

const entry = (result: ProbeResult): string => {
  const rates = ratesText(result)
  const measures = measuresText(result)
  const isOpen = wordOf(result) === 'FAIL'
  return `<details id="${escapeHtml(result.id)}"${isOpen ? ' open' : ''}><summary>${marked(result)}<span class="title">${escapeHtml(result.title)}</span><span class="level">${result.level}</span><code>${escapeHtml(result.id)}</code></summary><div class="inside">
${paragraphs(result.reasons, 'reason')}${paragraphs(
  result.strays.map((stray) => `Specification: ${stray}`),
  'faint',
)}${paragraphs(result.notes, '')}
${rates === '' ? '' : `<p><b>Repeats:</b> ${escapeHtml(rates)}</p>`}${measures === '' ? '' : `<p><b>Measured:</b> ${escapeHtml(measures)}</p>`}
${result.expected === null ? '' : `<p><b>Known of this endpoint:</b> ${escapeHtml(result.expected)}</p>`}
<p><b>Rule:</b> ${escapeHtml(result.rule)}</p><p><b>${remedyWords[result.remedy.by]}:</b> ${escapeHtml(result.remedy.how)}</p>
${result.known.length === 0 ? '' : `<p class="faint">Known deviations: ${escapeHtml(result.known.join('; '))}</p>`}${sites(result)}${evidence(result)}</div></details>`
}

/** What a reader came for, before everything else. */
const failing = ({ probes }: Report): string => {
  const failed = probes.filter((result) => wordOf(result) === 'FAIL')
  if (failed.length === 0) return ''
  const rows = failed
    .map(
      ({ id, title, level, reasons }) =>
        `<li><a href="#${escapeHtml(id)}">${escapeHtml(title)}</a> <span class="level">${level}</span>${paragraphs(reasons.slice(0, 1), 'faint')}</li>`,
    )
    .join('')
  return `<h2>What fails</h2><ol class="failing">${rows}</ol>`
}

const changes = (drift: readonly Change[] | null): string => {
  if (drift === null) return ''
  const rows = drift.map((change) => `<li class="${change.kind}">${escapeHtml(changeText(change))}</li>`).join('')
  return `<h2>Since the baseline</h2>${drift.length === 0 ? '<p>Nothing has changed.</p>' : `<ul class="changes">${rows}</ul>`}`
}

/** The page. Everything that came from the endpoint is escaped. */
export const htmlReport = (report: Report, drift: readonly Change[] | null): string => {
  const { target, reference, summary } = report
  const against =
    reference === null
      ? ''
      : `, against ${escapeHtml(reference.model)} at <code>${escapeHtml(reference.base_url)}</code>`
  const groups = [...groupsOf(report)]
    .map(([group, results]) => `<h2>${escapeHtml(group)}</h2>${results.map(entry).join('\n')}`)
    .join('\n')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Conformance of ${escapeHtml(target.model)}</title><style>${style}</style></head><body>
<header><p class="faint">drover probe ${escapeHtml(report.version)}, ${escapeHtml(report.at)}</p>
<h1>${escapeHtml(target.model)} <span class="overall ${summary.verdict}">${summary.verdict === 'pass' ? 'ready' : 'not ready'}</span></h1>
<p><code>${escapeHtml(target.base_url)}</code>, protocol ${escapeHtml(target.protocol)}, profile <b>${escapeHtml(report.profile)}</b>${against}</p>
<div class="figures">${figures(report)}</div></header>
<main><dl class="map">${cells(report)}</dl><ul class="legend">${legend}</ul>
${changes(drift)}
${failing(report)}
${groups}</main>
<footer><p>${escapeHtml(summaryText(report))}</p></footer>
</body></html>
`
}
