/** The report as JUnit XML, which CI systems show: https://github.com/testmoapp/junitxml, read 2026-11-28. */

import type { Change } from '#probe/drift.ts'
import type { ProbeResult, Report } from '#probe/report.ts'
import { changeText, groupsOf, summaryText } from './words.ts'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Text for XML 1.0: entities, and nothing that may not stand in it at all. */
export const escapeXml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')

const body = (result: ProbeResult): string => {
  if (result.verdict === 'fail' && result.expected === null) {
    const shown = result.evidence
      .map(({ request, response, ended }) => `${request}\n\n${response}\n\n${ended}`)
      .join('\n\n')
    const text = [
      ...result.reasons,
      `Rule: ${result.rule}`,
      `Remedy (${result.remedy.by}): ${result.remedy.how}`,
      shown,
    ].join('\n')
    return `<failure type="${result.level}" message="${escapeXml(result.reasons[0] ?? '')}">${escapeXml(text)}</failure>`
  }
  if (result.verdict === 'fail') return `<skipped message="${escapeXml(`known: ${result.expected}`)}"/>`
  if (result.verdict === 'unsupported') return `<skipped message="${escapeXml(result.reasons[0] ?? 'unsupported')}"/>`
  return result.strays.length === 0 ? '' : `<system-out>${escapeXml(result.strays.join('\n'))}</system-out>`
}

const elapsed = ({ evidence }: ProbeResult): string =>
  (evidence.reduce((sum, one) => sum + one.elapsed_ms, 0) / 1000).toFixed(3)

const suite = (group: string, results: readonly ProbeResult[]): string => {
  const failures = results.filter(({ verdict, expected }) => verdict === 'fail' && expected === null).length
  const skipped = results.filter(
    ({ verdict, expected }) => verdict === 'unsupported' || (verdict === 'fail' && expected !== null),
  ).length
  const cases = results.map(
    (result) =>
      `    <testcase classname="${escapeXml(group)}" name="${escapeXml(`${result.id}: ${result.title}`)}" time="${elapsed(result)}">${body(result)}</testcase>`,
  )
  return `  <testsuite name="${escapeXml(group)}" tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}">\n${cases.join('\n')}\n  </testsuite>`
}

const driftSuite = (drift: readonly Change[]): string => {
  const bad = drift.filter(({ kind, layer }) => kind === 'regression' && layer === 'clients')
  const cases = drift.map((change) => {
    const failure = bad.includes(change)
      ? `<failure type="regression" message="${escapeXml(changeText(change))}"/>`
      : ''
    return `    <testcase classname="drift" name="${escapeXml(changeText(change))}" time="0">${failure}</testcase>`
  })
  return `  <testsuite name="drift" tests="${drift.length}" failures="${bad.length}" errors="0" skipped="0">\n${cases.join('\n')}\n  </testsuite>`
}

/** One document: a suite a group, a case a probe. What the endpoint does not have is skipped. */
export const junitReport = (report: Report, drift: readonly Change[] | null): string => {
  const { summary, target } = report
  const suites = [...groupsOf(report)].map(([group, results]) => suite(group, results))
  const failures = summary.failed - summary.expected_failures
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${escapeXml(`drover probe ${target.model} at ${target.base_url}`)}" tests="${summary.probes}" failures="${failures}" time="${(summary.duration_ms / 1000).toFixed(3)}">
${[...suites, ...(drift === null ? [] : [driftSuite(drift)])].join('\n')}
  <!-- ${escapeXml(summaryText(report)).replaceAll('--', '- -')} -->
</testsuites>
`
}
