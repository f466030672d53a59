/** Price rows that have rated a call, by their hash. */

import type { PriceRow } from '#base/price-row.ts'
import { priceUsedBody, priceUsedRow } from '#store/row/price-row.ts'
import { read, write } from './context.ts'

export const priceUsedOperations = {
  keepPriceRow: write(
    async (transaction, { hash, row }: { readonly hash: string; readonly row: PriceRow }): Promise<void> => {
      await transaction
        .insertInto('price_used')
        .values({ hash, body: priceUsedBody(row) })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
  ),

  priceRow: read(async (transaction, hash: string): Promise<PriceRow | null> => {
    const row = await transaction.selectFrom('price_used').select('body').where('hash', '=', hash).executeTakeFirst()
    return row === undefined ? null : priceUsedRow(row.body)
  }),
}
