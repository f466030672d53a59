/** The keys that receipts are signed with. They are sealed before they come here. */

import type { TrailRow } from '#admin/port.ts'
import type { ReceiptKeyRow } from '#secret/port.ts'
import { read, write } from './context.ts'
import { appendTrail } from './trail.ts'

export const receiptKeyOperations = {
  receiptKeys: read(async (transaction, _nothing: null): Promise<readonly ReceiptKeyRow[]> => {
    const rows = await transaction.selectFrom('receipt_key').selectAll().orderBy('generation').execute()
    return rows.map((row) => ({
      generation: Number(row.generation),
      id: row.id,
      publicKey: row.public_key,
      sealed: row.sealed,
      createdMs: Number(row.created_ms),
      retiredMs: row.retired_ms === null ? null : Number(row.retired_ms),
    }))
  }),

  addReceiptKey: write(
    async (
      transaction,
      { row, trail }: { readonly row: ReceiptKeyRow; readonly trail: TrailRow | null },
    ): Promise<boolean> => {
      const { generation, id, publicKey, sealed, createdMs } = row
      const added = await transaction
        .insertInto('receipt_key')
        .values({ generation, id, public_key: publicKey, sealed, created_ms: createdMs, retired_ms: null })
        .onConflict((conflict) => conflict.column('generation').doNothing())
        .returning('id')
        .executeTakeFirst()
      if (added === undefined) return false
      await transaction
        .updateTable('receipt_key')
        .set({ retired_ms: createdMs })
        .where('generation', '<', BigInt(generation))
        .where('retired_ms', 'is', null)
        .execute()
      if (trail !== null) await appendTrail(transaction, trail)
      return true
    },
  ),
}
