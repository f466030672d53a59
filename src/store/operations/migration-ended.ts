/** Migrations of which only the sums are still of use. */

import type { Transaction } from './context.ts'
import { checkLimit } from './page.ts'

/** Which rows of what has ended, and was last looked at before, go at a time. */
export type Ended = { readonly endedBeforeMs: number; readonly limit: number }

/** Tables of what is told of turns and conversations, with the column that names a row of a migration. */
const keys = {
  migration_report: 'id',
  migration_call: 'call',
  migration_feedback: 'call',
  migration_pin: 'unit',
} as const

type EndedTable = keyof typeof keys

/** Deletes these rows of a migration. */
export const dropRows = async (
  transaction: Transaction,
  table: EndedTable,
  { migration, names }: { readonly migration: string; readonly names: readonly string[] },
): Promise<void> => {
  if (names.length === 0) return
  await transaction.deleteFrom(table).where('migration', '=', migration).where(keys[table], 'in', names).execute()
}

/** Deletes rows of migrations that have ended; gives how many went, at most `limit`. */
export const forgetRows = async (
  transaction: Transaction,
  table: EndedTable,
  { endedBeforeMs, limit }: Ended,
): Promise<number> => {
  const rows = await transaction
    .selectFrom(table)
    .select(['migration', `${keys[table]} as name`])
    .where('migration', 'in', (inner) =>
      inner
        .selectFrom('migration')
        .select('id')
        .where('phase', 'in', ['rolled_back', 'aborted', 'completed'])
        .where('checked_ms', '<', BigInt(endedBeforeMs)),
    )
    .limit(checkLimit(limit))
    .execute()
  for (const [migration, ofOne] of Map.groupBy(rows, (row) => row.migration))
    await dropRows(transaction, table, { migration, names: ofOne.flatMap(({ name }) => name ?? []) })
  return rows.length
}
