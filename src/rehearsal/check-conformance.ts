/** The probes of the candidate as a check of the preflight. */

import { asProblem } from '#base/problem.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import { findModel } from '#policy/choose.ts'
import { targetAt } from '#relay/candidates.ts'
import { snapshotFor } from '#relay/own-credential.ts'
import type { Conformance } from './conformance.ts'
import { conformanceOf } from './conformance.ts'
import type { Looked, Looking } from './looking.ts'
import { armOf } from './looking.ts'

const shownMax = 5

const listed = (findings: Conformance['failed']): string =>
  findings
    .slice(0, shownMax)
    .map(({ id, why }) => `${id} (${why})`)
    .join('; ')

type Found = Pick<PreflightCheck, 'outcome' | 'says' | 'mend'>

const judged = (found: Conformance, { file }: Looking): Found => {
  const { passed, failed, repaired, notRun, calls } = found
  const { conformance, min_score: least } = file.preflight
  const ran = passed + failed.length + repaired.length
  const score = ran === 0 ? 0 : (passed + repaired.length) / ran
  const aside = [
    repaired.length === 0
      ? ''
      : `, ${repaired.length} are repaired by the relay (${repaired.map(({ id }) => id).join(', ')})`,
    notRun.length === 0 ? '' : `, ${notRun.length} were not run (${listed(notRun)})`,
  ].join('')
  const says = `${passed} of ${ran} probes passed in ${calls} calls${aside}`
  if (ran === 0)
    return {
      outcome: conformance === 'required' ? 'failed' : 'warned',
      says: `no probe could be run: ${listed(notRun)}.`,
      mend: 'Raise preflight.max_cost_usd or max_calls, or say conformance: off.',
    }
  if (failed.length === 0) return { outcome: notRun.length === 0 ? 'passed' : 'warned', says, mend: null }
  const isBlocked = conformance === 'required' && score < least.blocking
  return {
    outcome: isBlocked ? 'failed' : 'warned',
    says: `${says}; clients would notice ${listed(failed)}.`,
    mend: `${failed[0]?.mend ?? ''} 'drover probe' shows the exchanges; 'preflight: { conformance: report }' starts all the same.`,
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
    checks: [{ check: 'conformance', arm: 'candidate', ...found, tookMs: Math.round(clock.monotonicMs() - beganMs) }],
    nanoUsd,
  })
  if (way === undefined) return ended({ outcome: 'failed', says: `there is no provider "${provider}".`, mend: null })
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
        says: 'there are no probes for the protocol of its provider; the completions have gone through',
        mend: null,
      })
    return ended(judged(found, looking), found.costNanoUsd ?? 0n)
  } catch (thrown) {
    const mend = "Look with 'drover probe', or raise preflight.max_cost_usd."
    return ended({ outcome: 'failed', says: `it could not be probed: ${asProblem(thrown).message}`, mend })
  }
}
