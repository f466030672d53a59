/** What processes have found by copying calls of a migration. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const shadows: SchemaStep = {
  number: 29,
  name: 'shadows',
  forward: async (database, dialect) => {
    const { text } = columnTypes(dialect)
    const shadow = database.schema
      .createTable('migration_shadow')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('source', text, (column) => column.notNull())
      .addColumn('log', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_shadow_key', ['migration', 'source'])
    await finished(shadow, dialect).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('migration_shadow').execute()
  },
}
