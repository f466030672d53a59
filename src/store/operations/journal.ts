/** The journal of a node: its calls, until the store that it shares with others has their end. */

import type { JournalRow } from '#ledger/port.ts'
import { read, write } from './context.ts'
import { checkLimit } from './page.ts'

export const journalOperations = {
  journalKeep: write(async (transaction, rows: readonly JournalRow[]): Promise<void> => {
    for (const { call, body } of rows)
      await transaction
        .insertInto('journal_call')
        .values({ call, body })
        .onConflict((conflict) => conflict.column('call').doUpdateSet({ body }))
        .execute()
  }),
  journalPage: read(
    async (
      transaction,
      { after, limit }: { readonly after: string | null; readonly limit: number },
    ): Promise<readonly JournalRow[]> => {
      let query = transaction.selectFrom('journal_call').selectAll().orderBy('call').limit(checkLimit(limit))
      if (after !== null) query = query.where('call', '>', after)
      return query.execute()
    },
  ),
  journalDrop: write(async (transaction, calls: readonly string[]): Promise<void> => {
    if (calls.length > 0)
      await transaction
        .deleteFrom('journal_call')
        .where('call', 'in', [...calls])
        .execute()
  }),
}
