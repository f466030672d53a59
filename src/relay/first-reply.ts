/**
 * From a route to a reply whose first part has come. Until then what arrived is held, a failure moves on to the next
 * leg, and a second target may be asked beside a slow one; after `commitAtMs` what is held goes out as it is and
 * moving on ends.
 */

import type { Clock } from '#base/clock.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { isUncommitted } from '#protocol/part.ts'
import type { Frame } from '#protocol/protocol.ts'
import type { Attempt, Turn } from './attempt.ts'
import { CallerLeft, HedgeLost, MendableRefusal } from './attempt.ts'
import type { Leg } from './leg.ts'
import { sameTarget } from './leg.ts'
import type { Failure, Next, Permits } from './next-leg.ts'
import { finalProblem, followsOn, nextAfter, shortOf } from './next-leg.ts'
import { legsMax } from './route.ts'

/** Bytes of start parts, pings and comments that are held at most before the reply is committed. */
const heldBytesMax = 65_536
/** A reply that does not stream is held whole up to this size, so that its cost can stand in a header. */
const wholeReplyBytesMax = 8_388_608

/** A reply that is committed: what was held, and where the rest comes from. Who passes a stream on lets go of both: a slow caller would keep them. */
export type Reply = {
  readonly attempt: Attempt
  held: readonly Frame[]
  /** The read that was under way when `commitAfterMs` passed. */
  pending: Promise<IteratorResult<readonly Frame[]>> | null
  /** Everything is held: the reply has ended, complete. */
  readonly ended: boolean
}

export type ReplyPlan = {
  readonly legs: readonly Leg[]
  readonly stream: boolean
  readonly begin: (leg: Leg, turn: Turn) => Attempt
  readonly clock: Clock
  readonly chance: () => number
  readonly signal: AbortSignal
  /** Monotonic times. */
  readonly commitAtMs: number
  readonly endsMs: number
  /** When this target is left while another one can still be asked; `null` = at its own deadlines. */
  readonly shareEndsMs: (leg: Leg) => number | null
  /** A second target is asked when none has given a first part for so long; `null` = never. */
  readonly hedgeAfterMs: number | null
  readonly permits: Permits
  /** Told of each attempt as it begins, and of one that lost to its hedge. */
  readonly began: (attempt: Attempt) => void
  readonly lost: (attempt: Attempt) => void
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

/** An answer that a filter ended before it said anything. */
const isFiltered = (frames: readonly Frame[]): boolean => {
  const parts = frames.flatMap((frame) => frame.parts)
  const saysSomething = parts.some(({ type }) => type.endsWith('-delta') || type === 'image' || type === 'tool-result')
  const ending = parts.find((part) => part.type === 'finish')
  return !saysSomething && (ending?.reason === 'content-filter' || ending?.reason === 'refusal')
}

const committed = Symbol('committed')

/** Resolves at the time when holding ends; `cancel` forgets it. */
const gate = <T>(clock: Clock, atMs: number, value: T): { opened: Promise<T>; cancel: () => void } => {
  let cancel = (): void => {}
  const opened = new Promise<T>((resolve) => {
    cancel = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => resolve(value))
  })
  return { opened, cancel }
}

const cutShort = (attempt: Attempt): Problem =>
  new Problem('upstream_error', {
    message: `Provider "${attempt.upstream.provider.name}" ended its answer before it was complete. Repeat the call.`,
    facts: { fault: 'cut' },
  })

const filtered = (attempt: Attempt): Problem =>
  new Problem('content_blocked', {
    message: `The content filter of provider "${attempt.upstream.provider.name}" ended its answer before it began.`,
  })

