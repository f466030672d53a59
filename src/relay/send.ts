/** The route of an admitted call, tried until its first part; every attempt leaves its record and warnings in the draft. */

import type { PriceRow } from '#base/price-row.ts'
import { usageOf } from '#base/usage.ts'
import { chargeOf } from '#ledger/charge.ts'
import type { Target } from '#policy/model-table.ts'
import type { Timing } from '#policy/target-health.ts'
import type { Attempt } from './attempt.ts'
import { beginAttempt } from './attempt.ts'
import { namesProvider } from './candidates.ts'
import type { Thread } from './conversation.ts'
import { drawOf, threadOf } from './conversation.ts'
import type { Reply } from './first-reply.ts'
import { firstReply } from './first-reply.ts'
import type { Admitted } from './journey.ts'
import type { Leg } from './leg.ts'
import { targetName } from './leg.ts'
import { isBehind, recallOf } from './move.ts'
import type { Permits } from './next-leg.ts'
import type { RouteQuestion, TargetFacts } from './route.ts'
import { routeOf } from './route.ts'
import type { CarriedFor } from './taken-back.ts'
import { nothingCarried } from './taken-back.ts'
import { leaveAtMs } from './time-share.ts'

/** After this long a stream's head and held bytes go out, and moving on to another target ends. */
const commitAfterMs = 25_000
/** Bytes of a body to a token, and tokens of an answer that has no maximum: what an expected call is priced by. */
const bytesPerToken = 4
const outputTokensExpected = 500

type Deadlines = {
  /** Monotonic: when the call is over, and when its first part must have come. */
  readonly endsMs: number
  readonly firstPartByMs: number
  /** Until when another target can still answer the caller. */
  readonly shareUntilMs: number
  readonly commitAtMs: number
}

/**
 * The client's own deadline ends a whole answer, and of a stream the wait for its first part: what flows is not cut. Its patience with
 * silence, where it tells no deadline, decides only when a target is left.
 */
const deadlinesOf = ({ exchange, labels, grant, call }: Admitted): Deadlines => {
  const { arrivedMs } = exchange.inbound
  const totalMs = Math.max(0, ...grant.rows.map((row) => row.route.timeouts.totalMs))
  const clientMs = labels.clientDeadlineMs ?? Number.POSITIVE_INFINITY
  const silenceMs = Math.min(clientMs, labels.clientSilenceMs ?? Number.POSITIVE_INFINITY)
  const commitAtMs = arrivedMs + commitAfterMs
  if (call.stream)
    return {
      endsMs: arrivedMs + totalMs,
      firstPartByMs: arrivedMs + clientMs,
      shareUntilMs: Math.min(arrivedMs + Math.min(silenceMs, totalMs), commitAtMs),
      commitAtMs,
    }
  return {
    endsMs: arrivedMs + Math.min(totalMs, clientMs),
    firstPartByMs: Number.POSITIVE_INFINITY,
    shareUntilMs: arrivedMs + Math.min(totalMs, silenceMs),
    commitAtMs,
  }
}

const timingOf = ({ call }: Admitted): Timing => (call.stream ? 'stream' : 'whole')

const costRowsOf = ({ snapshot }: Admitted, target: Target): readonly PriceRow[] | 'free' =>
  snapshot.upstreams.get(target.provider)?.provider.price === 'free' ? 'free' : target.costRows

const expectedNanoUsd = (admitted: Admitted, target: Target): bigint | null => {
  const { call, draft } = admitted
  const input = Math.ceil(call.inputBytes / bytesPerToken)
  const output = Math.min(call.outputMax ?? outputTokensExpected, outputTokensExpected)
  const usage = usageOf({ input, output, source: 'estimated' })
  return chargeOf(usage, costRowsOf(admitted, target), draft.timeMs)?.costNanoUsd ?? null
}

/** When a target can be asked; `null` = now. */
const awayUntilMs = (admitted: Admitted, target: Target): number | null => {
  const { routing, clock } = admitted.ports
  const upstream = admitted.snapshot.upstreams.get(target.provider)
  const nowMs = clock.monotonicMs()
  const health = routing.health.view(targetName(target), timingOf(admitted), nowMs)
  // A check that found the provider away, or a probe under way, have no end that is known.
  if (upstream === undefined || routing.away.has(target.provider)) return Number.MAX_SAFE_INTEGER
  if (health.state === 'open') return health.openUntilMs
  if (health.state === 'half-open' && health.probing) return nowMs
  const keyAtMs = routing.keys.usableAtMs(upstream.credentialDigests, nowMs)
  return keyAtMs > nowMs ? keyAtMs : null
}

