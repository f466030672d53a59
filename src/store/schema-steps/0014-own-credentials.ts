/** Provider credentials that accounts have brought: sealed, with the last characters for people. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const ownCredentials: SchemaStep = {
  number: 14,
  name: 'own-credentials',
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const credential = database.schema
      .createTable('own_credential')
      .addColumn('account', text, (column) => column.notNull().references('account.id'))
      .addColumn('provider', text, (column) => column.notNull())
      .addColumn('sealed', bytes, (column) => column.notNull())
      .addColumn('ending', text, (column) => column.notNull())
      .addColumn('fee_basis_points', whole, (column) =>
        column.notNull().check(sql`fee_basis_points between 0 and 10000`),
      )
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('own_credential_key', ['account', 'provider'])
    await finished(credential, dialect).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('own_credential').execute()
  },
}
