/** What is looked at before traffic moves, and what it comes to. Plain data: whoever looks is elsewhere. */

import type { Arm } from './observation.ts'

/** In the order in which they are reported. */
export const preflightChecks = ['answers', 'keys', 'credit', 'quota', 'conformance', 'way_back'] as const

export type PreflightCheck = {
  readonly check: (typeof preflightChecks)[number]
  /** `null` = of neither arm. */
  readonly arm: Arm | null
  /** `warned`: worth knowing, and no reason not to start. `skipped`: it could not be looked at, or was not to be. */
  readonly outcome: 'passed' | 'failed' | 'warned' | 'skipped'
  readonly says: string
  /** What to do about it; `null` = nothing. */
  readonly mend: string | null
  readonly tookMs: number
}

export type Preflight = {
  readonly atMs: number
  readonly checks: readonly PreflightCheck[]
  /** What it cost the operator, as far as prices are known. */
  readonly nanoUsd: string
}

/** What stands against a start, each with what to do; an empty list = nothing. */
export const preflightRefusals = ({ checks }: Pick<Preflight, 'checks'>): readonly string[] =>
  checks
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ check, arm, says, mend }) =>
      `${check}${arm === null ? '' : ` of the ${arm}`}: ${says} ${mend ?? ''}`.trim(),
    )

/** How a preflight went, in one line. */
export const sayPreflight = ({ checks }: Pick<Preflight, 'checks'>): string => {
  const count = (outcome: PreflightCheck['outcome']): number => checks.filter((one) => one.outcome === outcome).length
  const words = (['passed', 'warned', 'failed', 'skipped'] as const).flatMap((outcome) =>
    count(outcome) === 0 ? [] : [`${count(outcome)} ${outcome}`],
  )
  return `preflight: ${words.join(', ')}`
}
