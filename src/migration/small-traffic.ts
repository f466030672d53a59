/**
 * What a migration of little traffic can and cannot show, and what else there is: larger weights, plain thresholds with their chances of error, logged prompts asked again. Arithmetic
 * only; nothing is started.
 */

import type { Sentence } from '#base/sentence.ts'
import type { Compiled } from './compiled.ts'
import { compile } from './compiled.ts'
import { judgeOf } from './judge.ts'
import { lnPairsWorse } from './pair-test.ts'
import type { Baseline, Chances, Plan } from './plan.ts'
import { chancesOf, conversationsToPass, hitsToAlarm, hopedHours, moving, planOf } from './plan.ts'
import { planSays } from './plan-sentences.ts'

export type Offer = {
  readonly kind: 'start_weight' | 'thresholds' | 'replay'
  /** What to do, and what comes of it. */
  readonly says: Sentence
  /** Until it is through; `null` = it has no end of its own. */
  readonly hours: number | null
  readonly chances: Chances | null
  /** Logged prompts to ask again, and what that costs. */
  readonly prompts: number | null
  readonly nanoUsd: bigint | null
}

export type SmallTraffic = {
  /** Conversations that meet the candidate within 72 hours, as the steps are. */
  readonly conversations: number
  readonly isDoneInTime: boolean
  readonly shows: readonly Sentence[]
  readonly cannotShow: readonly Sentence[]
  readonly offers: readonly Offer[]
}

export type SmallTrafficQuestion = {
  readonly compiled: Compiled
  readonly baseline: Baseline
  readonly plan: Plan
  /** What one prompt costs at the candidate, and at the baseline; `null` = not known. */
  readonly promptNanoUsd: bigint | null
}

const hoursPerDay = 24
/** With more the steps that come with a file are through in 72 hours. */
const conversationsPerDayEnough = 10_000
/** Of two answers that differ, how often the candidate's is the worse one: what replay is asked to tell from a coin. */
const pairShares = [0.6, 0.7, 0.8] as const

/** Conversations that meet the candidate within so many hours, if no gate is waited for. */
const metWithin = ({ compiled, baseline }: SmallTrafficQuestion, hours: number): number => {
  let left = hours
  let met = 0
  for (const { weightBasisPoints, durationMs } of compiled.itinerary.steps) {
    const lasts = Math.min(left, durationMs / 3_600_000)
    met += (baseline.conversationsPerDay / hoursPerDay) * (weightBasisPoints / 10_000) * lasts
    left -= lasts
  }
  return Math.floor(met)
}

/** Pairs of which only one side differs until a share of them is told from a coin. */
const pairsNeeded = (share: number, alpha: number): number => {
  for (let pairs = 1; pairs < 10_000; pairs += 1)
    if (lnPairsWorse({ candidate: share * pairs, other: (1 - share) * pairs }) >= -Math.log(alpha)) return pairs
  return 10_000
}

const errorsOf = (compiled: Compiled) => moving(compiled).find(({ metric }) => metric === 'error-rate')

const showing = (question: SmallTrafficQuestion, met: number): Pick<SmallTraffic, 'shows' | 'cannotShow'> => {
  const { compiled, baseline } = question
  const errors = errorsOf(compiled)
  const dead =
    errors === undefined
      ? null
      : Array.from({ length: 50 }, (_one, at) => at + 1).find((seen) => hitsToAlarm(seen, errors) !== null)
  const hits = errors === undefined ? null : hitsToAlarm(met, errors)
  const toPass = errors === undefined ? null : conversationsToPass(baseline.shares['error-rate'] ?? 0, errors)
  const paceMs = (count: number): number | null => (met === 0 ? null : (count / (met / hopedHours)) * 3_600_000)
  return {
    shows: [
      ...(dead == null ? [] : [planSays('finds_dead', { count: dead })]),
      ...(hits === null || errors === undefined ? [] : [planSays('finds_errors', { share: hits / met, hits, met })]),
    ],
    cannotShow: [
      ...(errors === undefined || toPass === null || toPass <= met
        ? []
        : [planSays('not_below', { limit: errors.limit, count: Math.ceil(toPass), takes_ms: paceMs(toPass) })]),
      ...(hits === null ? [planSays('no_errors_at_all')] : [planSays('unseen_below', { share: hits / met })]),
      ...(met < 2_200 ? [planSays('no_p99')] : []),
      ...(met < 264 ? [planSays('no_tokens')] : []),
    ],
  }
}

