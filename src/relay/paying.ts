/** What may pay for a call, and which budgets it has to stay in. */

import { labelOf, thresholdsDefault } from '#ledger/budget.ts'
import { covers } from '#ledger/lot.ts'
import type { Budget, ModelNames } from '#ledger/port.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { lineOf } from '#policy/key-facts.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { CustomerTables } from './snapshot.ts'

/** The names that a lot's scope or a budget may call a model by; of a `provider/model` also what stands behind the slash. */
export const namesOf = ({ id, aliases, origin, targets }: ModelRow): ModelNames => [
  id,
  ...aliases,
  ...(origin === 'direct' ? targets.map(({ model }) => model) : []),
]

/** The budget that was given to a key when it was made; `null` = none. */
export const ownBudget = (key: KeyFacts): Budget | null =>
  key.budgetNanoUsd === null || key.budgetPeriod === null
    ? null
    : {
        name: `key:${lineOf(key)}`,
        limitNanoUsd: key.budgetNanoUsd,
        period: key.budgetPeriod,
        thresholds: thresholdsDefault,
        label: `key "${key.name}"`,
      }

/** The budgets of a call: the key's own, and those of its organisation, project, person and key, for any model that may answer. */
export const budgetsFor = (
  key: KeyFacts,
  rows: readonly ModelRow[],
  budgets: CustomerTables['budgets'],
): readonly Budget[] => {
  const own = ownBudget(key)
  const found: Budget[] = own === null ? [] : [own]
  if (budgets.size === 0) return found
  for (const subject of [key.organisation, key.project, key.member, lineOf(key)])
    for (const budget of (subject === null ? undefined : budgets.get(subject)) ?? []) {
      const { id, model, limitNanoUsd, period, thresholds } = budget
      if (model !== null && !rows.some((row) => covers([model], namesOf(row)))) continue
      found.push({ name: id, limitNanoUsd, period, thresholds, label: labelOf(budget) })
    }
  return found
}
