/** From findings to what is done: absolute, relative and sample put together as one table says. Pure. */

import type { Sentence } from '#base/sentence.ts'
import type { Finding, Judgement } from './judgement.ts'
import { reason } from './reasons.ts'

export type PauseReason =
  | 'manual'
  | 'inconclusive'
  | 'shared_incident'
  | 'degraded_control'
  | 'worse_than_baseline'
  | 'worse_in_shadow'
  | 'deadline'

export type Verdict =
  | { readonly kind: 'rollback'; readonly why: Sentence }
  | { readonly kind: 'pause'; readonly reason: PauseReason; readonly why: Sentence }
  /** Nothing speaks against it; `passed` = everything that has a limit is shown to be within it. */
  | { readonly kind: 'go'; readonly passed: boolean }

const countedOf = ({ metric, aboveMs, candidate }: Finding) => ({
  metric,
  slower_than_ms: aboveMs,
  share: candidate?.share ?? null,
  hits: candidate?.hits ?? null,
  seen: candidate?.seen ?? null,
})

const sayAbsolute = (finding: Finding): Sentence =>
  reason('over_limit', { ...countedOf(finding), limit: finding.limit })

const sayRelative = (finding: Finding): Sentence =>
  finding.difference === null
    ? reason('over_baseline', {
        ...countedOf(finding),
        baseline_share: finding.baseline?.share ?? null,
        ratio: finding.limit,
      })
    : reason('mean_over_baseline', {
        metric: finding.metric,
        times: Math.exp(finding.difference.difference),
        ratio: finding.limit,
      })

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
      why: reason('split_wrong', judgement.units),
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
      why: reason('shared_incident', { found: sayAbsolute(shared), baseline_share: shared.baseline?.share ?? null }),
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
