/** The preflight of a migration: real completions on both arms, keys, credit and quota, the probes that block a switch, the way back. Bounded in money, calls and time. */

import { asProblem } from '#base/problem.ts'
import { arms } from '#migration/observation.ts'
import type { Preflight, PreflightCheck } from '#migration/preflight.ts'
import { checked, preflightChecks } from '#migration/preflight.ts'
import type { MigrationFile } from '#migration/settings.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import { checkAnswers } from './answers.ts'
import { checkConformance } from './check-conformance.ts'
import { checkCredit } from './credit.ts'
import { checkWayBack } from './drill.ts'
import { finding } from './findings.ts'
import { checkKeys } from './keys.ts'
import type { Looked, Looking, PreflightPorts, PreflightQuestion } from './looking.ts'
import { checkQuota } from './quota.ts'

/** A migration of the calls of one key is asked as that key: with the credential that its account has brought. */
const keyFor = ({ match }: MigrationFile, { keys }: Snapshot): KeyFacts | null => {
  const named = match.keys ?? []
  const [only] = named
  if (only === undefined || named.length > 1 || only.includes('*')) return null
  const found = [...keys.values()].filter(({ id, name }) => id === only || name === only)
  return found.length === 1 ? (found[0] ?? null) : null
}

const order = (checks: readonly PreflightCheck[]): readonly PreflightCheck[] =>
  checks.toSorted(
    (one, other) =>
      preflightChecks.indexOf(one.check) - preflightChecks.indexOf(other.check) ||
      arms.indexOf(one.arm ?? 'baseline') - arms.indexOf(other.arm ?? 'baseline'),
  )

/** A check that could not be made has failed: nobody has seen that all is well. */
const caught = async (check: PreflightCheck['check'], looking: Promise<Looked | null>): Promise<Looked | null> => {
  try {
    return await looking
  } catch (thrown) {
    const says = finding('not_looked_at', { problem: asProblem(thrown).message })
    const found = checked({ check, arm: null, outcome: 'failed', says, mend: finding('try_again'), tookMs: 0 })
    return { checks: [found], nanoUsd: 0n }
  }
}

/** Looks at everything that the file asks for. What it finds is in the checks; rejects where the server ends meanwhile. */
export const preflightOf = async (question: PreflightQuestion, ports: PreflightPorts): Promise<Preflight> => {
  const { clock, stopping, snapshot } = ports
  const { file } = question
  const { preflight: settings } = file
  const late = new AbortController()
  const cancel = clock.after(settings.time_limit, () =>
    late.abort(new DOMException('The preflight has taken longer than its time_limit.', 'TimeoutError')),
  )
  const looking: Looking = {
    ...question,
    ports,
    key: keyFor(file, snapshot()),
    signal: AbortSignal.any([stopping, late.signal]),
  }
  const atMs = clock.nowMs()
  try {
    const answered = await checkAnswers(looking)
    const hasFailed = answered.checks.some(({ outcome }) => outcome === 'failed')
    const rest = await Promise.all([
      settings.key_and_quota ? caught('keys', checkKeys(looking)) : null,
      settings.key_and_quota ? caught('credit', checkCredit(looking)) : null,
      settings.key_and_quota ? caught('quota', checkQuota(looking, answered.headers ?? [])) : null,
      // Of who does not answer there is nothing to probe.
      hasFailed ? null : caught('conformance', checkConformance(looking)),
      settings.rollback_drill ? caught('way_back', checkWayBack(looking)) : null,
    ])
    // What ends with the server has found nothing.
    stopping.throwIfAborted()
    const all = [answered, ...rest.filter((one) => one !== null)]
    return {
      atMs,
      checks: order(all.flatMap(({ checks }) => checks)),
      nanoUsd: String(all.reduce((sum, one) => sum + one.nanoUsd, 0n)),
    }
  } finally {
    cancel()
  }
}
