/** What is asked after a failure, and when; and what the caller is told when nothing is left. */

import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { ended } from '#http/problem-answer.ts'
import type { FallbackCause } from '#policy/model-table.ts'
import type { Leg, LegReason } from './leg.ts'
import { sameTarget, targetName } from './leg.ts'

const backoffFirstMs = 200
const backoffMostMs = 2_000
/** What a caller is told to wait where no target said how long. */
const retryAfterUntoldMs = 1_000

export type Failure = { readonly leg: Leg; readonly problem: Problem }

export type Next = {
  readonly leg: Leg
  readonly rest: readonly Leg[]
  readonly reason: LegReason
  readonly delayMs: number
}

/** What the state of targets, keys and the retry budget allow. */
export type Permits = {
  /** Whether a target is not to be asked now. */
  readonly isAway: (leg: Leg) => boolean
  /** Whether the target's breaker has opened. */
  readonly isOpen: (leg: Leg) => boolean
  /** Whether the target has answered its last call well: moving to it costs no budget, as it makes no storm worse. */
  readonly isWell: (leg: Leg) => boolean
  /** Whether the provider has another key that can be used now. */
  readonly hasOtherKey: (leg: Leg) => boolean
  /** Takes one repeat from the retry budget. */
  readonly takeRetry: () => boolean
}

export type NextQuestion = {
  readonly permits: Permits
  readonly left: readonly Leg[]
  readonly failures: readonly Failure[]
  readonly clock: Clock
  readonly chance: () => number
  readonly endsMs: number
}

const filterNames = /content[_-]?filter|content[_-]?policy|moderation|data_inspection|sensitive/i
/** Of providers that tell no name of their own for it. */
const filterWords =
  /content (?:filter(?:ing)?|management|moderation) policy|content exists risk|considered high risk|flagged as potentially violating|不安全或敏感/i

/** A refusal of the caller's own making after which another model may do better; `null` = it is none. */
export const fallbackCauseOf = (problem: Problem): FallbackCause | null => {
  if (problem.code === 'context_length_exceeded') return 'context-length'
  if (problem.code === 'content_blocked') return 'content-filter'
  const { facts } = problem.detail
  if (problem.row.blame !== 'caller') return null
  const names = `${facts?.['upstream_code'] ?? ''} ${facts?.['upstream_type'] ?? ''}`
  return filterNames.test(names) || filterWords.test(problem.detail.message) ? 'content-filter' : null
}

/** Whether a leg may be asked after this refusal: another model, that the caller named or the operator lets follow on it. */
export const followsOn = (cause: FallbackCause, failed: Leg, next: Leg): boolean =>
  next.model !== failed.model && (next.by === 'caller' || (next.row.route.fallbackOn?.includes(cause) ?? false))

/** Of the statuses under 500 only these speak of the moment; by the others a target will say the same again. */
const passingStatuses: readonly number[] = [408, 425, 429]
/** What a target does not get over by itself: a credential, a certificate, an address that may not be called. */
const lastingFaults: readonly unknown[] = ['credential', 'tls', 'refused_address']

/** Nothing is gained by asking a target again that let a whole deadline pass, or that has said no for good. */
const worthRepeating = ({ code, detail: { raw, facts } }: Problem): boolean => {
  if (raw !== undefined && raw.status >= 300 && raw.status < 500 && !passingStatuses.includes(raw.status)) return false
  if (lastingFaults.includes(facts?.['fault'])) return false
  return code !== 'upstream_timeout' || facts?.['deadline'] === 'connect'
}

/** The legs that a failure leaves: a fault of the caller's is the same everywhere, unless another model may follow on it. */
const legsAfter = (left: readonly Leg[], { leg: failed, problem }: Failure): readonly Leg[] => {
  if (problem.detail.facts?.['sandbox'] === true) return []
  const cause = fallbackCauseOf(problem)
  if (cause !== null) return left.filter((leg) => followsOn(cause, failed, leg))
  if (problem.row.blame !== 'upstream') return []
  return worthRepeating(problem) ? left : left.filter((leg) => !sameTarget(leg, failed))
}

/** Full jitter, or what the target asked for; `null` = it asked for longer than a caller is kept waiting. */
const waitBefore = (problem: Problem, tries: number, chance: () => number): number | null => {
  const told = problem.detail.retryAfterMs
  if (told !== undefined) return told <= backoffMostMs ? told : null
  return chance() * Math.min(backoffMostMs, backoffFirstMs * 2 ** tries)
}

const reasonFor = (failed: Leg, next: Leg): LegReason => {
  if (sameTarget(failed, next)) return 'retry'
  return next.model === failed.model ? 'other-target' : 'other-model'
}