const factsFor =
  (admitted: Admitted, asksPrice: boolean) =>
  (target: Target): TargetFacts => {
    const { routing, clock } = admitted.ports
    return {
      health: routing.health.view(targetName(target), timingOf(admitted), clock.monotonicMs()),
      awayUntilMs: awayUntilMs(admitted, target),
      expectedNanoUsd: asksPrice ? expectedNanoUsd(admitted, target) : null,
    }
  }

/** `isNamed`: by the caller; then weights place it, the same on every node, and no memory is needed. */
type Placed = Thread & { readonly isNamed: boolean }

/** What the call belongs to, where it is to stay with its target: as the caller names it, else by how its prompt begins. */
const threadFor = ({ call, draft, grant }: Admitted): Placed => {
  const [first] = grant.groups
  const isChoice = grant.groups.some(({ targets }) => targets.length > 1)
  if (first?.row.route.sticky !== 'conversation' || !isChoice) return { name: null, isSure: false, isNamed: false }
  if (draft.conversation === null) return { ...threadOf(call), isNamed: false }
  return { name: draft.conversation, isSure: true, isNamed: true }
}

/** A conversation may stay with one target of each model. */
const memoryOf = ({ call }: Admitted, thread: string): string => `${thread}:${call.model}`

const needsMemory = ({ grant }: Admitted, { isNamed }: Placed): boolean =>
  !isNamed || (grant.wishes.strategy ?? grant.groups[0]?.row.route.strategy) !== 'weighted'

const legsFor = (admitted: Admitted, thread: Placed): readonly Leg[] => {
  const { grant, snapshot, ports } = admitted
  const { groups, wishes } = grant
  const nowMs = ports.clock.monotonicMs()
  const { name } = thread
  // The first turn of a nameless conversation has no cache to keep, and its like may come from anybody: it goes by weight.
  const stays = name !== null && thread.isSure
  const asksPrice = wishes.strategy === 'cheapest' || groups.some(({ row }) => row.route.strategy === 'cheapest')
  const isServed = ({ provider }: Target): boolean => snapshot.upstreams.has(provider)
  const served = groups.map((group) =>
    group.targets.every(isServed) ? group : { ...group, targets: group.targets.filter(isServed) },
  )
  const question: RouteQuestion = {
    groups: served,
    wishes,
    factsOf: factsFor(admitted, asksPrice),
    isNamed: (wished, target) => namesProvider(wished, target, snapshot),
    chance: ports.ids.chance,
    stickyChance: stays ? (target) => drawOf(name, target) : null,
    lastTarget:
      stays && needsMemory(admitted, thread) ? ports.routing.sticky.of(memoryOf(admitted, name), nowMs) : null,
  }
  const legs = routeOf(question)
  const isAlone =
    admitted.assigned?.assignment.arm === 'candidate' && !legs.some((leg) => isBehind(admitted.assigned, leg))
  // A caller whom a migration has moved loses nothing by it: of baselines that are all away the one that is back the soonest stands behind it.
  return isAlone
    ? [...legs, ...routeOf({ ...question, groups: served.map(({ lead: _lead, ...group }) => group) })]
    : legs
}

const permitsFor = (admitted: Admitted): Permits => {
  const { ports, snapshot } = admitted
  const { routing, clock } = ports
  const viewOf = (leg: Leg) => routing.health.view(targetName(leg.target), timingOf(admitted), clock.monotonicMs())
  const { assigned } = admitted
  return {
    // What stands behind a candidate is asked whatever is thought of it.
    isAway: (leg) => !isBehind(assigned, leg) && awayUntilMs(admitted, leg.target) !== null,
    isOpen: (leg) => viewOf(leg).state === 'open',
    isWell: (leg) => isBehind(assigned, leg) || viewOf(leg).failures === 0,
    hasOtherKey: (leg) => {
      const digests = snapshot.upstreams.get(leg.target.provider)?.credentialDigests ?? []
      const nowMs = clock.monotonicMs()
      return digests.length > 1 && routing.keys.usableAtMs(digests, nowMs) <= nowMs
    },
    takeRetry: () => routing.budget.take(clock.monotonicMs()),
  }
}

