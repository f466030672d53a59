/** How a migration's tests stood at one time: what is drawn of the past. Whole numbers, so that the same sums give the same point. */

import type { Finding, Judgement } from './judgement.ts'

export type FindingPoint = {
  readonly metric: string
  readonly test: Finding['kind']
  /** log10 E in thousandths; `null` = the test has none. */
  readonly log10E: number | null
  /** Hits and units of the candidate, then of the baseline; of means the ratio, its low and its high end in thousandths. */
  readonly figures: readonly number[]
}

export type HistoryPoint = {
  readonly migration: string
  readonly epoch: number
  readonly timeMs: number
  readonly step: number
  /** Conversations that met each arm. */
  readonly baseline: number
  readonly candidate: number
  readonly findings: readonly FindingPoint[]
}

const thousand = 1_000
/** Beyond it nothing more is drawn. */
const log10Max = 999

const thousandths = (value: number): number => Math.round(Math.max(-log10Max, Math.min(log10Max, value)) * thousand)

const findingPoint = (finding: Finding): FindingPoint => {
  const { metric, kind, lnE, candidate, baseline, difference } = finding
  const figures =
    difference === null
      ? [candidate?.hits ?? 0, candidate?.seen ?? 0, baseline?.hits ?? 0, baseline?.seen ?? 0]
      : [difference.difference, difference.low, difference.high].map((ln) => thousandths(Math.exp(ln)))
  return { metric, test: kind, log10E: lnE === null ? null : thousandths(lnE / Math.LN10), figures }
}

/** The point of a judgement. */
export const pointOf = (
  { findings, units }: Judgement,
  at: Pick<HistoryPoint, 'migration' | 'epoch' | 'timeMs' | 'step'>,
): HistoryPoint => ({
  ...at,
  baseline: units.baseline,
  candidate: units.candidate,
  findings: findings.map(findingPoint),
})

/** Points are kept so that the past is known within this part of its age: a few hundred for a minute as for a month. */
const ageShare = 0.01

/** Whether it is time for another point: none yet, or the last one is old beside the age of the migration. */
export const isPointDue = (
  lastMs: number | null,
  { startedMs, nowMs }: { readonly startedMs: number; readonly nowMs: number },
): boolean => lastMs === null || nowMs - lastMs >= (nowMs - startedMs) * ageShare
