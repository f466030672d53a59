/** What ends and who leaves: their keys end in the same transaction, and an organisation keeps an owner. */

import type { KeyRow, TrailRow } from '#admin/port.ts'
import type { Role } from '#identity/role.ts'
import { rankOf, roles } from '#identity/role.ts'
import { keyRow } from '#store/row/key-row.ts'
import type { Transaction } from './context.ts'

/** What keys are of. */
export type KeyOwner = 'project' | 'member'

const rolesAbove = (role: Role): readonly Role[] => roles.filter((one) => rankOf(one) > rankOf(role))

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

/** Ends the keys that manage, are for the member or made by them, and may more than the role; gives them as they are then. */
export const endKeysAbove = async (
  transaction: Transaction,
  role: Role,
  { id, atMs }: Ending,
): Promise<readonly KeyRow[]> => {
  const rows = await transaction
    .updateTable('key')
    .set({ revoked_ms: atMs })
    .where('purpose', '=', 'admin')
    .where((where) => where.or([where('member', '=', id), where('maker', '=', id)]))
    .where((where) => where.or([where('role', 'is', null), where('role', 'in', rolesAbove(role))]))
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

/** The row as other nodes and readers of the trail have it: which keys ended with the change. */
export const withEnded = (trail: TrailRow, keys: readonly Pick<KeyRow, 'id'>[]): TrailRow => ({
  ...trail,
  after: JSON.stringify({
    ...(trail.after === null ? {} : (JSON.parse(trail.after) as object)),
    revoked_keys: keys.map((key) => key.id).sort(),
  }),
})

/** Whom the member has asked into their organisation, and who has not come yet, is not let in any more. */
const dropInvitations = async (transaction: Transaction, member: string): Promise<void> => {
  const rows = await transaction
    .selectFrom('one_time')
    .select(['digest', 'data'])
    .where('kind', '=', 'invitation')
    .where('organisation', '=', transaction.selectFrom('member').select('organisation').where('id', '=', member))
    .execute()
  const by = (data: string) => (JSON.parse(data) as { readonly by?: readonly string[] }).by ?? []
  const mine = rows.filter(({ data }) => by(data).includes(member)).map(({ digest }) => digest)
  if (mine.length > 0) await transaction.deleteFrom('one_time').where('digest', 'in', mine).execute()
}

/** The member is one no more, nobody signs in as them, and their invitations end. Gives the keys that ended with it. */
export const takeOut = async (
  transaction: Transaction,
  { keepKeys, ...ending }: Ending & { readonly keepKeys: boolean },
): Promise<readonly KeyRow[]> => {
  await transaction
    .updateTable('member')
    .set({ removed_ms: ending.atMs, person: null })
    .where('id', '=', ending.id)
    .execute()
  await dropInvitations(transaction, ending.id)
  return keepKeys ? [] : endKeys(transaction, 'member', ending)
}
