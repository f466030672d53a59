/** Whether both providers take every credential that is configured for them: one free call with each. */

import type { Sentence } from '#base/sentence.ts'
import type { Arm } from '#migration/observation.ts'
import { arms } from '#migration/observation.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import { checked } from '#migration/preflight.ts'
import { askFreely } from '#relay/free-check.ts'
import type { Upstream } from '#relay/snapshot.ts'
import { finding } from './findings.ts'
import type { Looked, Looking } from './looking.ts'
import { isCallersOwn, wayOf } from './looking.ts'

const timeoutMs = 10_000
const keysMax = 20

const nameOf = ({ provider }: Upstream, index: number): string =>
  provider.credentialNames?.[index] ?? `credential ${index + 1}`

const check = async (looking: Looking, arm: Arm): Promise<PreflightCheck> => {
  const { clock } = looking.ports
  const beganMs = clock.monotonicMs()
  const upstream = wayOf(looking, arm)
  const ended = (outcome: PreflightCheck['outcome'], says: Sentence, mend: Sentence | null): PreflightCheck =>
    checked({ check: 'keys', arm, outcome, says, mend, tookMs: Math.round(clock.monotonicMs() - beganMs) })
  if (isCallersOwn(looking, arm)) return ended('skipped', finding('callers_ask_it'), null)
  if (upstream === null || upstream.vendor.inProcess) return ended('skipped', finding('takes_no_key'), null)
  const { provider, vendor } = upstream
  const names = provider.credentials.slice(0, keysMax)
  if (names.length === 0)
    return vendor.keyless
      ? ended('passed', finding('needs_no_key'), null)
      : ended('failed', finding('has_no_key', { provider: provider.name }), finding('set_key'))
  if (vendor.checkPath === null || vendor.sign !== undefined) return ended('skipped', finding('no_free_call'), null)
  const found = await Promise.all(names.map((_one, index) => askFreely(upstream, index, { clock, timeoutMs })))
  const refused = found.flatMap((status, index) => (status === 401 || status === 403 ? [nameOf(upstream, index)] : []))
  if (refused.length > 0)
    return ended('failed', finding('keys_refused', { provider: provider.name, keys: refused }), finding('replace_key'))
  return ended('passed', finding('keys_taken', { count: names.length }), null)
}

/** Of both arms. */
export const checkKeys = async (looking: Looking): Promise<Looked> => ({
  checks: await Promise.all(arms.map((arm) => check(looking, arm))),
  nanoUsd: 0n,
})
