/** The report for a person at a terminal. */

import type { AuditReport, CallSite } from '#audit/finding.ts'
import { counted, couplingGroups, coverageLines, kindsText, parametersText, siteText, usageLines } from './summary.ts'

/** Sites of one file that are listed one by one; what is more is counted. */
const sitesPerFileMax = 200

const siteLines = (site: CallSite): readonly string[] => {
  const parameters = parametersText(site)
  const where = site.symbol === null ? '' : `  in ${site.symbol}`
  return [
    `  ${String(site.line).padStart(5)}  ${siteText(site)}${site.bucket === 'caller' ? '' : `  [${site.bucket}]`}${where}`,
    ...(parameters === '' ? [] : [`         ${parameters}`]),
    ...site.effects.map(({ level, message, mend }) => `         ${level}: ${message} ${mend}`),
  ]
}

const byPath = (sites: readonly CallSite[]): ReadonlyMap<string, readonly CallSite[]> => {
  const files = new Map<string, CallSite[]>()
  for (const site of sites) files.set(site.path, [...(files.get(site.path) ?? []), site])
  return files
}

/** The whole report as lines of text. */
export const textReport = (report: AuditReport): string => {
  const lines: string[] = []
  for (const [path, sites] of byPath(report.call_sites)) {
    const listed = sites.filter(({ kind, bucket }) => kind === 'model' && bucket === 'definer')
    const others = sites.filter((site) => !listed.includes(site))
    lines.push(path, ...others.slice(0, sitesPerFileMax).flatMap(siteLines))
    if (listed.length > 0) lines.push(`         a list of ${listed.length} models`)
    if (others.length > sitesPerFileMax) lines.push(`         and ${others.length - sitesPerFileMax} more`)
    lines.push('')
  }
  if (report.secrets.length > 0) {
    lines.push('Credentials in the code: take them out, and have the vendor revoke them.')
    for (const { path, line, rule, preview, sha256 } of report.secrets)
      lines.push(`  ${path}:${line}  ${rule}  ${preview}…  sha256:${sha256}`)
    lines.push('')
  }
  for (const { title, rules } of couplingGroups(report.couplings)) {
    lines.push(`${title}:`)
    for (const { rule, level, message, mend, places, more } of rules)
      lines.push(
        `  ${level}: ${rule} ${message} ${mend}`,
        `         ${places.map(({ path, line }) => `${path}:${line}`).join(', ')}${more === 0 ? '' : `, and ${more} more`}`,
      )
    lines.push('')
  }
  lines.push(`Found ${kindsText(report.call_sites)}.`)
  const models = counted(report.call_sites.map(({ model }) => model))
  if (models.length > 0) lines.push(`Models: ${models.map(([name, count]) => `${name} (${count})`).join(', ')}.`)
  if (report.target !== null) {
    const levels = counted(report.call_sites.flatMap(({ effects }) => effects.map(({ level }) => level)))
    lines.push(
      `On ${report.target.name}: ${levels.length === 0 ? 'nothing changes' : levels.map(([level, count]) => `${count} × ${level}`).join(', ')}.`,
    )
  }
  return `${[...lines, ...usageLines(report), ...coverageLines(report)].join('\n')}\n`
}
