/** Organisations, projects and accounts between the tables and the rooms. */

import type { Insertable, Selectable } from 'kysely'
import type { AccountRow, Billing, OrganisationRow, ProjectRow } from '#admin/port.ts'
import type { AccountMoneyTable, AccountTable, OrganisationTable, ProjectTable } from '#store/tables.ts'

export const organisationValues = (row: OrganisationRow): Insertable<OrganisationTable> => ({
  id: row.id,
  name: row.name,
  created_ms: row.createdMs,
})

export const organisationRow = (row: Selectable<OrganisationTable>): OrganisationRow => ({
  id: row.id,
  name: row.name,
  createdMs: Number(row.created_ms),
})

export const projectValues = (row: ProjectRow): Insertable<ProjectTable> => ({
  id: row.id,
  organisation: row.organisation,
  name: row.name,
  created_ms: row.createdMs,
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
