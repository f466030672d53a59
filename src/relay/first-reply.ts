/**
 * From a route to a reply whose first part has come. Until then what arrived is held, and a failure moves on to the
 * next leg; after `commitAfterMs` what is held goes out as it is and moving on ends.
 */

import type { Clock } from '#base/clock.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { isUncommitted } from '#protocol/part.ts'
import type { Frame } from '#protocol/protocol.ts'
import type { Attempt } from './attempt.ts'
import { CallerLeft, StreamUsageRefused } from './attempt.ts'
import type { Leg } from './route.ts'
import { legsMax } from './route.ts'

/** Bytes of start parts, pings and comments that are held at most before the reply is committed. */
const heldBytesMax = 65_536
/** A reply that does not stream is held whole up to this size, so that its cost can stand in a header. */
const wholeReplyBytesMax = 8_388_608
const backoffFirstMs = 200
const backoffMostMs = 2_000

/** A reply that is committed: what was held, and where the rest comes from. */
export type Reply = {
  readonly attempt: Attempt
  readonly held: readonly Frame[]
  /** The read that was under way when `commitAfterMs` passed. */
  readonly pending: Promise<IteratorResult<readonly Frame[]>> | null
  /** Everything is held: the reply has ended, complete. */
  readonly ended: boolean
}

export type ReplyPlan = {
  readonly legs: readonly Leg[]
  readonly stream: boolean
  readonly begin: (leg: Leg) => Attempt
  readonly clock: Clock
  readonly chance: () => number
  readonly signal: AbortSignal
  /** Monotonic times. */
  readonly commitAtMs: number
  readonly endsMs: number
  /** Told of each attempt as it begins. */
  readonly began: (attempt: Attempt) => void
}

/** Whether a frame of a stream of events is, or holds, a first part. */
export const commits = (frame: Frame): boolean =>
  frame.parts.some((part) => !isUncommitted(part)) || frame.role === 'end'

/** An error that came before the first part; one that follows it in the same batch belongs to a reply that is committed. */
const errorOf = (frames: readonly Frame[]): Problem | null => {
  for (const frame of frames)
    for (const part of frame.parts) {
      if (part.type === 'error') return part.problem
      if (!isUncommitted(part)) return null
    }
  return null
}

const committed = Symbol('committed')

/** Resolves at the time when holding ends; `cancel` forgets it. */
const gate = (clock: Clock, atMs: number): { opened: Promise<typeof committed>; cancel: () => void } => {
  let cancel = (): void => {}
  const opened = new Promise<typeof committed>((resolve) => {
    cancel = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => resolve(committed))
  })
  return { opened, cancel }
}

/** Reads one attempt up to its first part. Throws the Problem that ended it before. */
const open = async (attempt: Attempt, plan: ReplyPlan): Promise<Reply> => {
  const held: Frame[] = []
  let heldBytes = 0
  const bytesMax = plan.stream ? heldBytesMax : wholeReplyBytesMax
  const commitGate = plan.stream ? gate(plan.clock, plan.commitAtMs) : null
  try {
    while (true) {
      const pending = attempt.frames.next()
      const step = commitGate === null ? await pending : await Promise.race([pending, commitGate.opened])
      if (step === committed) return { attempt, held, pending, ended: false }
      if (step.done === true) {
        const whole = attempt.reader()?.complete() === true
        attempt.firstPart()
        if (whole) return { attempt, held, pending: null, ended: true }
        throw new Problem('upstream_error', {
          message: `Provider "${attempt.upstream.provider.name}" ended its answer before it was complete. Repeat the call.`,
        })
      }
      const problem = errorOf(step.value)
      if (problem !== null) {
        attempt.draft.error = problem.code
        throw problem
      }
      for (const frame of step.value) {
        held.push(frame)
        heldBytes += frame.raw.length
      }
      const form = attempt.reader()?.form
      const first = form === 'binary' || (form === 'events' && step.value.some(commits)) || heldBytes > bytesMax
      if (!first) continue
      attempt.firstPart()
      return { attempt, held, pending: null, ended: false }
    }
  } finally {
    commitGate?.cancel()
  }
}

/** Whether another leg may mend it; a fault of the caller's is the same everywhere. */
const mayMoveOn = (problem: Problem): boolean =>
  problem.row.blame === 'upstream' && problem.detail.facts?.['sandbox'] !== true

const waitBefore = (problem: Problem, tries: number, chance: () => number): number | null => {
  const told = problem.detail.retryAfterMs
  if (told !== undefined) return told <= backoffMostMs ? told : null
  return chance() * Math.min(backoffMostMs, backoffFirstMs * 2 ** tries)
}

