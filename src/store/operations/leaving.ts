/** What ends and who leaves: their keys end in the same transaction, and an organisation keeps an owner. */

import type { KeyRow } from '#admin/port.ts'
import { keyRow } from '#store/row/key-row.ts'
import type { Transaction } from './context.ts'

/** What keys are of. */
export type KeyOwner = 'project' | 'member'

export type Ending = { readonly id: string; readonly atMs: number }

/**
 * Ends the keys of a project or a member that have not ended before; gives them as they are then. Those of a member are the keys
 * for them, and the keys they made: of their own organisation all, as they have seen the secrets; of another one those that
 * manage, as the others were made for somebody who pays.
 */
export const endKeys = async (
  transaction: Transaction,
  owner: KeyOwner,
  { id, atMs }: Ending,
): Promise<readonly KeyRow[]> => {
  const rows = await transaction
    .updateTable('key')
    .set({ revoked_ms: atMs })
    .where((where) => {
      const own = where(owner, '=', id)
      if (owner === 'project') return own
      const home = where.selectFrom('member').select('member.organisation').where('member.id', '=', id)
      const reach = where.or([where('purpose', '=', 'admin'), where('organisation', '=', home)])
      return where.or([own, where.and([where('maker', '=', id), reach])])
    })
    .where((where) => where.or([where('revoked_ms', 'is', null), where('revoked_ms', '>', BigInt(atMs))]))
    .returningAll()
    .execute()
  return rows.map(keyRow)
}

export type Leaving = { readonly id: string; readonly organisation: string; readonly person?: string | null }

/** Whether somebody else owns the organisation; for an owner who signs in, somebody who does as well. */
export const hasOtherOwner = async (
  transaction: Transaction,
  { id, organisation, person }: Leaving,
): Promise<boolean> => {
  const owners = transaction
    .selectFrom('member')
    .select('id')
    .where('organisation', '=', organisation)
    .where('role', '=', 'owner')
    .where('removed_ms', 'is', null)
    .where('id', '!=', id)
  const other = await (person == null ? owners : owners.where('person', 'is not', null)).limit(1).executeTakeFirst()
  return other !== undefined
}

/** The member is one no more, and nobody signs in as them. Gives the keys that ended with it. */
export const takeOut = async (
  transaction: Transaction,
  { keepKeys, ...ending }: Ending & { readonly keepKeys: boolean },
): Promise<readonly KeyRow[]> => {
  await transaction
    .updateTable('member')
    .set({ removed_ms: ending.atMs, person: null })
    .where('id', '=', ending.id)
    .execute()
  return keepKeys ? [] : endKeys(transaction, 'member', ending)
}
