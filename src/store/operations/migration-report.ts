/** What callers who split their traffic themselves report: kept until it is counted, and each turn once, on whichever node it is told. */

import { Problem } from '#base/problem.ts'
import { turnOfText, turnText } from '#migration/evidence-text.ts'
import type { EvidenceBatch, ReportCount, ReportedTurns } from '#migration/port.ts'
import { batchTurnsMax, reportsRememberedMs, waitingReportsMax } from '#migration/port.ts'
import type { Transaction } from './context.ts'
import { write } from './context.ts'
import { dropRows } from './migration-ended.ts'

const waitingOf = async (transaction: Transaction, migration: string): Promise<number> => {
  const row = await transaction
    .selectFrom('migration_report')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('migration', '=', migration)
    .where('turn', 'is not', null)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

const keep = async (transaction: Transaction, { migration, turns }: ReportedTurns): Promise<number> => {
  if (turns.length > batchTurnsMax) throw new RangeError(`at most ${batchTurnsMax} turns are reported at a time`)
  if (turns.length === 0) return 0
  if ((await waitingOf(transaction, migration)) + turns.length > waitingReportsMax)
    throw new Problem('overloaded', {
      message: `${waitingReportsMax} reports on this migration wait to be counted already. Report these again in a minute, or report less often.`,
      retryAfterMs: 60_000,
    })
  const kept = await transaction
    .insertInto('migration_report')
    .values(
      turns.map(({ epoch, step, turn }) => ({
        migration,
        id: turn.id,
        epoch,
        step,
        start_ms: turn.startMs,
        turn: turnText(turn),
      })),
    )
    .onConflict((conflict) => conflict.columns(['migration', 'id']).doNothing())
    .returning('id')
    .execute()
  return kept.length
}

type AddToSums = (
  transaction: Transaction,
  batch: Pick<EvidenceBatch, 'migration' | 'epoch' | 'columns' | 'turns'>,
) => Promise<void>

const count =
  (addToSums: AddToSums) =>
  async (transaction: Transaction, { migration, columns, beganBeforeMs, limit }: ReportCount): Promise<number> => {
    const rows = await transaction
      .selectFrom('migration_report')
      .selectAll()
      .where('migration', '=', migration)
      .where('turn', 'is not', null)
      .where('start_ms', '<=', BigInt(beganBeforeMs))
      .orderBy('start_ms')
      .orderBy('id')
      .limit(Math.min(limit, batchTurnsMax))
      .execute()
    if (rows.length === 0) return 0
    for (const [epoch, ofOne] of Map.groupBy(rows, (row) => Number(row.epoch))) {
      const turns = ofOne.flatMap(({ step, turn }) =>
        turn === null ? [] : [{ step: Number(step), turn: turnOfText(turn) }],
      )
      await addToSums(transaction, { migration, epoch, columns, turns })
    }
    await transaction
      .updateTable('migration_report')
      .set({ turn: null })
      .where('migration', '=', migration)
      .where(
        'id',
        'in',
        rows.map(({ id }) => id),
      )
      .execute()
    const old = await transaction
      .selectFrom('migration_report')
      .select('id')
      .where('migration', '=', migration)
      .where('turn', 'is', null)
      .where('start_ms', '<', BigInt(beganBeforeMs - reportsRememberedMs))
      // More than are counted at a time, so that they become fewer.
      .limit(2 * batchTurnsMax)
      .execute()
    await dropRows(transaction, 'migration_report', { migration, names: old.map(({ id }) => id) })
    return rows.length
  }

export const reportOperations = (addToSums: AddToSums) => ({
  keepReports: write(keep),
  countReports: write(count(addToSums)),
})
