/** Provider credentials of accounts. They are sealed before they come here. */

import type { OwnCredentialPage, OwnCredentialRow, TrailRow } from '#admin/port.ts'
import { read, write } from './context.ts'
import { checkLimit } from './page.ts'
import { appendTrail } from './trail.ts'

type Which = { readonly account: string; readonly provider: string; readonly trail: TrailRow }

export const ownCredentialOperations = {
  ownCredentials: read(async (transaction, page: OwnCredentialPage): Promise<readonly OwnCredentialRow[]> => {
    const { limit, after, account } = page
    let query = transaction
      .selectFrom('own_credential')
      .selectAll()
      .orderBy('account')
      .orderBy('provider')
      .limit(checkLimit(limit))
    if (account !== null) query = query.where('account', '=', account)
    if (after !== null)
      query = query.where((where) =>
        where.or([
          where('account', '>', after.account),
          where.and([where('account', '=', after.account), where('provider', '>', after.provider)]),
        ]),
      )
    return (await query.execute()).map((row) => ({
      account: row.account,
      provider: row.provider,
      sealed: row.sealed,
      ending: row.ending,
      feeBasisPoints: Number(row.fee_basis_points),
      createdMs: Number(row.created_ms),
    }))
  }),

  setOwnCredential: write(
    async (
      transaction,
      { row, trail }: { readonly row: OwnCredentialRow; readonly trail: TrailRow },
    ): Promise<void> => {
      const { account, provider } = row
      const changed = {
        sealed: row.sealed,
        ending: row.ending,
        fee_basis_points: row.feeBasisPoints,
        created_ms: row.createdMs,
      }
      await transaction
        .insertInto('own_credential')
        .values({ account, provider, ...changed })
        .onConflict((conflict) => conflict.columns(['account', 'provider']).doUpdateSet(changed))
        .execute()
      await appendTrail(transaction, trail)
    },
  ),

  removeOwnCredential: write(async (transaction, { account, provider, trail }: Which): Promise<boolean> => {
    const gone = await transaction
      .deleteFrom('own_credential')
      .where('account', '=', account)
      .where('provider', '=', provider)
      .returning('account')
      .executeTakeFirst()
    if (gone !== undefined) await appendTrail(transaction, trail)
    return gone !== undefined
  }),
}