const withPolicy = ({ compiled }: SmallTrafficQuestion): Compiled => {
  const { file } = compiled
  // The steps are those that come with the policy; the limits are the file's.
  const text = JSON.stringify({
    migration: file.migration,
    match: { models: file.match.models },
    baseline: file.baseline,
    candidate: { route: file.candidate.route },
    analysis: { policy: 'thresholds', threshold_sample: file.analysis.threshold_sample },
  })
  const facts = { p99Ms: {} }
  const analysis = { ...file.analysis, policy: 'thresholds' as const }
  return { ...compile({ file: text, facts }), judge: judgeOf({ analysis }, facts) }
}

const startOffers = ({ compiled, baseline, plan }: SmallTrafficQuestion): readonly Offer[] =>
  [10, 25, 50].flatMap((weight) => {
    const step = compiled.itinerary.steps.findIndex(({ weightBasisPoints }) => weightBasisPoints >= weight * 100)
    if (step <= 0) return []
    const other = planOf(compiled, baseline, step)
    if (other.hours >= plan.hours || other.steps.some(({ hoursNeeded }) => hoursNeeded === null)) return []
    const says = planSays('offer_weight', { percent: weight, takes_ms: other.hours * 3_600_000 })
    return [{ kind: 'start_weight' as const, says, hours: other.hours, chances: null, prompts: null, nanoUsd: null }]
  })

const thresholdOffer = (question: SmallTrafficQuestion): readonly Offer[] => {
  if (question.compiled.judge.policy === 'thresholds') return []
  const compiled = withPolicy(question)
  const plan = planOf(compiled, question.baseline)
  const until = plan.steps.filter(({ weightPercent }) => weightPercent < 100).at(-1)?.conversationsSoFar ?? 0
  const chances = chancesOf(compiled, question.baseline, Math.max(until, compiled.judge.thresholdSample))
  if (chances === null) return []
  const limit = errorsOf(compiled)?.limit ?? 0.01
  const says = planSays('offer_thresholds', {
    limit,
    count: compiled.judge.thresholdSample,
    takes_ms: plan.hours * 3_600_000,
    false_rollback: chances.falseRollback,
    missed: chances.missedHarm,
  })
  return [{ kind: 'thresholds', says, hours: plan.hours, chances, prompts: null, nanoUsd: null }]
}

const replayOffer = ({ compiled, baseline, promptNanoUsd }: SmallTrafficQuestion): readonly Offer[] => {
  const errors = errorsOf(compiled)
  const needed = errors === undefined ? null : conversationsToPass(0, errors)
  if (needed === null || errors === undefined) return []
  const prompts = Math.ceil(needed)
  const daily = baseline.conversationsPerDay * baseline.turnsPerConversation
  const alpha = compiled.judge.alpha
  const pairs = pairShares.map((share) =>
    planSays('replay_pairs', { count: pairsNeeded(share, alpha), of_hundred: share * 100 }),
  )
  const logMs = daily > 0 ? (prompts / daily) * 86_400_000 : null
  const says = planSays('offer_replay', { prompts, log_ms: logMs, limit: errors.limit, pairs })
  return [
    {
      kind: 'replay',
      says,
      hours: null,
      chances: null,
      prompts,
      nanoUsd: promptNanoUsd === null ? null : promptNanoUsd * BigInt(prompts),
    },
  ]
}

/** `null` = there is traffic enough, and the plan is through in time. */
export const smallTrafficOf = (question: SmallTrafficQuestion): SmallTraffic | null => {
  const { plan, baseline } = question
  const isDoneInTime = plan.hours <= hopedHours && plan.steps.every(({ hoursNeeded }) => hoursNeeded !== null)
  if (isDoneInTime && baseline.conversationsPerDay >= conversationsPerDayEnough) return null
  const conversations = metWithin(question, hopedHours)
  return {
    conversations,
    isDoneInTime,
    ...showing(question, conversations),
    offers: [...startOffers(question), ...thresholdOffer(question), ...replayOffer(question)],
  }
}
