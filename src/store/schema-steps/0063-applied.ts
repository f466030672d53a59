/** Providers and models that were applied: what a file says of each, without its credentials, and these sealed. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const applied: SchemaStep = {
  number: 63,
  name: 'applied',
  isAddition: true,
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const table = database.schema
      .createTable('applied')
      .addColumn('kind', text, (column) => column.notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('document', text, (column) => column.notNull())
      .addColumn('sealed', bytes)
      .addColumn('digest', text)
      .addColumn('sealed_ms', whole)
      .addColumn('changed_ms', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('applied_key', ['kind', 'name'])
    await finished(table, dialect).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('applied').execute()
  },
}
