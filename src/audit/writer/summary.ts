/** Counts that every writer shows. */

import type { AuditReport, CallSite, Coupling, Level, Secret } from '#audit/finding.ts'
import { siteName } from '#audit/site-name.ts'
import type { SiteUsage } from '#audit/usage/usage.ts'

const order: Readonly<Record<Level, number>> = { error: 0, warning: 1, note: 2 }

/** The worst level among a site's effects; a site without any is a note. */
export const levelOf = (site: CallSite): Level =>
  site.effects.reduce<Level>((worst, { level }) => (order[level] < order[worst] ? level : worst), 'note')

/** Whether anything found is as bad as this, or worse. A secret in code that runs is an error, one in a test a warning. */
export const reaches = (report: AuditReport, level: Level): boolean =>
  report.call_sites.some((site) => order[levelOf(site)] <= order[level]) ||
  report.secrets.some((secret) => order[secretLevel(secret)] <= order[level]) ||
  report.couplings.some((coupling) => order[coupling.level] <= order[level])

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

const groupTitles: Readonly<Record<Coupling['group'], string>> = {
  response: 'What it expects of answers',
  tokens: 'What it knows of tokens and prices',
  errors: 'What it does on errors',
  recordings: 'Recordings and mocks in tests',
}

/** Places of one rule that are told. */
const placesMax = 8

export type CouplingGroup = {
  readonly title: string
  readonly rules: readonly {
    readonly rule: string
    readonly level: Level
    readonly message: string
    readonly mend: string
    readonly places: readonly Coupling[]
    readonly more: number
  }[]
}

/** The couplings by group and rule, with the first places of each. */
export const couplingGroups = (couplings: readonly Coupling[]): readonly CouplingGroup[] =>
  (Object.keys(groupTitles) as Coupling['group'][]).flatMap((group) => {
    const own = couplings.filter((one) => one.group === group)
    const rules = [...new Set(own.map(({ rule }) => rule))].flatMap((rule) => {
      const places = own.filter((one) => one.rule === rule)
      const [first] = places
      if (first === undefined) return []
      const { level, message, mend } = first
      return [
        {
          rule,
          level,
          message,
          mend,
          places: places.slice(0, placesMax),
          more: Math.max(0, places.length - placesMax),
        },
      ]
    })
    return rules.length === 0 ? [] : [{ title: groupTitles[group], rules }]
  })

/** Call sites whose use is told one by one. */
const usedSitesMax = 30

const basisTexts: Readonly<Record<SiteUsage['basis'], string>> = {
  call_site: 'by its name',
  tag: 'by a tag',
  key: 'by its key or project',
  model: 'by its model',
}

const millisecondsText = (title: string, value: number | null): string =>
  value === null ? '' : `, ${title} ${value} ms`

const usedText = (name: string, usage: SiteUsage): string => {
  const { tokens_per_day: tokens, calls_per_day: calls, error_rate: errors } = usage
  const shared = usage.shared_by > 1 ? `, shared among ${usage.shared_by} call sites` : ''
  return `  ${name}: ${tokens} tokens a day${calls === null ? '' : `, ${calls} calls a day`}${errors === null ? '' : `, ${(errors * 100).toFixed(2)} % errors`}${millisecondsText('p50', usage.p50_ms)}${millisecondsText('p99', usage.p99_ms)} (${basisTexts[usage.basis]}${shared})`
}

/** What each call site uses, the most first, and what no call site explains. */
export const usageLines = ({ usage, call_sites: sites }: AuditReport): readonly string[] => {
  if (usage === null) return []
  const used = sites
    .flatMap((site) => {
      const own = usage.sites[site.fingerprint]
      return own === undefined ? [] : [{ name: siteName(site), own }]
    })
    .toSorted((one, other) => other.own.tokens_per_day - one.own.tokens_per_day)
  const unused =
    sites.filter(({ kind, bucket }) => (kind === 'call' || kind === 'raw-http') && bucket !== 'test').length -
    used.length
  const left = usage.unassigned.reduce((sum, { tokens_per_day: tokens }) => sum + tokens, 0)
  return [
    `Used: ${usage.tokens_per_day} tokens a day, ${usage.from} to ${usage.until} (${usage.sources.join(', ')}).`,
    ...used.slice(0, usedSitesMax).map(({ name, own }) => usedText(name, own)),
    ...(used.length > usedSitesMax ? [`  and ${used.length - usedSitesMax} more`] : []),
    ...(unused === 0 ? [] : [`${unused} call sites have no use in it.`]),
    ...(left === 0
      ? []
      : [
          `Not explained by this code: ${left} tokens a day (${usage.unassigned
            .slice(0, 5)
            .map(({ model, call_site: name }) => name ?? model ?? 'no model')
            .join(', ')}).`,
        ]),
  ]
}
