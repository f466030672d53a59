/** The probes of the candidate as a check of the preflight. */

import { asProblem } from '#base/problem.ts'
import type { Sentence } from '#base/sentence.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import { checked } from '#migration/preflight.ts'
import { findModel } from '#policy/choose.ts'
import { targetAt } from '#relay/candidates.ts'
import { snapshotFor } from '#relay/own-credential.ts'
import type { Conformance } from './conformance.ts'
import { conformanceOf } from './conformance.ts'
import { finding, probesListed } from './findings.ts'
import type { Looked, Looking } from './looking.ts'
import { armOf } from './looking.ts'

const shownMax = 5

const listed = (findings: Conformance['failed']): Sentence => probesListed(findings.slice(0, shownMax))

type Found = {
  readonly outcome: PreflightCheck['outcome']
  readonly says: Sentence
  readonly mend: Sentence | null
}

const judged = (found: Conformance, { file }: Looking): Found => {
  const { passed, failed, repaired, notRun, calls } = found
  const { conformance, min_score: least } = file.preflight
  const ran = passed + failed.length + repaired.length
  const score = ran === 0 ? 0 : (passed + repaired.length) / ran
  const says = finding('probes_passed', {
    passed,
    ran,
    calls,
    repaired: repaired.map(({ id }) => id),
    left_out: notRun.length,
    why_left_out: listed(notRun),
  })
  if (ran === 0)
    return {
      outcome: conformance === 'required' ? 'failed' : 'warned',
      says: finding('no_probe_ran', { why: listed(notRun) }),
      mend: finding('raise_limits'),
    }
  if (failed.length === 0) return { outcome: notRun.length === 0 ? 'passed' : 'warned', says, mend: null }
  const isBlocked = conformance === 'required' && score < least.blocking
  return {
    outcome: isBlocked ? 'failed' : 'warned',
    says: finding('would_notice', { passed: says, failed: listed(failed) }),
    mend: finding('probe_shows', { mend: failed[0]?.mend ?? '' }),
  }
}

/** Of the candidate. */
export const checkConformance = async (looking: Looking): Promise<Looked | null> => {
  const { ports, file, key, signal } = looking
  const { clock, version } = ports
  const { conformance, max_cost_usd: nanoUsdMax, max_calls: callsMax } = file.preflight
  if (conformance === 'off') return null
  const beganMs = clock.monotonicMs()
  const { provider, model, params, models } = armOf(looking, 'candidate')
  const current = ports.snapshot()
  const { live, upstreams } = key === null ? current : snapshotFor(current, key)
  const way = upstreams.get(provider)
  const ended = (found: Found, nanoUsd = 0n): Looked => ({
    checks: [
      checked({
        check: 'conformance',
        arm: 'candidate',
        ...found,
        tookMs: Math.round(clock.monotonicMs() - beganMs),
      }),
    ],
    nanoUsd,
  })
  if (way === undefined)
    return ended({ outcome: 'failed', says: finding('provider_missing', { provider }), mend: null })
  const rows = models.flatMap((name) => findModel(live, name) ?? [])
  try {
    const found = await conformanceOf(
      {
        way,
        model,
        params,
        costRows: targetAt(live, { provider, model }, rows)?.costRows ?? [],
        contextTokens: findModel(live, `${provider}/${model}`)?.contextTokens ?? null,
        limits: { nanoUsdMax, callsMax },
        nonce: ports.nonce(),
      },
      { clock, version, signal },
    )
    if (found === null)
      return ended({
        outcome: 'skipped',
        says: finding('no_probes'),
        mend: null,
      })
    return ended(judged(found, looking), found.costNanoUsd ?? 0n)
  } catch (thrown) {
    const says = finding('not_probed', { problem: asProblem(thrown).message })
    return ended({ outcome: 'failed', says, mend: finding('probe_or_raise') })
  }
}
