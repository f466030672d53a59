/** The report of a run: what JSON prints, and what every other form is made from. */

import type { Level, Mode, Remedy } from './probe.ts'
import type { Evidence } from './redact.ts'

export type Verdict = 'pass' | 'fail' | 'unsupported'

export type ModeResult = {
  readonly mode: Mode
  readonly verdict: Verdict
  /** Of the runs that were judged. */
  readonly runs: number
  readonly passes: number
  readonly unsupported: number
  readonly not_run: number
  /** Of the rate at which it passes, 95 % (Wilson). `null` = nothing was judged. */
  readonly interval: readonly [low: number, high: number] | null
}

export type CallSiteRow = { readonly name: string; readonly path: string; readonly line: number }

export type ProbeResult = {
  readonly id: string
  readonly title: string
  readonly group: string
  readonly level: Level
  /** Works with real clients. */
  readonly verdict: Verdict
  /** As the specification says. */
  readonly strict: Verdict
  /** False: cost cap, network, rate limit or a person's stop; the reasons say which. Never a pass. */
  readonly ran: boolean
  /** The profile of the endpoint says that it deviates here; `null` = it does not. */
  readonly expected: string | null
  readonly reasons: readonly string[]
  readonly strays: readonly string[]
  readonly notes: readonly string[]
  readonly measures: Readonly<Record<string, number>>
  readonly modes: readonly ModeResult[]
  readonly rule: string
  readonly remedy: Remedy
  readonly known: readonly string[]
  readonly call_sites: readonly CallSiteRow[]
  readonly evidence: readonly Evidence[]
}

export type Summary = {
  readonly verdict: 'pass' | 'fail'
  readonly probes: number
  readonly passed: number
  readonly failed: number
  readonly unsupported: number
  readonly not_run: number
  readonly failed_blocking: number
  /** Failures that the profile names. */
  readonly expected_failures: number
  readonly strict_failed: number
  readonly calls: number
  readonly input_tokens: number
  readonly output_tokens: number
  /** Decimal; `null` = the price is unknown. */
  readonly cost_usd: string | null
  readonly duration_ms: number
}

export type Report = {
  readonly schema: 1
  readonly version: string
  readonly at: string
  readonly target: { readonly base_url: string; readonly model: string; readonly protocol: string }
  readonly reference: { readonly base_url: string; readonly model: string } | null
  readonly profile: string
  readonly summary: Summary
  readonly probes: readonly ProbeResult[]
}

const levels: readonly Level[] = ['info', 'warning', 'blocking']

/** Whether a result fails at this level or a worse one, and the profile does not know of it. */
export const failsAt = ({ verdict, expected, level }: ProbeResult, from: Level): boolean =>
  verdict === 'fail' && expected === null && levels.indexOf(level) >= levels.indexOf(from)

/** The counts of a run. */
export const countsOf = (
  results: readonly ProbeResult[],
  failOn: Level,
): Pick<
  Summary,
  | 'verdict'
  | 'probes'
  | 'passed'
  | 'failed'
  | 'unsupported'
  | 'not_run'
  | 'failed_blocking'
  | 'expected_failures'
  | 'strict_failed'
> => {
  const count = (holds: (result: ProbeResult) => boolean): number => results.filter(holds).length
  return {
    verdict: results.some((result) => failsAt(result, failOn)) ? 'fail' : 'pass',
    probes: results.length,
    passed: count(({ verdict }) => verdict === 'pass'),
    failed: count(({ verdict }) => verdict === 'fail'),
    unsupported: count(({ verdict, ran }) => verdict === 'unsupported' && ran),
    not_run: count(({ ran }) => !ran),
    failed_blocking: count((result) => failsAt(result, 'blocking')),
    expected_failures: count(({ verdict, expected }) => verdict === 'fail' && expected !== null),
    strict_failed: count(({ strict }) => strict === 'fail'),
  }
}
