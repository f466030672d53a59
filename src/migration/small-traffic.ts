/**
 * What a migration of little traffic can and cannot show, and what else there is: larger weights, plain thresholds with their chances of error, logged prompts asked again. Arithmetic
 * only; nothing is started.
 */

import type { Compiled } from './compiled.ts'
import { compile } from './compiled.ts'
import { sayDuration } from './decide.ts'
import { judgeOf } from './judge.ts'
import { lnPairsWorse } from './pair-test.ts'
import type { Baseline, Chances, Plan } from './plan.ts'
import { chancesOf, conversationsToPass, hitsToAlarm, hopedHours, moving, planOf } from './plan.ts'

export type Offer = {
  readonly kind: 'start_weight' | 'thresholds' | 'replay'
  /** What to do, and what comes of it. */
  readonly says: string
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
  readonly shows: readonly string[]
  readonly cannotShow: readonly string[]
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

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`

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
  const pace = (count: number): string =>
    met === 0 ? 'and none come' : `${sayDuration((count / (met / hopedHours)) * 3_600_000)} at this pace`
  return {
    shows: [
      ...(dead == null ? [] : [`A candidate that fails always is found after ${dead} conversations.`]),
      ...(hits === null || errors === undefined
        ? []
        : [
            `An error share of ${percent(hits / met)} or more is found within 72 h, more likely than not (${hits} failures in ${met} conversations).`,
          ]),
    ],
    cannotShow: [
      ...(errors === undefined || toPass === null || toPass <= met
        ? []
        : [
            `That the error share is below ${percent(errors.limit)}: that takes ${Math.ceil(toPass)} conversations, ${pace(toPass)}.`,
          ]),
      ...(hits === null
        ? ['An error share of any size, but a candidate that fails always.']
        : [`An error share below ${percent(hits / met)}: it would go through unseen.`]),
      ...(met < 2_200 ? ['A p99 that is 20 % higher: that takes about 2,200 streams.'] : []),
      ...(met < 264 ? ['A quarter more tokens: that takes about 260 conversations of each side.'] : []),
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
    const says = `--start-weight ${weight}: through in ${sayDuration(other.hours * 3_600_000)}, and ${weight} % of people meet the candidate from the first hour.`
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
  const says = `analysis: { policy: thresholds }: plain shares against ${percent(limit)} (and the limits of times) once ${compiled.judge.thresholdSample} conversations were seen, through in ${sayDuration(plan.hours * 3_600_000)}. A sound candidate is moved back in ${percent(chances.falseRollback)} of migrations, one that fails three times as often as allowed is not in ${percent(chances.missedHarm)}.`
  return [{ kind: 'thresholds', says, hours: plan.hours, chances, prompts: null, nanoUsd: null }]
}

const replayOffer = ({ compiled, baseline, promptNanoUsd }: SmallTrafficQuestion): readonly Offer[] => {
  const errors = errorsOf(compiled)
  const needed = errors === undefined ? null : conversationsToPass(0, errors)
  if (needed === null || errors === undefined) return []
  const prompts = Math.ceil(needed)
  const daily = baseline.conversationsPerDay * baseline.turnsPerConversation
  const log = daily > 0 ? `the log of ${sayDuration((prompts / daily) * 86_400_000)}` : 'the log has none yet'
  const alpha = compiled.judge.alpha
  const pairs = pairShares
    .map((share) => `${pairsNeeded(share, alpha)} where it is the worse one in ${share * 100} of 100`)
    .join(', ')
  const says = `drover migrate replay FILE: asks ${prompts} logged prompts of both sides again (${log}) and nobody meets the candidate. Without a failure among them its error share is shown to be below ${percent(errors.limit)}; of answers that differ on one side only it takes ${pairs}.`
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
