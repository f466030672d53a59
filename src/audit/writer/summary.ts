/** Counts that every writer shows. */

import type { AuditReport, CallSite, Level, Secret } from '#audit/finding.ts'

const order: Readonly<Record<Level, number>> = { error: 0, warning: 1, note: 2 }

/** The worst level among a site's effects; a site without any is a note. */
export const levelOf = (site: CallSite): Level =>
  site.effects.reduce<Level>((worst, { level }) => (order[level] < order[worst] ? level : worst), 'note')

/** Whether anything found is as bad as this, or worse. A secret in code that runs is an error, one in a test a warning. */
export const reaches = (report: AuditReport, level: Level): boolean =>
  report.call_sites.some((site) => order[levelOf(site)] <= order[level]) ||
  report.secrets.some((secret) => order[secretLevel(secret)] <= order[level])

export const secretLevel = ({ bucket }: Secret): Level => (bucket === 'test' ? 'warning' : 'error')

export type Count = readonly [name: string, count: number]

/** How often each name occurs, the most frequent first. */
export const counted = (names: readonly (string | null)[]): readonly Count[] => {
  const counts = new Map<string, number>()
  for (const name of names) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].toSorted((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1))
}

/** `12 calls, 3 clients`, of what there is. */
export const kindsText = (sites: readonly CallSite[]): string => {
  const titles: Readonly<Record<string, string>> = {
    'raw-http': 'raw HTTP request',
    'base-url': 'base URL',
    env: 'environment variable',
  }
  const parts = counted(sites.map(({ kind }) => kind)).map(
    ([kind, count]) => `${count} ${titles[kind] ?? kind}${count === 1 ? '' : 's'}`,
  )
  return parts.length === 0 ? 'nothing that calls an LLM API' : parts.join(', ')
}

/** What was seen and what was not, in one sentence each. */
export const coverageLines = ({ coverage }: AuditReport): readonly string[] => {
  const { files_seen: seen, files_scanned: scanned, files_parsed: parsed, files_failed: failed, lines } = coverage
  const skipped = coverage.skipped.map(
    ({ reason, files, examples }) => `${files} ${reason} (${examples.slice(0, 2).join(', ')}${files > 2 ? ', …' : ''})`,
  )
  const { by_comment: byComment, by_baseline: byBaseline } = coverage.suppressed
  return [
    `${seen} files and folders seen, ${scanned} files searched (${lines} lines), ${parsed} of them parsed because they could matter, ${failed} failed.`,
    ...(skipped.length === 0 ? [] : [`Skipped: ${skipped.join('; ')}.`]),
    ...coverage.failed.slice(0, 10).map(({ path, reason }) => `Failed: ${path}: ${reason}.`),
    ...(byComment + byBaseline === 0 ? [] : [`Suppressed: ${byComment} by comments, ${byBaseline} by the baseline.`]),
  ]
}

/** What a site is, in a few words: `call openai chat gpt-4o at https://…`. */
export const siteText = (site: CallSite): string => {
  const variable = site.kind === 'env' ? site.parameters['variable'] : undefined
  const parts = [
    site.kind,
    site.sdk ?? (typeof variable === 'string' ? variable : null),
    site.endpoint,
    site.model,
    site.base_url,
    site.auth === null ? null : `auth ${site.auth}`,
  ]
  return parts.filter((part) => part !== null).join(' · ')
}

/** The parameters on one line, without values that the code computes. */
export const parametersText = (site: CallSite): string =>
  Object.entries(site.parameters)
    .filter(([name]) => !(site.kind === 'env' && name === 'variable'))
    .map(([name, value]) => (value === null || value === undefined ? name : `${name}=${JSON.stringify(value)}`))
    .join(' ')
