/** What one attempt teaches about its target and its key: begun, first part, ended in exactly one way. */

import { telling } from '#base/event-sentences.ts'
import type { Problem } from '#base/problem.ts'
import type { BreakerSettings, BreakerState } from '#policy/breaker.ts'
import { refusedMs } from '#policy/key-ring.ts'
import type { Timing } from '#policy/target-health.ts'
import type { Leg } from './leg.ts'
import { targetName } from './leg.ts'
import { shortOf } from './next-leg.ts'
import type { Routing } from './routing.ts'
import type { Upstream } from './snapshot.ts'

export type Vigil = {
  /** The credential to send with, by its place; `null` = the provider has none. */
  readonly keyIndex: number | null
  readonly breaker: BreakerState
  readonly firstPart: (sinceStartMs: number) => void
  /** `well` = the target did its part; `void` = nothing was learnt. Only the first call counts. */
  readonly ended: (outcome: Problem | 'well' | 'void') => void
}

export type VigilContext = {
  readonly upstream: Upstream
  readonly timing: Timing
  readonly routing: Routing
  readonly nowMs: () => number
  readonly chance: number
}

export const breakerDefault: BreakerSettings = Object.freeze({ failuresMax: 5, restMs: 10_000 })

/** A key whose provider does not say until when it is at its limit rests this long, and never longer than an hour. */
const restUntoldMs = 5_000
const restMsMax = 3_600_000

const localFaults: readonly unknown[] = ['dns', 'connect', 'tls', 'refused_address']

const factOf = (problem: Problem, name: string): unknown => problem.detail.facts?.[name]

/** A limit that waiting does not lift: the account has no money or quota left. */
const spentWords = /insufficient_quota|exceeded_current_quota|billing|balance|arrears|payment/i

/** What a problem says about the key that was used: at its limit for a while, or of no use. */
const keyVerdict = (problem: Problem): 'rest' | 'refuse' | null => {
  if (factOf(problem, 'fault') === 'credential') return 'refuse'
  if (problem.code !== 'upstream_overloaded' || problem.detail.raw?.status !== 429) return null
  const words = `${factOf(problem, 'upstream_code') ?? ''} ${factOf(problem, 'upstream_type') ?? ''}`
  return spentWords.test(words) ? 'refuse' : 'rest'
}

/** What a person may read of a key: the reference that led to it, else its number. */
export const keyName = ({ provider }: Upstream, index: number): string =>
  provider.credentialNames?.[index] ?? `key ${index + 1}`

/**
 * Rests or takes out the key that a problem is about; gives whether that is all that was learnt. The only key of a provider is never taken out at a
 * word: that would close the provider, so its refusals count against the target, and only a told limit rests it.
 */
const judgeKey = (problem: Problem, index: number | null, context: VigilContext): boolean => {
  const { upstream, routing, nowMs } = context
  const verdict = keyVerdict(problem)
  const digest = index === null ? undefined : upstream.credentialDigests[index]
  if (verdict === null || digest === undefined || index === null) return verdict === 'rest'
  const { name: provider } = upstream.provider
  const key = keyName(upstream, index)
  const plain = { account: upstream.own?.account ?? null, object: provider, figure: null }
  const isOnly = upstream.credentialDigests.length === 1
  if (verdict === 'rest') {
    const toldMs = problem.detail.retryAfterMs ?? (isOnly ? 0 : restUntoldMs)
    const restMs = Math.min(restMsMax, toldMs)
    if (restMs === 0) return true
    routing.keys.rest(digest, nowMs() + restMs)
    routing.emit({
      ...plain,
      name: 'credential_resting',
      ...telling('key_rests', { provider, credential: key, seconds: Math.ceil(restMs / 1_000) }),
      facts: { credential: key, rest_ms: restMs },
    })
    return true
  }
  const outMs = isOnly ? 0 : refusedMs
  if (routing.keys.refuse(digest, nowMs() + outMs))
    routing.emit({
      ...plain,
      name: 'credential_dead',
      ...telling('key_refused', { provider, credential: key, minutes: isOnly ? null : refusedMs / 60_000 }),
      facts: { credential: key, status: problem.detail.raw?.status ?? null },
    })
  return !isOnly
}

const judgeTarget = (problem: Problem, leg: Leg, { routing, upstream, nowMs }: VigilContext): void => {
  const { name: provider } = upstream.provider
  const target = targetName(leg.target)
  const isLocal = localFaults.includes(factOf(problem, 'fault'))
  if (isLocal) {
    routing.localFaults.fault(provider, nowMs())
    // Nobody can be reached from here: that is no target's fault, and resting them all would not help.
    if (routing.localFaults.isOwnNetwork(provider, nowMs())) return
  }
  const settings = leg.row.route.breaker ?? breakerDefault
  const kind = isLocal ? 'local' : 'upstream'
  const changed = routing.health.failed(target, { kind, settings, nowMs: nowMs() })
  if (changed === 'opened')
    routing.emit({
      name: 'target_down',
      account: leg.target.account ?? null,
      object: target,
      figure: null,
      ...telling('target_failed', { target, problem: shortOf(problem) }),
      facts: { error: problem.code, fault: kind },
    })
}

const tellUp = (target: string, { emit }: Routing): void =>
  emit({
    name: 'target_up',
    account: null,
    object: target,
    figure: null,
    ...telling('target_back', { target }),
    facts: {},
  })

/** Begins the watch over an attempt that is about to be sent. */
export const keepVigil = (leg: Leg, context: VigilContext): Vigil => {
  const { upstream, routing, timing, nowMs, chance } = context
  const target = targetName(leg.target)
  const keyIndex = routing.keys.choose(upstream.credentialDigests, nowMs(), chance)
  const breaker = routing.health.view(target, timing, nowMs()).state
  const isProbe = routing.health.began(target, nowMs())
  let isOver = false
  const well = (): void => {
    routing.localFaults.reached(nowMs())
    const digest = keyIndex === null ? undefined : upstream.credentialDigests[keyIndex]
    if (digest !== undefined) routing.keys.worked(digest)
    if (routing.health.succeeded(target, nowMs()) === 'closed') tellUp(target, routing)
  }
  return {
    keyIndex,
    breaker,
    firstPart: (latencyMs) => {
      routing.health.firstPart(target, timing, { latencyMs, nowMs: nowMs() })
      if (routing.health.answered(target, nowMs()) === 'closed') tellUp(target, routing)
    },
    ended: (outcome) => {
      if (isOver) return
      isOver = true
      routing.health.ended(target, isProbe)
      if (outcome === 'void') return
      if (outcome === 'well') return well()
      if (outcome.detail.facts?.['sandbox'] === true) return
      if (outcome.row.blame !== 'upstream') return well()
      if (judgeKey(outcome, keyIndex, context)) return
      judgeTarget(outcome, leg, context)
    },
  }
}
