/** What people say of answers: kept until the turn is counted that it was said of, and then added to its sums, each once. */

import { sql } from 'kysely'
import { Problem } from '#base/problem.ts'
import type { Column } from '#migration/column.ts'
import type { AssignedTurn, Mark } from '#migration/evidence.ts'
import type { Arm } from '#migration/observation.ts'
import type { EvidenceBatch, FeedbackCount, FeedbackTotals, NewFeedback } from '#migration/port.ts'
import { feedbackBatchMax, feedbackWithinMs, waitingFeedbackMax } from '#migration/port.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { endedBefore } from './migration-ended.ts'

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

/** What waits and was said of a turn that is counted; of a conversation its newest turn. */
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
          how === 'call'
            ? on('turn.call', '=', on.ref('said.call'))
            : on('turn.unit', '=', sql<string>`substr(said.call, ${sql.lit(byUnit.length + 1)})`),
        ),
    )
    .select(['said.call', 'said.bad', 'turn.epoch', 'turn.step', 'turn.arm', 'turn.unit', 'turn.start_ms'])
    .where('said.migration', '=', migration)
    .where('said.fate', '=', BigInt(fates.waiting))
    .where('said.call', how === 'call' ? 'not like' : 'like', `${byUnit}%`)
    .orderBy('said.time_ms')
    .orderBy('said.call')
    .orderBy('turn.start_ms')
    .limit(limit)
    .execute()
  const meant = rows.map((row) => ({
    call: row.call,
    epoch: Number(row.epoch),
    step: Number(row.step),
    arm: row.arm as Arm,
    unit: row.unit,
    startMs: Number(row.start_ms),
    isHit: Number(row.bad) === 1,
  }))
  return [...new Map(meant.map((one) => [one.call, one])).values()]
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
    const meant = [...(await meantIn(transaction, page, 'call')), ...(await meantIn(transaction, page, 'unit'))]
    for (const [epoch, marks] of Map.groupBy(meant, (one) => one.epoch))
      await addMarks(transaction, { migration, epoch, columns, marks, column })
    await settle(transaction, migration, { calls: meant.map(({ call }) => call), fate: fates.counted })
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
    await transaction
      .deleteFrom('migration_call')
      .where('migration', '=', migration)
      .where('start_ms', '<', BigInt(Math.max(0, asideBeforeMs - feedbackWithinMs)))
      .execute()
    return meant.length + late.length
  }

export const feedbackOperations = (addMarks: AddMarks) => ({
  keepFeedback: write(keep),
  countFeedback: write(count(addMarks)),
  feedback: read(totals),
})

/** Of migrations that ended before. */
export const forgetFeedback = async (transaction: Transaction, endedBeforeMs: number): Promise<void> => {
  await transaction
    .deleteFrom('migration_call')
    .where('migration', 'in', endedBefore(transaction, endedBeforeMs))
    .execute()
  await transaction
    .deleteFrom('migration_feedback')
    .where('migration', 'in', endedBefore(transaction, endedBeforeMs))
    .execute()
}
