/** The report for a person at a terminal. */

import type { Change } from '#probe/drift.ts'
import type { ProbeResult, Report } from '#probe/report.ts'
import { changeText, groupsOf, measuresText, ratesText, summaryText, wordOf } from './words.ts'

const wordWidth = 8
const indent = ' '.repeat(wordWidth + 2)

const sitesListedMax = 5

const sitesLine = ({ call_sites: sites }: ProbeResult): readonly string[] => {
  if (sites.length === 0) return []
  const more = sites.length > sitesListedMax ? ` and ${sites.length - sitesListedMax} more` : ''
  return [
    `${indent}call sites: ${sites
      .slice(0, sitesListedMax)
      .map(({ path, line }) => `${path}:${line}`)
      .join(', ')}${more}`,
  ]
}

const remedyWords = {
  shim: 'shim',
  relay: 'relay',
  client: 'client must change',
  impossible: 'cannot be repaired',
} as const

const lines = (result: ProbeResult): readonly string[] => {
  const word = wordOf(result)
  const head = `${word.padEnd(wordWidth)}  ${result.title}  [${result.id}${result.level === 'blocking' ? '' : `, ${result.level}`}]`
  const isFailure = result.verdict === 'fail'
  const measures = measuresText(result)
  const rates = ratesText(result)
  return [
    head,
    ...result.reasons.map((reason) => `${indent}${reason}`),
    ...(isFailure ? [] : result.strays.map((stray) => `${indent}specification: ${stray}`)),
    ...result.notes.map((note) => `${indent}${note}`),
    ...(rates === '' ? [] : [`${indent}${rates}`]),
    ...(measures === '' ? [] : [`${indent}${measures}`]),
    ...(result.expected === null ? [] : [`${indent}known: ${result.expected}`]),
    ...(isFailure ? [`${indent}${remedyWords[result.remedy.by]}: ${result.remedy.how}`, ...sitesLine(result)] : []),
  ]
}

/** The whole report as lines of text. */
export const textReport = (report: Report, drift: readonly Change[] | null): string => {
  const { target, reference } = report
  const head = `${target.model} at ${target.base_url} (${target.protocol}, profile '${report.profile}')`
  const against = reference === null ? [] : [`against ${reference.model} at ${reference.base_url}`]
  const groups = [...groupsOf(report)].flatMap(([group, results]) => ['', group, ...results.flatMap(lines)])
  const changes =
    drift === null
      ? []
      : [
          '',
          drift.length === 0 ? 'Nothing has changed since the baseline.' : 'Since the baseline:',
          ...drift.map((change) => `  ${changeText(change)}`),
        ]
  return `${[head, ...against, ...groups, ...changes, '', summaryText(report)].join('\n')}\n`
}
