/** From findings to what is done: absolute, relative and sample put together as one table says. Pure. */

import type { Finding, Judgement } from './judgement.ts'

export type PauseReason =
  | 'manual'
  | 'inconclusive'
  | 'shared_incident'
  | 'degraded_control'
  | 'worse_than_baseline'
  | 'worse_in_shadow'
  | 'deadline'

export type Verdict =
  | { readonly kind: 'rollback'; readonly why: string }
  | { readonly kind: 'pause'; readonly reason: PauseReason; readonly why: string }
  /** Nothing speaks against it; `passed` = everything that has a limit is shown to be within it. */
  | { readonly kind: 'go'; readonly passed: boolean }

const percent = (share: number | null): string => (share === null ? 'nothing' : `${(share * 100).toFixed(2)} %`)

const ofUnits = ({ candidate }: Finding): string =>
  candidate === null ? '' : ` (${candidate.hits} of ${candidate.seen} conversations)`

const nameOf = ({ metric, aboveMs }: Finding): string =>
  aboveMs === null ? metric : `${metric} (slower than ${Math.round(aboveMs)} ms)`

const sayAbsolute = (finding: Finding): string =>
  `${nameOf(finding)}: ${percent(finding.candidate?.share ?? null)} of the candidate's conversations${ofUnits(finding)}, the limit is ${percent(finding.limit)}`

const sayRelative = (finding: Finding): string =>
  finding.difference === null
    ? `${nameOf(finding)}: ${percent(finding.candidate?.share ?? null)} at the candidate${ofUnits(finding)}, ${percent(finding.baseline?.share ?? null)} at the baseline; the allowed ratio is ${finding.limit}`
    : `${finding.metric}: ${Math.exp(finding.difference.difference).toFixed(2)} times the baseline's; the allowed ratio is ${finding.limit}`

/** How much worse the candidate is, in shares. */
const excess = ({ candidate, baseline }: Finding): number => (candidate?.share ?? 0) - (baseline?.share ?? 0)

/**
 * What the evidence asks for. In this order: a limit that is broken moves traffic back, unless the baseline breaks it as well and the candidate is not the worse one; a
 * split that is wrong makes comparisons void, and pauses; what is only worse than the baseline moves traffic back where it is critical and by a margin that matters,
 * else it pauses.
 */
export const verdictOf = (judgement: Judgement, { practicalFloor }: { readonly practicalFloor: number }): Verdict => {
  const findings = judgement.findings.filter(({ dryRun }) => !dryRun)
  const crossed = findings.filter((finding) => finding.crossed)
  const isWorse = ({ metric }: Finding): boolean =>
    crossed.some((other) => other.metric === metric && other.kind === 'relative')
  const broken = crossed.filter(({ kind }) => kind === 'absolute')
  const own = broken.find((finding) => finding.onFail === 'rollback' && (!finding.baselineCrossed || isWorse(finding)))
  if (own !== undefined) return { kind: 'rollback', why: sayAbsolute(own) }
  if (judgement.splitWrong)
    return {
      kind: 'pause',
      reason: 'degraded_control',
      why: `conversations do not fall to the arms as the weights say (${judgement.units.candidate} to the candidate, ${judgement.units.baseline} to the baseline): outcomes are lost or doubled, and no comparison holds`,
    }
  const worse = crossed.filter(({ kind }) => kind !== 'absolute')
  const far = worse.find(
    (finding) =>
      finding.critical &&
      finding.onFail === 'rollback' &&
      (finding.kind === 'mean' || excess(finding) > practicalFloor),
  )
  if (far !== undefined) return { kind: 'rollback', why: sayRelative(far) }
  const shared = broken.find(({ baselineCrossed }) => baselineCrossed)
  if (shared !== undefined)
    return {
      kind: 'pause',
      reason: 'shared_incident',
      why: `${sayAbsolute(shared)}, and the baseline breaks it as well (${percent(shared.baseline?.share ?? null)}): going back would help nobody`,
    }
  const [first] = [...broken, ...worse]
  if (first !== undefined)
    return {
      kind: 'pause',
      reason: 'worse_than_baseline',
      why: first.kind === 'absolute' ? sayAbsolute(first) : sayRelative(first),
    }
  const limits = findings.filter(({ kind, onFail }) => kind === 'absolute' && onFail === 'rollback')
  return { kind: 'go', passed: limits.every(({ passed }) => passed) }
}