/** A target that lost to its hedge has read the prompt: what that costs is an estimate, and the operator's. */
const recordLoss =
  (admitted: Admitted) =>
  ({ draft: attempt, leg }: Attempt): void => {
    if (attempt.usage !== null || admitted.draft.test) return
    attempt.usage = usageOf({
      input: Math.ceil(admitted.call.inputBytes / bytesPerToken),
      output: 0,
      source: 'estimated',
    })
    const charge = chargeOf(attempt.usage, costRowsOf(admitted, leg.target), admitted.draft.timeMs)
    attempt.costNanoUsd = charge?.costNanoUsd ?? null
  }

/**
 * How long answers of this target usually take to their first part; of one that was never timed, those of the quickest other one of
 * its model: what thinks long does so everywhere. `null` = none was timed yet.
 */
const usualMsOf = (admitted: Admitted, leg: Leg, legs: readonly Leg[]): number | null => {
  const { routing, clock } = admitted.ports
  const latencyOf = ({ target }: Leg): number | null =>
    routing.health.view(targetName(target), timingOf(admitted), clock.monotonicMs()).latencyMs
  const timed = legs.filter(({ model }) => model === leg.model).flatMap((one) => latencyOf(one) ?? [])
  return latencyOf(leg) ?? (timed.length === 0 ? null : Math.min(...timed))
}

/** @throws Problem on which all failures agree, else `no_available_provider`; CallerLeft. */
export const send = async (admitted: Admitted, carried: CarriedFor = nothingCarried): Promise<Reply> => {
  const { exchange, ports, draft, snapshot, protocol, call, labels, grant } = admitted
  const { inbound } = exchange
  const { clock, routing } = ports
  const { endsMs, firstPartByMs, shareUntilMs, commitAtMs } = deadlinesOf(admitted)
  const warnings = draft.warnings
  routing.budget.callBegan(clock.monotonicMs())
  const thread = threadFor(admitted)
  const recall = admitted.assigned === null ? null : recallOf(admitted.assigned)
  const routed = legsFor(admitted, thread)
  const legs = recall?.left(routed) ?? routed
  const asked = firstReply({
    legs,
    stream: call.stream,
    clock,
    chance: ports.ids.chance,
    signal: inbound.signal,
    commitAtMs,
    endsMs: Math.min(endsMs, firstPartByMs),
    shareEndsMs: (leg) =>
      leaveAtMs({ nowMs: clock.monotonicMs(), untilMs: shareUntilMs, usualMs: usualMsOf(admitted, leg, legs) }),
    // Of two arms that are compared neither is helped by a second target.
    hedgeAfterMs: admitted.assigned === null ? (grant.groups[0]?.row.route.hedgeAfterMs ?? null) : null,
    permits: permitsFor(admitted),
    began: (attempt) => {
      draft.attempts.push(attempt.draft)
      draft.warnings = [...warnings, ...attempt.warnings]
      recall?.watch(attempt)
    },
    lost: recordLoss(admitted),
    begin: (leg, turn) =>
      beginAttempt(leg, {
        call,
        protocol,
        asked: inbound,
        clock,
        snapshot,
        routing,
        turn,
        arrivedMs: inbound.arrivedMs,
        endsMs,
        firstPartByMs,
        isHurried: !call.stream || labels.clientDeadlineMs !== null || labels.clientSilenceMs !== null,
        strict: labels.strict,
        exact: labels.exact,
        refusals: ports.refusals,
        chance: ports.ids.chance,
        callerHeaders: inbound.headers,
        carried,
        guards: admitted.replyGuards,
        deviates: admitted.assigned?.reader.deviates,
        traceHeaders: admitted.trace?.beginAttempt() ?? {},
      }),
  })
  const reply = await (recall === null ? asked : asked.finally(recall.stop))
  if (thread.name !== null && needsMemory(admitted, thread)) {
    const target = targetName(reply.attempt.leg.target)
    routing.sticky.remember(memoryOf(admitted, thread.name), target, clock.monotonicMs())
  }
  return reply
}
