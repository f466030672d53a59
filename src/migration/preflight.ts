/** What is looked at before traffic moves, and what it comes to. Plain data: whoever looks is elsewhere. */

import type { Sentence } from '#base/sentence.ts'
import { asSaid } from '#base/sentence.ts'
import type { Arm } from './observation.ts'
import { reason } from './reasons.ts'

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
  /** Both by their codes; absent: it was kept by an earlier version. */
  readonly said?: { readonly says: Sentence; readonly mend: Sentence | null }
  readonly tookMs: number
}

export type Preflight = {
  readonly atMs: number
  readonly checks: readonly PreflightCheck[]
  /** What it cost the operator, as far as prices are known. */
  readonly nanoUsd: string
}

/** A check with what it has found, in words and by code. */
export const checked = ({
  says,
  mend,
  ...check
}: Omit<PreflightCheck, 'says' | 'mend' | 'said'> & {
  readonly says: Sentence
  readonly mend: Sentence | null
}): PreflightCheck => ({ ...check, says: says.text, mend: mend?.text ?? null, said: { says, mend } })

/** What stands against a start, each with what to do; an empty list = nothing. */
export const preflightRefusals = ({ checks }: Pick<Preflight, 'checks'>): readonly Sentence[] =>
  checks
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ check, arm, says, mend, said }) =>
      reason('check_failed', {
        check,
        arm,
        says: said?.says ?? asSaid(says),
        mend: said?.mend ?? (mend === null ? null : asSaid(mend)),
      }),
    )

/** How a preflight went, in one line; where there was none, why. */
export const lookedAt = (found: Pick<Preflight, 'checks'> | undefined, skipped: string | null): Sentence => {
  if (found === undefined) return reason('without_preflight', { reason: skipped ?? '' })
  const count = (outcome: PreflightCheck['outcome']): number =>
    found.checks.filter((one) => one.outcome === outcome).length
  return reason('preflight_was', {
    passed: count('passed'),
    warned: count('warned'),
    failed: count('failed'),
    skipped: count('skipped'),
  })
}
