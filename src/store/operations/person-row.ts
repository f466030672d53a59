/** People and what they are members of, as they stand in the tables. */

import type { Selectable } from 'kysely'
import { Problem } from '#base/problem.ts'
import type { Membership, PersonRow } from '#identity/port.ts'
import type { Role } from '#identity/role.ts'
import type { PersonTable } from '#store/identity-tables.ts'
import type { Transaction } from './context.ts'

/** Nobody is a member of more organisations than are looked at. */
const membershipsMax = 1000

const timeOf = (value: bigint | null): number | null => (value === null ? null : Number(value))

export const personRow = (row: Selectable<PersonTable>): PersonRow => ({
  id: row.id,
  mail: row.mail,
  name: row.name,
  verifiedMs: timeOf(row.verified_ms),
  vouchedMs: timeOf(row.vouched_ms),
  password: row.password,
  totp: row.totp,
  totpMs: timeOf(row.totp_ms),
  totpStep: timeOf(row.totp_step),
  createdMs: Number(row.created_ms),
  closedMs: timeOf(row.closed_ms),
})

export const personById = async (transaction: Transaction, id: string): Promise<PersonRow> => {
  const row = await transaction.selectFrom('person').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined || row.closed_ms !== null)
    throw new Problem('not_found', { message: `There is no person ${id}.` })
  return personRow(row)
}

export const membershipsOf = async (transaction: Transaction, person: string): Promise<readonly Membership[]> => {
  const rows = await transaction
    .selectFrom('member')
    .innerJoin('organisation', 'organisation.id', 'member.organisation')
    .innerJoin('account', 'account.organisation', 'member.organisation')
    .select([
      'member.id as member',
      'member.role as role',
      'organisation.id as organisation',
      'organisation.name as name',
      'organisation.operator as operator',
      'account.id as account',
    ])
    .where('member.person', '=', person)
    .where('member.removed_ms', 'is', null)
    .orderBy('member.id')
    .limit(membershipsMax)
    .execute()
  return rows.map(({ operator, role, ...row }) => ({ ...row, role: role as Role, operator: operator === 1n }))
}
