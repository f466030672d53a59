/** Responses that callers may come back to. */

import type { ResponseQuestion, ResponseRow } from '#resource/port.ts'
import { read, write } from './context.ts'

export const responseOperations = {
  keepResponse: write(async (transaction, row: ResponseRow): Promise<void> => {
    const { createdMs, expiresMs, ...rest } = row
    await transaction
      .insertInto('response')
      .values({ ...rest, created_ms: createdMs, expires_ms: expiresMs })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }),

  response: read(async (transaction, { id, holder, nowMs }: ResponseQuestion): Promise<ResponseRow | null> => {
    const row = await transaction
      .selectFrom('response')
      .selectAll()
      .where('id', '=', id)
      .where('holder', '=', holder)
      .where('expires_ms', '>', BigInt(nowMs))
      .executeTakeFirst()
    if (row === undefined) return null
    const { created_ms, expires_ms, ...rest } = row
    return { ...rest, createdMs: Number(created_ms), expiresMs: Number(expires_ms) }
  }),

  dropResponse: write(async (transaction, { id, holder, nowMs }: ResponseQuestion): Promise<boolean> => {
    const gone = await transaction
      .deleteFrom('response')
      .where('id', '=', id)
      .where('holder', '=', holder)
      .where('expires_ms', '>', BigInt(nowMs))
      .returning('id')
      .executeTakeFirst()
    return gone !== undefined
  }),

  sweepResponses: write(
    async (transaction, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> => {
      const rows = await transaction
        .selectFrom('response')
        .select(['id', 'holder'])
        .where('expires_ms', '<=', BigInt(nowMs))
        .orderBy('expires_ms')
        .limit(limit)
        .execute()
      for (const { id, holder } of rows)
        await transaction.deleteFrom('response').where('id', '=', id).where('holder', '=', holder).execute()
      return rows.length
    },
  ),
}