const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener('abort', leave)
      resolve()
    })
    const leave = (): void => {
      cancel()
      resolve()
    }
    signal.addEventListener('abort', leave, { once: true })
  })

const sameTarget = (a: Leg, b: Leg): boolean =>
  a.target.provider === b.target.provider && a.target.model === b.target.model

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

/** The legs that are left after a failure: without the failed target's own repeats where they are hopeless. */
const legsAfter = (legs: readonly Leg[], failed: Leg, problem: Problem): readonly Leg[] => {
  if (!mayMoveOn(problem)) return []
  return worthRepeating(problem) ? legs : legs.filter((leg) => !sameTarget(leg, failed))
}

type Failure = { readonly leg: Leg; readonly problem: Problem }

const tried = (failures: readonly Failure[]): string =>
  failures.map(({ leg, problem }) => `${leg.target.provider}/${leg.target.model}: ${problem.code}`).join('; ')

/** The last failure's own problem; with several targets tried, all of them named beside it. */
const finalProblem = (failures: readonly Failure[]): Problem => {
  const last = failures.at(-1)
  if (last === undefined)
    return new Problem('no_available_provider', {
      message: 'No target of this model can be used at the moment. Repeat the call later.',
    })
  if (failures.length === 1 || last.problem.row.blame !== 'upstream') return last.problem
  const { detail } = last.problem
  return new Problem(last.problem.code, {
    ...detail,
    message: `${detail.message} Tried ${failures.length} times: ${tried(failures)}.`,
    cause: last.problem,
  })
}

type Next = { readonly legs: readonly Leg[]; readonly delayMs: number }

/** What is tried after a failure, and how long from now; `null` = nothing any more. */
const nextAfter = (plan: ReplyPlan, left: readonly Leg[], failures: readonly Failure[]): Next | null => {
  const failure = failures.at(-1)
  if (failure === undefined || plan.clock.monotonicMs() >= plan.endsMs) return null
  const legs = legsAfter(left, failure.leg, failure.problem)
  const next = legs[0]
  if (next === undefined) return null
  if (!sameTarget(failure.leg, next)) return { legs, delayMs: 0 }
  const delayMs = waitBefore(failure.problem, failures.length - 1, plan.chance)
  if (delayMs !== null && plan.clock.monotonicMs() + delayMs < plan.endsMs) return { legs, delayMs }
  const others = legs.filter((leg) => !sameTarget(leg, failure.leg))
  return others.length === 0 ? null : { legs: others, delayMs: 0 }
}

/** A target that cannot even be asked (its provider has no credential) has failed like one that was. */
const begin = (leg: Leg, plan: ReplyPlan): Attempt | Problem => {
  try {
    const attempt = plan.begin(leg)
    plan.began(attempt)
    return attempt
  } catch (thrown) {
    return asProblem(thrown)
  }
}

/** One leg: its reply, or the problem that ended it. Throws CallerLeft. */
const tryLeg = async (leg: Leg, plan: ReplyPlan): Promise<Reply | Problem> => {
  const attempt = begin(leg, plan)
  if (attempt instanceof Problem) return attempt
  const leave = (): void => attempt.close(new CallerLeft())
  plan.signal.addEventListener('abort', leave, { once: true })
  try {
    return await open(attempt, plan)
  } catch (thrown) {
    if (thrown instanceof CallerLeft || plan.signal.aborted) throw new CallerLeft()
    const problem = asProblem(thrown)
    attempt.close(problem)
    return problem
  } finally {
    plan.signal.removeEventListener('abort', leave)
  }
}

/**
 * Tries the legs in order until one gives its first part.
 * @throws Problem of the last failure, `no_available_provider` for an empty route; CallerLeft.
 */
export const firstReply = async (plan: ReplyPlan): Promise<Reply> => {
  const failures: Failure[] = []
  let left = plan.legs
  while (left[0] !== undefined) {
    if (plan.signal.aborted) throw new CallerLeft()
    const [leg, ...rest] = left
    const outcome = await tryLeg(leg, plan)
    if (!(outcome instanceof Problem)) return outcome
    if (outcome instanceof StreamUsageRefused && failures.length < legsMax) {
      // The target is fine, the question was not: the same leg again, now without asking.
      left = [leg, ...rest]
      continue
    }
    failures.push({ leg, problem: outcome })
    const next = nextAfter(plan, rest, failures)
    if (next === null) break
    if (next.delayMs > 0) await pause(plan.clock, next.delayMs, plan.signal)
    left = next.legs
  }
  throw finalProblem(failures)
}
