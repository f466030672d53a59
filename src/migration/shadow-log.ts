/**
 * What one process has found by copying calls, and what that cost today: a whole that grows, told to the store under the process's name, so that what is told twice
 * counts once. What all of them found is the join.
 */

import { isObject } from '#base/json-type.ts'
import type { AnswerSketch } from './answer-sketch.ts'
import { sketchOf } from './answer-sketch.ts'
import type { OverBudget } from './shadow-budget.ts'
import type { Comparator, Comparison } from './shadow-compare.ts'
import { comparators, compareAnswers, firstDifference } from './shadow-compare.ts'
import type { ShadowRefusal } from './shadow-rule.ts'
import type { ComparatorSums, Shadowed, ShadowSums } from './shadow-sums.ts'
import { addShadow, joinShadows, noShadows } from './shadow-sums.ts'

/** Why a call was not copied, or a copy not compared. */
export const leftReasons = [
  'no_consent',
  'test',
  'not_chat',
  'files',
  'background',
  'continues',
  'stored',
  'server_tools',
  'several_answers',
  'too_large',
  'usd_per_day',
  'tokens_per_day',
  'no_price',
  'queue_full',
  'own_credential',
  'not_allowed_there',
  'no_answer',
  'failed',
  'judge_not_allowed',
  'judge_over_budget',
  'judge_failed',
  'judge_unclear',
] as const satisfies readonly (ShadowRefusal | Exclude<OverBudget, 'concurrency'> | string)[]

export type LeftReason = (typeof leftReasons)[number]

/** A call to look at, by its id in the log. */
export type Example = {
  readonly call: string
  readonly copy: string
  readonly differs: Comparator
  /** What both answers look like, masked; absent = an earlier version kept none. */
  readonly baseline?: AnswerSketch
  readonly candidate?: AnswerSketch
}
/** Of each kind of difference so many of the newest are kept. */
const examplesPerKind = 5

export type ShadowLog = {
  readonly sums: ShadowSums
  readonly left: Readonly<Record<LeftReason, number>>
  readonly examples: readonly Example[]
  /** Days since 1970 in UTC, and what copies cost on that day and in all. */
  readonly day: number
  readonly dayNanoUsd: bigint
  readonly dayTokens: number
  readonly nanoUsd: bigint
  readonly tokens: number
}

const noneLeft = Object.fromEntries(leftReasons.map((reason) => [reason, 0])) as Record<LeftReason, number>

export const emptyShadowLog: ShadowLog = {
  sums: noShadows,
  left: noneLeft,
  examples: [],
  day: 0,
  dayNanoUsd: 0n,
  dayTokens: 0,
  nanoUsd: 0n,
  tokens: 0,
}

/** The log with one call more that was not copied. */
export const withLeft = (log: ShadowLog, reason: LeftReason): ShadowLog => ({
  ...log,
  left: { ...log.left, [reason]: log.left[reason] + 1 },
})

const lastOfEach = (examples: readonly Example[]): readonly Example[] =>
  examples.filter(
    ({ differs }, index) => examples.slice(index).filter((one) => one.differs === differs).length <= examplesPerKind,
  )

/** The log with one question more. */
export const withShadowed = (
  log: ShadowLog,
  shadowed: Shadowed,
  { call, copy }: Pick<Example, 'call' | 'copy'>,
): ShadowLog => {
  const differs = firstDifference(comparisonOf(shadowed))
  if (differs === null) return { ...log, sums: addShadow(log.sums, shadowed) }
  const sketches = { baseline: sketchOf(shadowed.primary), candidate: sketchOf(shadowed.candidate) }
  const examples = lastOfEach([...log.examples, { call, copy, differs, ...sketches }])
  return { ...log, sums: addShadow(log.sums, shadowed), examples }
}

const comparisonOf = ({ primary, candidate, judged }: Shadowed): Comparison => ({
  ...compareAnswers(primary, candidate),
  judged: judged?.candidate === 'one' ? false : null,
})

