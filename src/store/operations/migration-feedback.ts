/** What people say of answers: kept until the turn is counted that it was said of, and then added to its sums, each once. */

import { sql } from 'kysely'
import { Problem } from '#base/problem.ts'
import type { Column } from '#migration/column.ts'
import type { AssignedTurn, Mark } from '#migration/evidence.ts'
import type { Arm } from '#migration/observation.ts'
import type { EvidenceBatch, FeedbackCount, FeedbackTotals, NewFeedback } from '#migration/port.ts'
import { batchTurnsMax, feedbackBatchMax, feedbackWithinMs, waitingFeedbackMax } from '#migration/port.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { dropRows } from './migration-ended.ts'

const fates = { waiting: 0, counted: 1, aside: 2 } as const

const byUnit = 'unit:'

/** The column that feedback is counted in; -1 = no metric asks for it. */
export const feedbackColumn = (columns: readonly Column[]): number =>
  columns.findIndex(({ metric }) => metric === 'feedback-bad-share')

/** Remembers turns of which people may say something: not what another arm had to answer. */
export const keepCalls = async (
  transaction: Transaction,
  { migration, epoch, columns }: Pick<EvidenceBatch, 'migration' | 'epoch' | 'columns'>,
  turns: readonly AssignedTurn[],
): Promise<void> => {
  if (feedbackColumn(columns) < 0) return
  const rows = turns.flatMap(({ step, turn }) =>
    turn.outcome === 'moved'
      ? []
      : [{ migration, call: turn.id, epoch, step, arm: turn.arm, unit: turn.unit, start_ms: turn.startMs }],
  )
  if (rows.length === 0) return
  await transaction
    .insertInto('migration_call')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['migration', 'call']).doNothing())
    .execute()
}

const totals = async (transaction: Transaction, migration: string): Promise<FeedbackTotals> => {
  const rows = await transaction
    .selectFrom('migration_feedback')
    .select(({ fn }) => ['fate', fn.countAll<bigint>().as('count')])
    .where('migration', '=', migration)
    .groupBy('fate')
    .execute()
  const of = (fate: number): number => Number(rows.find((row) => Number(row.fate) === fate)?.count ?? 0)
  return { waiting: of(fates.waiting), counted: of(fates.counted), aside: of(fates.aside) }
}

const keep = async (transaction: Transaction, { migration, nowMs, said }: NewFeedback): Promise<number> => {
  if (said.length > feedbackBatchMax) throw new RangeError(`at most ${feedbackBatchMax} are said at a time`)
  if (said.length === 0) return 0
  const waiting = await transaction
    .selectFrom('migration_feedback')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('migration', '=', migration)
    .where('fate', '=', BigInt(fates.waiting))
    .executeTakeFirstOrThrow()
  if (Number(waiting.count) + said.length > waitingFeedbackMax)
    throw new Problem('overloaded', {
      message: `What was said of ${waitingFeedbackMax} answers of this migration waits to be counted already. Say this again in a minute.`,
      retryAfterMs: 60_000,
    })
  const rows = said.map(({ call, isBad }) => ({
    migration,
    call,
    bad: isBad ? 1 : 0,
    time_ms: nowMs,
    fate: fates.waiting,
  }))
  const kept = await transaction
    .insertInto('migration_feedback')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['migration', 'call']).doNothing())
    .returning('call')
    .execute()
  return kept.length
}

type Meant = Mark & { readonly epoch: number; readonly call: string }

/** Without `like`, which goes by the case of letters in one database and not in the other. */
const isByUnit = sql<boolean>`substr(said.call, 1, ${sql.lit(byUnit.length)}) = ${sql.lit(byUnit)}`
const unitSaid = sql<string>`substr(said.call, ${sql.lit(byUnit.length + 1)})`

