/** The report as one page that needs nothing else: no script, no font, no picture from elsewhere. */

import type { AuditReport, CallSite, Level } from '#audit/finding.ts'
import { escapeHtml } from '#base/html.ts'
import { mapSvg } from './map.ts'
import type { Count } from './summary.ts'
import { counted, couplingGroups, coverageLines, kindsText, levelOf, parametersText, usageLines } from './summary.ts'

const style = `
:root { color-scheme: light dark; --ink: #1d2733; --faint: #5d6b7a; --line: #d8dee6; --ground: #fff; --soft: #f3f6f9 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --faint: #98a5b3; --line: #36414d; --ground: #161c23; --soft: #1f2730 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 auto; padding: 24px; max-width: 1080px }
h1 { font-size: 24px; margin: 0 } h2 { font-size: 18px; margin: 32px 0 8px }
p { margin: 6px 0 } .faint { color: var(--faint) }
svg { width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px } svg text { font: 11px system-ui, sans-serif } svg .folder { fill: var(--ink); font-weight: 600 } svg .ground { fill: var(--soft) }
table { border-collapse: collapse; width: 100%; font-size: 13px } th, td { text-align: left; vertical-align: top; padding: 5px 8px; border-bottom: 1px solid var(--line) } td { overflow-wrap: anywhere } details td:nth-child(2), details td:nth-child(3) { white-space: nowrap; overflow-wrap: normal }
th { color: var(--faint); font-weight: 600 } code { font: 12px ui-monospace, monospace }
details { border: 1px solid var(--line); border-radius: 6px; margin: 6px 0; padding: 0 10px } summary { cursor: pointer; padding: 7px 0 } summary code { font-weight: 600 }
.mark { display: inline-block; min-width: 56px; text-align: center; border-radius: 4px; padding: 0 6px; color: #fff; font-size: 12px } .error { background: #c4392f } .warning { background: #b5761a } .note { background: #3f7cac }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 3px 10px; align-items: center; font-size: 13px } .bar { background: #3f7cac; height: 11px; border-radius: 3px }
.places td:last-child { width: 32% } .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 24px }
`

const mark = (level: Level): string =>
  `<span class="mark ${level}">${{ error: 'breaks', warning: 'changes', note: 'note' }[level]}</span>`
const code = (text: string | null): string => (text === null || text === '' ? '' : `<code>${escapeHtml(text)}</code>`)

/** Bars beyond these say little. */
const barsMax = 12

const bars = (title: string, counts: readonly Count[]): string => {
  const [most] = counts
  if (most === undefined) return ''
  const rows = counts
    .slice(0, barsMax)
    .map(
      ([name, count]) =>
        `<span>${code(name)}</span><span><span class="bar" style="display:block;width:${((count / most[1]) * 100).toFixed(1)}%"></span></span><span>${count}</span>`,
    )
  return `<section><h2>${title}</h2><div class="bars">${rows.join('')}</div></section>`
}

const siteRow = (site: CallSite): string => {
  const effects = site.effects
    .map(
      ({ level, message, mend }) =>
        `<p>${mark(level)} ${escapeHtml(message)} <span class="faint">${escapeHtml(mend)}</span></p>`,
    )
    .join('')
  return `<tr><td>${site.line}</td><td>${site.kind}${site.bucket === 'caller' ? '' : ` <span class="faint">${site.bucket}</span>`}</td><td>${escapeHtml(site.sdk ?? '')}</td><td>${code(site.model)}</td><td>${code(site.base_url)}</td><td>${code(site.auth)}</td><td>${code(parametersText(site))}${effects}</td></tr>`
}

const files = (sites: readonly CallSite[]): string => {
  const byPath = new Map<string, CallSite[]>()
  for (const site of sites) byPath.set(site.path, [...(byPath.get(site.path) ?? []), site])
  return [...byPath]
    .map(([path, own]) => {
      const worst = own.some((site) => levelOf(site) === 'error')
        ? 'error'
        : own.some((site) => levelOf(site) === 'warning')
          ? 'warning'
          : 'note'
      const head =
        '<tr><th>line</th><th>kind</th><th>SDK</th><th>model</th><th>address</th><th>credential</th><th>parameters and effects</th></tr>'
      return `<details${worst === 'error' ? ' open' : ''}><summary>${mark(worst)} ${code(path)} <span class="faint">${escapeHtml(kindsText(own))}</span></summary><table>${head}${own.map(siteRow).join('')}</table></details>`
    })
    .join('\n')
}

const secrets = (report: AuditReport): string => {
  if (report.secrets.length === 0) return ''
  const rows = report.secrets
    .map(
      ({ path, line, rule, preview, sha256 }) =>
        `<tr><td>${code(`${path}:${line}`)}</td><td>${rule}</td><td>${code(`${preview}…`)}</td><td>${code(sha256)}</td></tr>`,
    )
    .join('')
  return `<h2>Credentials in the code</h2><p>Take them out, and have the vendor revoke them.</p><table><tr><th>where</th><th>rule</th><th>begins</th><th>sha256</th></tr>${rows}</table>`
}

const couplings = (report: AuditReport): string =>
  couplingGroups(report.couplings)
    .map(({ title, rules }) => {
      const rows = rules
        .map(
          ({ rule, level, message, mend, places, more }) =>
            `<tr><td>${mark(level)}</td><td>${code(rule)} ${escapeHtml(message)} <span class="faint">${escapeHtml(mend)}</span></td><td>${places.map(({ path, line }) => code(`${path}:${line}`)).join('<br>')}${more === 0 ? '' : `<br>and ${more} more`}</td></tr>`,
        )
        .join('')
      return `<h2>${title}</h2><table class="places">${rows}</table>`
    })
    .join('\n')

const usageSection = (report: AuditReport): string =>
  report.usage === null
    ? ''
    : `<h2>Usage</h2>${usageLines(report)
        .map((line) => `<p>${escapeHtml(line.trim())}</p>`)
        .join('\n')}\n`

/** The page. Everything that comes from the code is escaped. */
export const htmlReport = (report: AuditReport): string => {
  const sites = report.call_sites
  const target =
    report.target === null
      ? ''
      : `<p>Target: <strong>${escapeHtml(report.target.name)}</strong> ${code(`${report.target.provider}/${report.target.model}`)}</p>`
  // Tests would drown what runs; they are in the list of files.
  const running = sites.filter(({ bucket }) => bucket !== 'test')
  const map = mapSvg(running.length === 0 ? sites : running)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>LLM API audit</title><style>${style}</style></head><body>
<h1>LLM API audit</h1>
<p>Found ${escapeHtml(kindsText(sites))}.</p>${target}
${map === '' ? '' : `<h2>Where calls are</h2>${map}<p class="faint">One area a file, as large as what was found in it${running.length === sites.length || running.length === 0 ? '' : '; tests and examples are left out of the picture'}. ${mark('error')} something breaks ${mark('warning')} something changes ${mark('note')} found</p>`}
<div class="columns">${bars('Models', counted(sites.map(({ model }) => model)))}${bars('SDKs', counted(sites.map(({ sdk }) => sdk)))}${bars('Parameters', counted(sites.flatMap((site) => (site.kind === 'env' ? [] : Object.keys(site.parameters)))))}</div>
${secrets(report)}
${couplings(report)}
<h2>Files</h2>
${files(sites)}
${usageSection(report)}<h2>Coverage</h2>
${coverageLines(report)
  .map((line) => `<p>${escapeHtml(line)}</p>`)
  .join('\n')}
</body></html>
`
}