/** Whether the key was what failed: then the same target may be asked with another one at once. */
const isAboutKey = ({ detail, code }: Problem): boolean =>
  detail.facts?.['fault'] === 'credential' || (code === 'upstream_overloaded' && detail.raw?.status === 429)

type Asking = { readonly leg: Leg; readonly delayMs: number }

/** The first of the legs that can be asked in time. */
const firstAskable = (legs: readonly Leg[], question: NextQuestion): Asking | null => {
  const { failures, permits, clock, chance, endsMs } = question
  for (const leg of legs) {
    const before = failures.findLast((failure) => sameTarget(failure.leg, leg))
    if (before === undefined) {
      if (!permits.isAway(leg)) return { leg, delayMs: 0 }
      continue
    }
    if (permits.isOpen(leg)) continue
    const isLast = before === failures.at(-1)
    const waitMs = isLast ? waitBefore(before.problem, failures.length - 1, chance) : 0
    if (waitMs !== null && clock.monotonicMs() + waitMs < endsMs) return { leg, delayMs: waitMs }
  }
  return null
}

/** What is asked after the last failure; `null` = nothing any more. */
export const nextAfter = (question: NextQuestion): Next | null => {
  const { permits, left, failures, clock, endsMs } = question
  const failure = failures.at(-1)
  if (failure === undefined || clock.monotonicMs() >= endsMs) return null
  if (isAboutKey(failure.problem) && permits.hasOtherKey(failure.leg) && permits.takeRetry())
    return { leg: failure.leg, rest: left, reason: 'other-key', delayMs: 0 }
  const legs = legsAfter(left, failure)
  const found = firstAskable(legs, question)
  if (found === null) return null
  const { leg, delayMs } = found
  const isNew = !failures.some((one) => sameTarget(one.leg, leg))
  if (!(isNew && permits.isWell(leg)) && !permits.takeRetry()) return null
  const at = legs.indexOf(leg)
  return { leg, rest: legs.filter((_leg, index) => index !== at), reason: reasonFor(failure.leg, leg), delayMs }
}

/** A problem as an attempt's record has it: the code, and which deadline or fault it was. */
export const shortOf = ({ code, detail }: Problem): string => {
  const { deadline, fault } = detail.facts ?? {}
  const more = deadline ?? fault ?? detail.raw?.status
  return more === undefined || more === null ? code : `${code}: ${more}`
}

const saidBy = ({ leg, problem }: Failure): string => {
  const { retryAfterMs } = problem.detail
  const wait = retryAfterMs === undefined ? '' : `, again in ${Math.ceil(retryAfterMs / 1_000)} s`
  return `${targetName(leg.target)}: ${shortOf(problem)}${wait}`
}

const soonestOf = (failures: readonly Failure[]): number | undefined => {
  const waits = failures.flatMap(({ problem }) => problem.detail.retryAfterMs ?? [])
  return waits.length === 0 ? undefined : Math.min(...waits)
}

const triedText = (failures: readonly Failure[]): string =>
  `Tried ${failures.length} times: ${failures.map(saidBy).join('; ')}.`

/** What all targets agree on is what the caller is told: all late, all at their limit, all failing; the wait is the soonest that any told. */
const allAlike = (failures: readonly Failure[], { leg, problem }: Failure): Problem => {
  const isOneTarget = failures.every((one) => sameTarget(one.leg, leg))
  const said = isOneTarget ? problem.detail.message : `No target of model '${leg.row.id}' could answer.`
  const retryAfterMs = soonestOf(failures)
  return new Problem(problem.code, {
    ...problem.detail,
    message: `${ended(said)} ${triedText(failures)}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    facts: { ...problem.detail.facts, attempts: failures.length },
    cause: problem,
  })
}

const severalFailed = (failures: readonly Failure[], last: Failure): Problem =>
  new Problem('no_available_provider', {
    message: `No target of model '${last.leg.row.id}' could answer. ${triedText(failures)}`,
    retryAfterMs: soonestOf(failures) ?? retryAfterUntoldMs,
    facts: { attempts: failures.length },
    cause: last.problem,
  })

/** One target's own problem; of several, what they agree on, or `no_available_provider` with what each of them said. */
export const finalProblem = (failures: readonly Failure[]): Problem => {
  const last = failures.at(-1)
  if (last === undefined)
    return new Problem('no_available_provider', {
      message: 'No target of this model can be used at the moment. Repeat the call later.',
      retryAfterMs: retryAfterUntoldMs,
    })
  if (failures.length === 1 || last.problem.row.blame !== 'upstream') return last.problem
  return failures.every(({ problem }) => problem.code === last.problem.code)
    ? allAlike(failures, last)
    : severalFailed(failures, last)
}