/** The log with what a copy cost. */
export const withCost = (
  log: ShadowLog,
  cost: { readonly nanoUsd: bigint; readonly tokens: number; readonly day: number },
): ShadowLog => {
  const isSameDay = cost.day === log.day
  return {
    ...log,
    day: cost.day,
    dayNanoUsd: (isSameDay ? log.dayNanoUsd : 0n) + cost.nanoUsd,
    dayTokens: (isSameDay ? log.dayTokens : 0) + cost.tokens,
    nanoUsd: log.nanoUsd + cost.nanoUsd,
    tokens: log.tokens + cost.tokens,
  }
}

/** What several processes have found; costs of the day are those of the latest day that any of them knows. */
export const joinShadowLogs = (logs: readonly ShadowLog[]): ShadowLog => {
  const day = Math.max(0, ...logs.map((log) => log.day))
  const today = logs.filter((log) => log.day === day)
  const whole = (all: readonly ShadowLog[], of: (log: ShadowLog) => number): number =>
    all.reduce((total, log) => total + of(log), 0)
  const money = (all: readonly ShadowLog[], of: (log: ShadowLog) => bigint): bigint =>
    all.reduce((total, log) => total + of(log), 0n)
  return {
    sums: logs.reduce((total, log) => joinShadows(total, log.sums), noShadows),
    left: Object.fromEntries(leftReasons.map((reason) => [reason, whole(logs, (log) => log.left[reason])])) as Record<
      LeftReason,
      number
    >,
    examples: lastOfEach(
      logs.flatMap((log) => log.examples).toSorted((one, other) => (one.call < other.call ? -1 : 1)),
    ),
    day,
    dayNanoUsd: money(today, (log) => log.dayNanoUsd),
    dayTokens: whole(today, (log) => log.dayTokens),
    nanoUsd: money(logs, (log) => log.nanoUsd),
    tokens: whole(logs, (log) => log.tokens),
  }
}

/** As text for the store. */
export const shadowLogText = (log: ShadowLog): string =>
  JSON.stringify({ ...log, dayNanoUsd: `${log.dayNanoUsd}`, nanoUsd: `${log.nanoUsd}` })

const countOf = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) ? value : 0)

const countsOf = <Name extends string>(value: unknown, names: readonly Name[]): Record<Name, number> => {
  const counts = isObject(value) ? value : {}
  return Object.fromEntries(names.map((name) => [name, countOf(counts[name])])) as Record<Name, number>
}

const sumNames = ['compared', 'differed', 'repeated', 'candidateOnly', 'repeatOnly', 'both'] as const

/** From text of the store; what an earlier version did not count is nought. */
export const shadowLogOf = (text: string): ShadowLog => {
  const value: unknown = JSON.parse(text)
  const log = isObject(value) ? value : {}
  const sums = isObject(log['sums']) ? log['sums'] : {}
  const by = isObject(sums['by']) ? sums['by'] : {}
  const examples = Array.isArray(log['examples']) ? (log['examples'] as unknown as readonly Example[]) : []
  return {
    sums: {
      questions: countOf(sums['questions']),
      by: Object.fromEntries(comparators.map((name) => [name, countsOf(by[name], sumNames)])) as Record<
        Comparator,
        ComparatorSums
      >,
      calls: countsOf(sums['calls'], ['both', 'candidate', 'baseline']),
      first: countsOf(sums['first'], comparators),
      judged: countsOf(sums['judged'], ['candidate', 'baseline', 'tie', 'swapped']),
      prompts: countsOf(sums['prompts'], ['pairs', 'baseline', 'candidate']),
    },
    left: countsOf(log['left'], leftReasons),
    examples,
    day: countOf(log['day']),
    dayNanoUsd: BigInt(String(log['dayNanoUsd'] ?? 0)),
    dayTokens: countOf(log['dayTokens']),
    nanoUsd: BigInt(String(log['nanoUsd'] ?? 0)),
    tokens: countOf(log['tokens']),
  }
}
