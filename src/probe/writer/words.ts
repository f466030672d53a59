/** Words that several forms of the report share. */

import type { Change } from '#probe/drift.ts'
import type { ProbeResult, Report } from '#probe/report.ts'

/** What one result comes to, in a word. */
export const wordOf = ({
  verdict,
  ran,
  expected,
  strict,
}: ProbeResult): 'pass' | 'strays' | 'FAIL' | 'known' | 'none' | 'not run' => {
  if (!ran) return 'not run'
  if (verdict === 'fail') return expected === null ? 'FAIL' : 'known'
  if (verdict === 'unsupported') return 'none'
  return strict === 'fail' ? 'strays' : 'pass'
}

/** The last sentence of every report. */
export const summaryText = ({ summary, profile }: Report): string => {
  const known = summary.expected_failures === 0 ? '' : ` (${summary.expected_failures} of them known of '${profile}')`
  const cost = summary.cost_usd === null ? 'at an unknown price' : `for ${summary.cost_usd} USD`
  return `${summary.probes} probes: ${summary.passed} pass, ${summary.failed} fail${known}, ${summary.unsupported} unsupported, ${summary.not_run} not run; ${summary.calls} calls ${cost} in ${(summary.duration_ms / 1000).toFixed(1)} s.`
}

/** Repeats and the interval of the rate, where there were any. */
export const ratesText = ({ modes }: ProbeResult): string =>
  modes
    .filter(({ runs }) => runs > 1)
    .map(({ mode, passes, runs, interval }) => {
      const range =
        interval === null ? '' : ` (95 %: ${Math.round(interval[0] * 100)} to ${Math.round(interval[1] * 100)} %)`
      return `${mode === 'stream' ? 'streamed' : 'whole'} ${passes} of ${runs}${range}`
    })
    .join(', ')

/** `ttft_p50_ms 12, …`. */
export const measuresText = ({ measures }: ProbeResult): string =>
  Object.entries(measures)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${Number.isInteger(value) ? value : value.toFixed(2)}`)
    .join(', ')

/** One change since the baseline. */
export const changeText = ({ id, from, to, layer, kind }: Change): string =>
  `${kind === 'change' ? 'changed' : kind}: ${id} ${from} -> ${to}${layer === 'strict' ? ' (specification only)' : ''}`

/** The results by group, in order. */
export const groupsOf = ({ probes }: Report): ReadonlyMap<string, readonly ProbeResult[]> => {
  const groups = new Map<string, ProbeResult[]>()
  for (const probe of probes) groups.set(probe.group, [...(groups.get(probe.group) ?? []), probe])
  return groups
}