/** Reads one attempt up to its first part. Throws the Problem that ended it before. */
const open = async (attempt: Attempt, plan: ReplyPlan, leavesFiltered: boolean): Promise<Reply> => {
  const held: Frame[] = []
  let heldBytes = 0
  const bytesMax = plan.stream ? heldBytesMax : wholeReplyBytesMax
  const commitGate = plan.stream ? gate(plan.clock, plan.commitAtMs, committed) : null
  try {
    while (true) {
      const pending = attempt.frames.next()
      const step = commitGate === null ? await pending : await Promise.race([pending, commitGate.opened])
      if (step === committed) {
        attempt.committed()
        return { attempt, held, pending, ended: false }
      }
      if (step.done === true) {
        const whole = attempt.reader()?.complete() === true
        if (whole && leavesFiltered && isFiltered(held)) throw filtered(attempt)
        attempt.firstPart()
        if (whole) return { attempt, held, pending: null, ended: true }
        throw cutShort(attempt)
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
      if (leavesFiltered && form === 'events' && isFiltered(held)) throw filtered(attempt)
      attempt.firstPart()
      return { attempt, held, pending: null, ended: false }
    }
  } finally {
    commitGate?.cancel()
  }
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

/** One attempt to its reply, or to the problem that ended it. Throws CallerLeft. */
const run = async (attempt: Attempt, plan: ReplyPlan, leavesFiltered: boolean): Promise<Reply | Problem> => {
  const leave = (): void => attempt.close(new CallerLeft())
  plan.signal.addEventListener('abort', leave, { once: true })
  try {
    return await open(attempt, plan, leavesFiltered)
  } catch (thrown) {
    if (thrown instanceof CallerLeft || plan.signal.aborted) throw new CallerLeft()
    const problem = asProblem(thrown)
    attempt.draft.left = shortOf(problem)
    attempt.close(problem)
    return problem
  } finally {
    plan.signal.removeEventListener('abort', leave)
  }
}

type Runner = { readonly leg: Leg; readonly attempt: Attempt; readonly outcome: Promise<Outcome> }
type Outcome = { readonly leg: Leg; readonly outcome: Reply | Problem }

/** A target that cannot even be asked (its provider has no credential) has failed like one that was. */
const startLeg = ({ leg, rest, reason }: Next, plan: ReplyPlan): Runner | Problem => {
  const others = rest.filter((other) => !sameTarget(other, leg))
  const canBeLeft = others.some((other) => !plan.permits.isAway(other))
  try {
    const attempt = plan.begin(leg, { reason, shareEndsMs: canBeLeft ? plan.shareEndsMs(leg) : null })
    plan.began(attempt)
    const leavesFiltered = others.some((other) => followsOn('content-filter', leg, other))
    const outcome = run(attempt, plan, leavesFiltered).then((one) => ({ leg, outcome: one }))
    return { leg, attempt, outcome }
  } catch (thrown) {
    return asProblem(thrown)
  }
}

const hedge = Symbol('hedge')

/** The runners of one call: one, or two while a hedge runs. */
const makeRace = (plan: ReplyPlan) => {
  let running: Runner[] = []
  let left: readonly Leg[] = plan.legs
  let mayHedge = plan.hedgeAfterMs !== null
  const failures: Failure[] = []

  const start = (next: Next): void => {
    left = next.rest
    const runner = startLeg(next, plan)
    if (runner instanceof Problem) failures.push({ leg: next.leg, problem: runner })
    else running.push(runner)
  }
  /** Asks a second target beside the first, where one is well and the budget allows it. */
  const startHedge = (): void => {
    mayHedge = false
    const asked = running[0]
    const leg = left.find((one) => asked !== undefined && !sameTarget(one, asked.leg) && !plan.permits.isAway(one))
    if (leg === undefined || !plan.permits.takeRetry()) return
    const at = left.indexOf(leg)
    start({ leg, rest: left.filter((_leg, index) => index !== at), reason: 'hedge', delayMs: 0 })
  }
  const nextOutcome = async (): Promise<Outcome | typeof hedge> => {
    const outcomes = running.map((runner) => runner.outcome)
    const [first] = outcomes
    const isAlone = first !== undefined && outcomes.length === 1
    if (!mayHedge || !isAlone || plan.hedgeAfterMs === null) return isAlone ? first : Promise.race(outcomes)
    const timer = gate(plan.clock, plan.clock.monotonicMs() + plan.hedgeAfterMs, hedge)
    try {
      return await Promise.race([...outcomes, timer.opened])
    } finally {
      timer.cancel()
    }
  }
  const win = (reply: Reply): Reply => {
    for (const { attempt } of running)
      if (attempt !== reply.attempt) {
        attempt.draft.left = 'hedge_lost'
        attempt.close(new HedgeLost())
        plan.lost(attempt)
      }
    return reply
  }
  /** `null` = it has failed: what is next is asked of `failures`. */
  const step = async (): Promise<Reply | null> => {
    while (running.length > 0) {
      const found = await nextOutcome()
      if (found === hedge) {
        startHedge()
        continue
      }
      if (!(found.outcome instanceof Problem)) return win(found.outcome)
      running = running.filter(({ leg }) => leg !== found.leg)
      failures.push({ leg: found.leg, problem: found.outcome })
    }
    return null
  }
  return { start, step, failures, left: () => left }
}

/**
 * Tries the legs in order until one gives its first part.
 * @throws Problem: the one on which all that were tried agree, else `no_available_provider`, as for an empty route; CallerLeft.
 */
export const firstReply = async (plan: ReplyPlan): Promise<Reply> => {
  const { clock, chance, endsMs, permits, signal } = plan
  const race = makeRace(plan)
  const [first, ...others] = plan.legs
  let next: Next | null = first === undefined ? null : { leg: first, rest: others, reason: first.reason, delayMs: 0 }
  let questions = 0
  while (next !== null) {
    if (next.delayMs > 0) await pause(clock, next.delayMs, signal)
    if (signal.aborted) throw new CallerLeft()
    race.start(next)
    const reply = await race.step()
    if (reply !== null) return reply
    const failed: Failure | undefined = race.failures.at(-1)
    if (failed?.problem instanceof MendableRefusal && questions < legsMax) {
      // The target is fine, something in the call was not: the same leg again, now without it.
      questions += 1
      race.failures.pop()
      next = { leg: failed.leg, rest: race.left(), reason: 'retry', delayMs: 0 }
      continue
    }
    next = nextAfter({ permits, left: race.left(), failures: race.failures, clock, chance, endsMs })
  }
  throw finalProblem(race.failures)
}
