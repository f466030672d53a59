/** The report for a pull request or a wiki. */

import type { AuditReport, CallSite } from '#audit/finding.ts'
import { counted, couplingGroups, coverageLines, kindsText, levelOf, parametersText, usageLines } from './summary.ts'

/** Rows of a table; a longer one is not read. */
const rowsMax = 500

const cell = (text: string | null): string =>
  text === null || text === ''
    ? ''
    : text
        .replaceAll('|', '\\|')
        .replaceAll('\n', ' ')
        .replace(/[<>]/g, (mark) => (mark === '<' ? '&lt;' : '&gt;'))
const code = (text: string | null): string =>
  text === null || text === '' ? '' : `\`${cell(text).replaceAll('`', "'")}\``

const row = (site: CallSite): string =>
  `| ${code(`${site.path}:${site.line}`)} | ${site.kind} | ${cell(site.sdk)} | ${code(site.model)} | ${code(site.base_url)} | ${code(parametersText(site))} |`

const effectsOf = (sites: readonly CallSite[]): readonly string[] =>
  sites
    .filter(({ effects }) => effects.some(({ level }) => level !== 'note'))
    .toSorted((one, other) => (levelOf(one) < levelOf(other) ? -1 : levelOf(one) > levelOf(other) ? 1 : 0))
    .flatMap((site) =>
      site.effects
        .filter(({ level }) => level !== 'note')
        .map(
          ({ level, message, mend }) =>
            `- **${level === 'error' ? 'breaks' : 'changes'}** ${code(`${site.path}:${site.line}`)}: ${cell(message)} ${cell(mend)}`,
        ),
    )

const couplingLines = ({ couplings }: AuditReport): readonly string[] =>
  couplingGroups(couplings).flatMap(({ title, rules }) => [
    `## ${title}`,
    '',
    ...rules.map(
      ({ rule, message, mend, places, more }) =>
        `- **${rule}** ${cell(message)} ${cell(mend)} ${places.map(({ path, line }) => code(`${path}:${line}`)).join(', ')}${more === 0 ? '' : ` and ${more} more`}`,
    ),
    '',
  ])

export const markdownReport = (report: AuditReport): string => {
  const effects = effectsOf(report.call_sites)
  const models = counted(report.call_sites.map(({ model }) => model))
  const lines = [
    '# LLM API audit',
    '',
    `Found ${kindsText(report.call_sites)}.${models.length === 0 ? '' : ` Models: ${models.map(([name, count]) => `${code(name)} (${count})`).join(', ')}.`}`,
    '',
    ...(effects.length === 0
      ? []
      : [
          report.target === null ? '## To look at' : `## What changes on ${cell(report.target.name)}`,
          '',
          ...effects.slice(0, rowsMax),
          '',
        ]),
    ...(report.secrets.length === 0
      ? []
      : [
          '## Credentials in the code',
          '',
          ...report.secrets.map(
            ({ path, line, rule, preview, sha256 }) =>
              `- ${code(`${path}:${line}`)} ${rule}, begins ${code(preview)}, sha256 ${code(sha256)}`,
          ),
          '',
        ]),
    ...couplingLines(report),
    '## Call sites',
    '',
    '| where | kind | SDK | model | address | parameters |',
    '|---|---|---|---|---|---|',
    ...report.call_sites.slice(0, rowsMax).map(row),
    ...(report.call_sites.length > rowsMax ? [`| and ${report.call_sites.length - rowsMax} more | | | | | |`] : []),
    '',
    ...(report.usage === null
      ? []
      : ['## Usage', '', ...usageLines(report).map((line) => `- ${cell(line.trim())}`), '']),
    '## Coverage',
    '',
    ...coverageLines(report).map((line) => `- ${cell(line)}`),
    '',
  ]
  return lines.join('\n')
}