/** What waits and was said of a turn that is counted, at most `limit`, the oldest first; of a conversation its newest turn. */
const meantIn = async (
  transaction: Transaction,
  { migration, limit }: Pick<FeedbackCount, 'migration' | 'limit'>,
  how: 'call' | 'unit',
): Promise<readonly Meant[]> => {
  const rows = await transaction
    .selectFrom('migration_feedback as said')
    .innerJoin('migration_call as turn', (join) =>
      join
        .onRef('turn.migration', '=', 'said.migration')
        .on((on) =>
          on(
            'turn.call',
            '=',
            how === 'call'
              ? on.ref('said.call')
              : on
                  .selectFrom('migration_call as newest')
                  .select('newest.call')
                  .whereRef('newest.migration', '=', 'said.migration')
                  .where('newest.unit', '=', unitSaid)
                  .orderBy('newest.start_ms', 'desc')
                  .orderBy('newest.call', 'desc')
                  .limit(1),
          ),
        ),
    )
    .select(['said.call', 'said.bad', 'turn.epoch', 'turn.step', 'turn.arm', 'turn.unit', 'turn.start_ms'])
    .where('said.migration', '=', migration)
    .where('said.fate', '=', BigInt(fates.waiting))
    .where(how === 'call' ? sql<boolean>`not (${isByUnit})` : isByUnit)
    .orderBy('said.time_ms')
    .orderBy('said.call')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    call: row.call,
    epoch: Number(row.epoch),
    step: Number(row.step),
    arm: row.arm as Arm,
    unit: row.unit,
    startMs: Number(row.start_ms),
    isHit: Number(row.bad) === 1,
  }))
}

type AddMarks = (
  transaction: Transaction,
  batch: Pick<EvidenceBatch, 'migration' | 'epoch' | 'columns'> & {
    readonly marks: readonly Mark[]
    readonly column: number
  },
) => Promise<void>

const settle = async (
  transaction: Transaction,
  migration: string,
  { calls, fate }: { readonly calls: readonly string[]; readonly fate: number },
): Promise<void> => {
  if (calls.length === 0) return
  await transaction
    .updateTable('migration_feedback')
    .set({ fate })
    .where('migration', '=', migration)
    .where('call', 'in', calls)
    .execute()
}

const count =
  (addMarks: AddMarks) =>
  async (transaction: Transaction, { migration, columns, asideBeforeMs, limit }: FeedbackCount): Promise<number> => {
    const column = feedbackColumn(columns)
    if (column < 0) return 0
    const page = { migration, limit }
    const read = [await meantIn(transaction, page, 'call'), await meantIn(transaction, page, 'unit')]
    const meant = read.flat()
    for (const [epoch, marks] of Map.groupBy(meant, (one) => one.epoch))
      await addMarks(transaction, { migration, epoch, columns, marks, column })
    await settle(transaction, migration, { calls: meant.map(({ call }) => call), fate: fates.counted })
    // More may wait of turns that are known: none of it is late.
    if (read.some((ones) => ones.length >= limit)) return limit
    const late = await transaction
      .selectFrom('migration_feedback')
      .select('call')
      .where('migration', '=', migration)
      .where('fate', '=', BigInt(fates.waiting))
      .where('time_ms', '<', BigInt(Math.max(0, asideBeforeMs)))
      .orderBy('time_ms')
      .limit(limit)
      .execute()
    await settle(transaction, migration, { calls: late.map(({ call }) => call), fate: fates.aside })
    const old = await transaction
      .selectFrom('migration_call')
      .select('call')
      .where('migration', '=', migration)
      .where('start_ms', '<', BigInt(Math.max(0, asideBeforeMs - feedbackWithinMs)))
      .orderBy('start_ms')
      .limit(2 * batchTurnsMax)
      .execute()
    await dropRows(transaction, 'migration_call', { migration, names: old.map(({ call }) => call) })
    return Math.min(limit, meant.length + late.length)
  }

export const feedbackOperations = (addMarks: AddMarks) => ({
  keepFeedback: write(keep),
  countFeedback: write(count(addMarks)),
  feedback: read(totals),
})
