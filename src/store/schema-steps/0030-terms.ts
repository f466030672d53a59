/** Which terms of sale an account has accepted, who did, and when. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const terms: SchemaStep = {
  number: 30,
  name: 'terms',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    const table = database.schema
      .createTable('accepted_terms')
      .addColumn('account', text, (column) => column.notNull().references('account.id'))
      .addColumn('version', text, (column) => column.notNull())
      .addColumn('accepted_ms', whole, (column) => column.notNull())
      .addColumn('actor', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('accepted_terms_key', ['account', 'version'])
    await finished(table, dialect).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('accepted_terms').execute()
  },
}
