/** What models need back in the next turn and callers' formats have no room for. */

import type { Selectable } from 'kysely'
import type { CarriedBound, CarriedQuestion, CarriedRow } from '#resource/port.ts'
import type { CarriedTable } from '#store/kept-tables.ts'
import { read, write } from './context.ts'

const rowOf = ({ id, holder, body, created_ms, expires_ms }: Selectable<CarriedTable>): CarriedRow => ({
  id,
  holder,
  body,
  createdMs: Number(created_ms),
  expiresMs: Number(expires_ms),
})

export const carriedOperations = {
  keepCarried: write(async (transaction, rows: readonly CarriedRow[]): Promise<void> => {
    for (const { id, holder, body, createdMs, expiresMs } of rows) {
      const values = { holder, body, size_bytes: body.length, created_ms: createdMs, expires_ms: expiresMs }
      await transaction
        .insertInto('carried')
        .values({ id, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute()
    }
  }),

  carried: read(async (transaction, { ids, holder, nowMs }: CarriedQuestion): Promise<readonly CarriedRow[]> => {
    if (ids.length === 0) return []
    const rows = await transaction
      .selectFrom('carried')
      .selectAll()
      .where('id', 'in', [...ids])
      .where('holder', '=', holder)
      .where('expires_ms', '>', BigInt(nowMs))
      .execute()
    return rows.map(rowOf)
  }),

  boundCarried: write(async (transaction, { holder, entriesMax, bytesMax }: CarriedBound): Promise<number> => {
    const rows = await transaction
      .selectFrom('carried')
      .select(['id', 'size_bytes'])
      .where('holder', '=', holder)
      .orderBy('created_ms', 'desc')
      .orderBy('id')
      .execute()
    let sizeBytes = 0
    const over = rows.filter(({ size_bytes }, index) => {
      sizeBytes += Number(size_bytes)
      return index >= entriesMax || sizeBytes > bytesMax
    })
    for (const { id } of over) await transaction.deleteFrom('carried').where('id', '=', id).execute()
    return over.length
  }),

  sweepCarried: write(
    async (transaction, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> => {
      const rows = await transaction
        .selectFrom('carried')
        .select('id')
        .where('expires_ms', '<=', BigInt(nowMs))
        .orderBy('expires_ms')
        .limit(limit)
        .execute()
      for (const { id } of rows) await transaction.deleteFrom('carried').where('id', '=', id).execute()
      return rows.length
    },
  ),
}
