/** When a budget's spend goes over one of its thresholds, and how a budget is called. */

import type { BudgetFacts } from './port.ts'

/** Where nobody says. */
export const thresholdsDefault: readonly number[] = [50, 80, 100]

/** The thresholds, in percent of the limit, that a spend has reached and had not before. Of a limit of nothing every spend reaches all. */
export const crossedThresholds = (
  thresholds: readonly number[],
  {
    limitNanoUsd,
    beforeNanoUsd,
    afterNanoUsd,
  }: Readonly<Record<'limitNanoUsd' | 'beforeNanoUsd' | 'afterNanoUsd', bigint>>,
): readonly number[] =>
  thresholds.filter((percent) => {
    const line = limitNanoUsd * BigInt(percent)
    return afterNanoUsd * 100n >= line && (beforeNanoUsd * 100n < line || beforeNanoUsd === 0n) && afterNanoUsd > 0n
  })

/** For messages: `project prj_… for kimi-k2`. */
export const labelOf = ({ kind, subject, model }: Pick<BudgetFacts, 'kind' | 'subject' | 'model'>): string =>
  `${kind} ${subject}${model === null ? '' : ` for ${model}`}`
