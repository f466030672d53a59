/** When a budget's spend goes over one of its thresholds, and how a budget is called. */

import { telling } from '#base/event-sentences.ts'
import { decimalOf } from '#base/money.ts'
import type { BudgetCrossing, BudgetFacts } from './port.ts'

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

const labelForm = /^(\w+) (\S+?)(?: for (.+))?$/s

/** What a crossing says, in words and by its code: whose budget it is stands in the label. */
export const crossingSays = ({ label, threshold, spentNanoUsd, limitNanoUsd, period }: Omit<BudgetCrossing, 'id'>) => {
  const [, kind = '', subject = label, model = null] = labelForm.exec(label) ?? []
  return telling('budget_reached', {
    kind,
    subject,
    model,
    percent: threshold,
    spent_usd: decimalOf(spentNanoUsd),
    limit_usd: decimalOf(limitNanoUsd),
    period,
  })
}
