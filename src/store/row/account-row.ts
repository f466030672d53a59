/** Organisations, projects and accounts between the tables and the rooms. */

import type { Insertable, Selectable } from 'kysely'
import type { AccountRow, Billing, MemberRow, OrganisationRow, ProjectRow } from '#admin/port.ts'
import type { Role } from '#identity/role.ts'
import type { AccountMoneyTable, AccountTable, MemberTable, OrganisationTable, ProjectTable } from '#store/tables.ts'

export const organisationValues = (row: OrganisationRow): Insertable<OrganisationTable> => ({
  id: row.id,
  name: row.name,
  created_ms: row.createdMs,
  operator: row.operator === true ? 1 : 0,
})

export const organisationRow = (row: Selectable<OrganisationTable>): OrganisationRow => ({
  id: row.id,
  name: row.name,
  createdMs: Number(row.created_ms),
  ...(row.operator === 1n ? { operator: true } : {}),
})

export const projectValues = (row: ProjectRow): Insertable<ProjectTable> => ({
  id: row.id,
  organisation: row.organisation,
  name: row.name,
  created_ms: row.createdMs,
  archived_ms: row.archivedMs,
  regions: row.regions === undefined || row.regions === null ? null : JSON.stringify(row.regions),
})

const timeOf = (value: bigint | null): number | null => (value === null ? null : Number(value))

export const projectRow = (row: Selectable<ProjectTable>): ProjectRow => ({
  id: row.id,
  organisation: row.organisation,
  name: row.name,
  createdMs: Number(row.created_ms),
  archivedMs: timeOf(row.archived_ms),
  ...(row.regions === null ? {} : { regions: JSON.parse(row.regions) as readonly string[] }),
})

export const memberValues = (row: MemberRow): Insertable<MemberTable> => ({
  id: row.id,
  organisation: row.organisation,
  mail: row.mail,
  role: row.role,
  created_ms: row.createdMs,
  removed_ms: row.removedMs,
  person: row.person ?? null,
})

export const memberRow = (row: Selectable<MemberTable>): MemberRow => ({
  id: row.id,
  organisation: row.organisation,
  mail: row.mail,
  role: row.role as Role,
  createdMs: Number(row.created_ms),
  removedMs: timeOf(row.removed_ms),
  ...(row.person === null ? {} : { person: row.person }),
})

export const accountValues = (row: AccountRow): Insertable<AccountTable> => ({
  id: row.id,
  organisation: row.organisation,
  name: row.name,
  billing: row.billing,
  plan: row.plan,
  created_ms: row.createdMs,
})

export const accountRow = (row: Selectable<AccountTable>): AccountRow => ({
  id: row.id,
  organisation: row.organisation,
  name: row.name,
  billing: row.billing as Billing,
  plan: row.plan,
  createdMs: Number(row.created_ms),
  ...(row.plan !== null && row.plan === row.chosen_plan ? { choseItsPlan: true } : {}),
})

/** The money of a new account: none. */
export const accountMoneyValues = (row: AccountRow): Insertable<AccountMoneyTable> => ({
  account: row.id,
  billing: row.billing,
  state: 'open',
  credit_nano_usd: 0n,
  owed_nano_usd: 0n,
  held_nano_usd: 0n,
  spent_nano_usd: 0n,
  credit_limit_nano_usd: row.creditLimitNanoUsd ?? 0n,
  expiry_ms: null,
})
