/** Organisations, projects, accounts. */

import type { AccountRow, OrganisationRow, Page, ProjectRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { AccountState } from '#ledger/port.ts'
import {
  accountMoneyValues,
  accountRow,
  accountValues,
  organisationRow,
  organisationValues,
  projectValues,
} from '#store/row/account-row.ts'
import type { Transaction } from './context.ts'
import { read } from './context.ts'
import { checkLimit } from './page.ts'

export type AccountRows = {
  readonly organisation: OrganisationRow
  readonly project: ProjectRow
  readonly account: AccountRow
}

const taken = (noun: string, name: string): Problem =>
  new Problem('conflict', {
    ...saying('name_exists', { noun, name }),
    param: 'name',
  })

/** `on conflict do nothing` and not a failing insert, because Postgres ends a transaction in which one failed. */
export const insertAccount = async (transaction: Transaction, rows: AccountRows): Promise<void> => {
  const organisation = await transaction
    .insertInto('organisation')
    .values(organisationValues(rows.organisation))
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (organisation === undefined) throw taken('organisation', rows.organisation.name)
  await transaction.insertInto('project').values(projectValues(rows.project)).execute()
  const account = await transaction
    .insertInto('account')
    .values(accountValues(rows.account))
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (account === undefined) throw taken('account', rows.account.name)
  await transaction.insertInto('account_money').values(accountMoneyValues(rows.account)).execute()
}

export const accountOperations = {
  organisations: read(async (transaction, page: Page): Promise<readonly OrganisationRow[]> => {
    let query = transaction.selectFrom('organisation').selectAll().orderBy('id').limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', '>', page.after)
    return (await query.execute()).map(organisationRow)
  }),

  accounts: read(async (transaction, page: Page): Promise<readonly AccountRow[]> => {
    let query = transaction.selectFrom('account').selectAll().orderBy('id').limit(checkLimit(page.limit))
    if (page.after !== null) query = query.where('id', '>', page.after)
    return (await query.execute()).map(accountRow)
  }),

  accountStates: read(
    async (transaction, ids: readonly string[]): Promise<readonly (readonly [id: string, state: AccountState])[]> => {
      if (ids.length === 0) return []
      checkLimit(ids.length)
      const rows = await transaction
        .selectFrom('account_money')
        .select(['account', 'state'])
        .where('account', 'in', [...ids])
        .execute()
      return rows.map(({ account, state }) => [account, state as AccountState] as const)
    },
  ),

  account: read(async (transaction, idOrName: string): Promise<AccountRow | null> => {
    const accounts = transaction.selectFrom('account').selectAll()
    const row =
      (await accounts.where('id', '=', idOrName).executeTakeFirst()) ??
      (await accounts.where('name', '=', idOrName).executeTakeFirst())
    return row === undefined ? null : accountRow(row)
  }),
}
