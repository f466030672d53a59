/**
 * What a migration can show with the traffic that there is, before it starts: arithmetic only. How long each step takes, how many conversations meet the candidate, which harm
 * would be found, and which limits cannot be kept because the baseline breaks them already.
 */

import type { Sentence } from '#base/sentence.ts'
import type { Compiled } from './compiled.ts'
import type { AbsoluteTest } from './judge.ts'
import type { MetricName } from './metric.ts'
import { planSays } from './plan-sentences.ts'
import { lnAbove, lnBelow } from './proportion-test.ts'
import { seededChance, trialsToHit } from './simulate.ts'

/** The baseline as the log of calls or the file says it. */
export type Baseline = {
  readonly conversationsPerDay: number
  readonly turnsPerConversation: number
  /** Of conversations, by metric; absent = unknown. */
  readonly shares: Readonly<Partial<Record<MetricName, number>>>
  /** Conversations that these were taken from; 0 = they were written by hand. */
  readonly seen: number
  readonly costPerTurnNanoUsd: bigint | null
}

export type StepPlan = {
  readonly step: number
  readonly weightPercent: number
  readonly hours: number
  /** Conversations that meet the candidate in this step, and up to its end. */
  readonly conversations: number
  readonly conversationsSoFar: number
  /** What its gate needs; `null` = time alone. */
  readonly needed: number | null
  /** Hours from the start of the step until the gate has what it needs; `null` = never, with this traffic and these shares. */
  readonly hoursNeeded: number | null
  /** The smallest share of failing conversations that would be found by its end, more likely than not. */
  readonly smallestShare: number | null
  /** Failing conversations that people have met by then. */
  readonly failuresSeen: number | null
}

export type Chances = {
  /** Of moving back a candidate that fails as often as the baseline, and as a tenth above the limit would be too much. */
  readonly falseRollback: number
  /** Of not moving back one that fails three times as often as allowed. */
  readonly missedHarm: number
}

export type Plan = {
  readonly steps: readonly StepPlan[]
  readonly hours: number
  readonly isWithinDeadline: boolean
  readonly conversationsExposed: number
  readonly turnsExposed: number
  /** What the turns that meet the candidate cost at the baseline's price. */
  readonly exposedNanoUsd: bigint | null
  readonly alphaPerTest: number
  /** Of `policy: thresholds`. */
  readonly chances: Chances | null
  /** Why it must not start as it is. */
  readonly refusals: readonly Sentence[]
  /** What is worth knowing before it starts. */
  readonly notes: readonly Sentence[]
}

/** A plan without waiting for more than this is what is hoped for. */
export const hopedHours = 72

const hoursPerDay = 24
const msPerHour = 3_600_000
const seenMax = 10_000_000
const runs = 2_000

