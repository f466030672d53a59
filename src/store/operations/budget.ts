/** Budgets as they are set, and the thresholds that were reached. */

import type { Selectable } from 'kysely'
import type { CrossingPage, OwnedPage, TrailRow } from '#admin/port.ts'
import { labelOf } from '#ledger/budget.ts'
import { periodAt } from '#ledger/period.ts'
import type { BudgetCrossing, BudgetFacts } from '#ledger/port.ts'
import type { BudgetCrossingTable, BudgetTable } from '#store/tables.ts'
import { limitHolds, noteCrossings } from './books/hold.ts'
import { bookStatements } from './books/statement.ts'
import { read, write } from './context.ts'
import { checkLimit } from './page.ts'
import { appendTrail } from './trail.ts'

const budgetFacts = (row: Selectable<BudgetTable>): BudgetFacts => ({
  id: row.id,
  organisation: row.organisation,
  kind: row.kind as BudgetFacts['kind'],
  subject: row.subject,
  model: row.model === '' ? null : row.model,
  period: row.period as BudgetFacts['period'],
  limitNanoUsd: row.limit_nano_usd,
  thresholds: JSON.parse(row.thresholds) as readonly number[],
  createdMs: Number(row.created_ms),
})

const crossing = (row: Selectable<BudgetCrossingTable>): BudgetCrossing => ({
  id: row.id,
  account: row.account,
  name: row.name,
  label: row.label,
  period: row.period as BudgetCrossing['period'],
  startMs: Number(row.start_ms),
  threshold: Number(row.threshold),
  spentNanoUsd: row.spent_nano_usd,
  limitNanoUsd: row.limit_nano_usd,
  timeMs: Number(row.time_ms),
  toldMs: row.told_ms === null ? null : Number(row.told_ms),
})

type Setting = {
  readonly budget: BudgetFacts
  readonly account: string
  readonly nowMs: number
  readonly trail: TrailRow
}

export const budgetOperations = () => {
  const run = bookStatements()
  return {
    budgets: read(async (transaction, page: OwnedPage): Promise<readonly BudgetFacts[]> => {
      let query = transaction.selectFrom('budget').selectAll().orderBy('id').limit(checkLimit(page.limit))
      if (page.after !== null) query = query.where('id', '>', page.after)
      if (page.organisation !== null) query = query.where('organisation', '=', page.organisation)
      return (await query.execute()).map(budgetFacts)
    }),

    budget: read(async (transaction, id: string): Promise<BudgetFacts | null> => {
      const row = await transaction.selectFrom('budget').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : budgetFacts(row)
    }),

    /** A budget of the same subject, model and period keeps its id and what it has counted. */
    setBudget: write(async (transaction, { budget, account, nowMs, trail }: Setting): Promise<BudgetFacts> => {
      const changed = { limit_nano_usd: budget.limitNanoUsd, thresholds: JSON.stringify(budget.thresholds) }
      const row = await transaction
        .insertInto('budget')
        .values({
          id: budget.id,
          organisation: budget.organisation,
          kind: budget.kind,
          subject: budget.subject,
          model: budget.model ?? '',
          period: budget.period,
          created_ms: budget.createdMs,
          ...changed,
        })
        .onConflict((conflict) => conflict.columns(['subject', 'model', 'period']).doUpdateSet(changed))
        .returningAll()
        .executeTakeFirstOrThrow()
      const set = budgetFacts(row)
      const { startMs } = periodAt(set.period, nowMs)
      const [spend] = await run.budget(transaction, [set.id, set.period, startMs])
      // A lower limit may have been reached before it was set.
      const place = { name: set.id, period: set.period, startMs, label: labelOf(set), thresholds: set.thresholds }
      const spent = { beforeNanoUsd: 0n, afterNanoUsd: spend?.spent_nano_usd ?? 0n, account, nowMs }
      await noteCrossings({ transaction, run }, { ...place, limitNanoUsd: set.limitNanoUsd.toString() }, spent)
      await limitHolds({ transaction, run }, { ...set, name: set.id })
      await appendTrail(transaction, trail)
      return set
    }),

    removeBudget: write(
      async (transaction, { id, trail }: { readonly id: string; readonly trail: TrailRow }): Promise<void> => {
        const gone = await transaction.deleteFrom('budget').where('id', '=', id).returning('id').executeTakeFirst()
        if (gone !== undefined) await appendTrail(transaction, trail)
      },
    ),

    crossings: read(async (transaction, page: CrossingPage): Promise<readonly BudgetCrossing[]> => {
      let query = transaction
        .selectFrom('budget_crossing')
        .selectAll()
        .orderBy('time_ms', 'desc')
        .orderBy('id', 'desc')
        .limit(checkLimit(page.limit))
      if (page.account !== null) query = query.where('account', '=', page.account)
      return (await query.execute()).map(crossing)
    }),

    untoldCrossings: read(async (transaction, limit: number): Promise<readonly BudgetCrossing[]> => {
      const rows = await transaction
        .selectFrom('budget_crossing')
        .selectAll()
        .where('told_ms', 'is', null)
        .orderBy('time_ms')
        .limit(checkLimit(limit))
        .execute()
      return rows.map(crossing)
    }),

    crossingTold: write(
      async (transaction, { id, atMs }: { readonly id: string; readonly atMs: number }): Promise<void> => {
        await transaction.updateTable('budget_crossing').set({ told_ms: atMs }).where('id', '=', id).execute()
      },
    ),
  }
}
