/** What models need back in the next turn and callers' formats have no room for. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const carried: SchemaStep = {
  number: 19,
  name: 'carried',
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const table = database.schema
      .createTable('carried')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('holder', text, (column) => column.notNull())
      .addColumn('body', bytes, (column) => column.notNull())
      .addColumn('size_bytes', whole, (column) => column.notNull())
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('expires_ms', whole, (column) => column.notNull())
    await finished(table, dialect).execute()
    await database.schema.createIndex('carried_by_expiry').on('carried').column('expires_ms').execute()
    await database.schema.createIndex('carried_by_holder').on('carried').columns(['holder', 'created_ms']).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('carried').execute()
  },
}
