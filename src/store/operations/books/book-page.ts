/** Transactions of an account that are no call's: what was granted, corrected, taken back, ended, and rated anew. */

import { sql } from 'kysely'
import type { BookPage, BookTransaction } from '#ledger/port.ts'
import type { Transaction } from '#store/operations/context.ts'
import { checkLimit } from '#store/operations/page.ts'

/** By the index that leaves out settlements; the newest first. */
export const bookPage = async (
  transaction: Transaction,
  { account, limit, before }: BookPage,
): Promise<readonly BookTransaction[]> => {
  let query = transaction
    .selectFrom('book_transaction')
    .selectAll()
    .where('account', '=', account)
    // As the index says it: a value in its place would hide that it fits.
    .where(sql<boolean>`kind not in ('settle', 'cost')`)
    .orderBy('sequence', 'desc')
    .limit(checkLimit(limit))
  if (before !== null) {
    const of = transaction.selectFrom('book_transaction').select('sequence').where('id', '=', before)
    query = query.where('sequence', '<', of)
  }
  const rows = await query.execute()
  if (rows.length === 0) return []
  const entries = await transaction
    .selectFrom('book_entry')
    .selectAll()
    .where(
      'transaction_sequence',
      'in',
      rows.map(({ sequence }) => sequence),
    )
    .orderBy('transaction_sequence')
    .orderBy('line')
    .execute()
  return rows.map(({ sequence, id, kind, call, time_ms, reason }) => ({
    id,
    kind,
    call,
    timeMs: Number(time_ms),
    reason,
    entries: entries
      .filter(({ transaction_sequence }) => transaction_sequence === sequence)
      .map(({ from_book, to_book, amount_nano, currency, lot }) => ({
        from: from_book,
        to: to_book,
        amountNano: amount_nano,
        currency,
        lot,
      })),
  }))
}