/** The smallest number for which a statement holds that is false first and true from some number on; `null` = of none up to the bound. */
const firstWhere = (holds: (count: number) => boolean): number | null => {
  let high = 1
  while (!holds(high)) {
    high *= 2
    if (high > seenMax) return null
  }
  let low = Math.floor(high / 2)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

/** Conversations until a candidate with this share is shown to be within the limit, as it goes on average; `null` = it cannot be. */
export const conversationsToPass = (
  share: number,
  { limit, alpha }: Pick<AbsoluteTest, 'limit' | 'alpha'>,
): number | null =>
  limit <= 0 || limit >= 1 || share >= limit
    ? null
    : firstWhere((seen) => lnBelow({ hits: share * seen, seen }, limit) >= -Math.log(alpha))

/** The fewest hits that are an alarm among so many; `null` = not even all of them. */
export const hitsToAlarm = (seen: number, { limit, alpha }: Pick<AbsoluteTest, 'limit' | 'alpha'>): number | null => {
  if (seen < 1 || limit <= 0 || limit >= 1) return null
  const hits = firstWhere((count) => count >= seen || lnAbove({ hits: count, seen }, limit) >= -Math.log(alpha))
  return hits === null || hits > seen || lnAbove({ hits, seen }, limit) < -Math.log(alpha) ? null : hits
}

/** Tests of a limit that can move traffic back. */
export const moving = ({ judge }: Compiled): readonly AbsoluteTest[] =>
  judge.tests.filter(
    (test): test is AbsoluteTest => test.kind === 'absolute' && !test.dryRun && test.onFail === 'rollback',
  )

/** What the gate of a step needs: a number of its own, or every limit shown to be kept. */
const neededAt = (compiled: Compiled, step: number, baseline: Baseline): number | null | 'never' => {
  const settings = compiled.itinerary.steps[step]
  if (settings === undefined || settings.weightBasisPoints >= 10_000) return null
  if (settings.sampleMin !== null) return settings.sampleMin
  if (compiled.judge.policy === 'thresholds') return compiled.judge.thresholdSample
  const each = moving(compiled).map((test) => conversationsToPass(baseline.shares[test.metric] ?? 0, test))
  if (each.length === 0) return null
  return each.includes(null) ? 'never' : Math.max(...each.map((count) => count ?? 0))
}

/** How often plain shares err, thrown like dice: they are looked at after every conversation. */
const alarmShare = (
  share: number,
  { limit, sample, until }: { limit: number; sample: number; until: number },
): number => {
  const chance = seededChance(17)
  let alarms = 0
  for (let run = 0; run < runs; run += 1) {
    let hits = 0
    for (let seen = trialsToHit(share, chance); seen <= until; seen += trialsToHit(share, chance)) {
      hits += 1
      // A hit within the first ones counts when there are enough of them.
      if (hits / Math.max(seen, sample) > limit) {
        alarms += 1
        break
      }
    }
  }
  return alarms / runs
}

/** How often plain shares of errors err over so many conversations; `null` = the file has no limit of errors. */
export const chancesOf = ({ judge, file }: Compiled, baseline: Baseline, until: number): Chances | null => {
  const test = judge.tests.find((one): one is AbsoluteTest => one.kind === 'absolute' && one.metric === 'error-rate')
  if (test === undefined) return null
  const rule = { limit: test.limit, sample: file.analysis.threshold_sample, until }
  return {
    falseRollback: alarmShare(baseline.shares['error-rate'] ?? test.limit / 2, rule),
    missedHarm: 1 - alarmShare(Math.min(1, 3 * test.limit), rule),
  }
}

/** Limits that the baseline breaks before anything has moved: the candidate would be moved back for what it did not do. */
const refusalsOf = (compiled: Compiled, { shares, seen }: Baseline): readonly Sentence[] =>
  moving(compiled).flatMap(({ metric, limit }) => {
    const share = shares[metric]
    if (share === undefined || share < limit) return []
    return [planSays('baseline_breaks', { metric, share, seen, limit })]
  })

const notesOf = (compiled: Compiled, steps: readonly StepPlan[]): readonly Sentence[] => {
  const notes: Sentence[] = [...compiled.judge.left]
  const deadlineHours = compiled.itinerary.deadlineMs / msPerHour
  for (const { step, weightPercent, needed, hoursNeeded, hours } of steps) {
    const at = { step: step + 1, percent: weightPercent }
    if (hoursNeeded === null)
      notes.push(
        needed === null
          ? planSays('never_enough', at)
          : planSays('none_come', { ...at, count: Math.ceil(needed), lasts_ms: hours * msPerHour }),
      )
    else if (needed !== null && hoursNeeded > hours)
      notes.push(
        planSays('takes_longer', {
          ...at,
          count: Math.ceil(needed),
          takes_ms: hoursNeeded * msPerHour,
          lasts_ms: hours * msPerHour,
        }),
      )
  }
  if (steps.some(({ hoursNeeded }) => hoursNeeded === null)) notes.push(planSays('will_pause'))
  const last = steps.at(-1)
  if (last !== undefined && steps.reduce((sum, { hours }) => sum + hours, 0) > deadlineHours)
    notes.push(planSays('past_progress_deadline', { hours: deadlineHours }))
  if (last !== undefined && last.weightPercent < 100)
    notes.push(planSays('ends_below_all', { percent: last.weightPercent }))
  const end = compiled.itinerary.steps.at(-1)
  if (end?.durationMs === 0 && !end.isManual)
    notes.push(planSays('ends_at_once', { after_ms: compiled.itinerary.initialDelayMs }))
  return notes
}

/** `firstStep`: where it starts. */
export const planOf = (compiled: Compiled, baseline: Baseline, firstStep = 0): Plan => {
  const perHour = baseline.conversationsPerDay / hoursPerDay
  const errors = moving(compiled).find(({ metric }) => metric === 'error-rate')
  const steps: StepPlan[] = []
  let soFar = 0
  for (const [step, { weightBasisPoints, durationMs }] of compiled.itinerary.steps.entries()) {
    if (step < firstStep) continue
    const candidatePerHour = (perHour * weightBasisPoints) / 10_000
    const needed = neededAt(compiled, step, baseline)
    const lacking = needed === null ? 0 : needed === 'never' ? Number.POSITIVE_INFINITY : Math.max(0, needed - soFar)
    const hoursNeeded = lacking === 0 ? 0 : lacking / candidatePerHour
    const hours = durationMs / msPerHour
    const lasts = Number.isFinite(hoursNeeded) ? Math.max(hours, hoursNeeded) : hours
    const conversations = candidatePerHour * lasts
    soFar += conversations
    const hits = errors === undefined ? null : hitsToAlarm(Math.floor(soFar), errors)
    steps.push({
      step,
      weightPercent: weightBasisPoints / 100,
      hours,
      conversations: Math.round(conversations),
      conversationsSoFar: Math.round(soFar),
      needed: needed === 'never' ? null : needed,
      hoursNeeded: Number.isFinite(hoursNeeded) ? hoursNeeded : null,
      smallestShare: hits === null ? null : hits / Math.floor(soFar),
      failuresSeen: hits,
    })
  }
  const hours = steps.reduce((sum, one) => sum + Math.max(one.hours, one.hoursNeeded ?? 0), 0)
  const turns = Math.round(soFar * baseline.turnsPerConversation)
  const beforeWhole = steps.filter(({ weightPercent }) => weightPercent < 100).at(-1)?.conversationsSoFar ?? 0
  return {
    steps,
    hours,
    isWithinDeadline:
      hours * msPerHour <= compiled.itinerary.deadlineMs && steps.every(({ hoursNeeded }) => hoursNeeded !== null),
    conversationsExposed: Math.round(soFar),
    turnsExposed: turns,
    exposedNanoUsd: baseline.costPerTurnNanoUsd === null ? null : baseline.costPerTurnNanoUsd * BigInt(turns),
    alphaPerTest: compiled.judge.alpha,
    chances: compiled.judge.policy === 'thresholds' ? chancesOf(compiled, baseline, beforeWhole) : null,
    refusals: refusalsOf(compiled, baseline),
    notes: notesOf(compiled, steps),
  }
}
