/** What a node journals of its calls, in the embedded store beside its data. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const journal: SchemaStep = {
  number: 25,
  name: 'journal',
  forward: async (database, dialect) => {
    const { text } = columnTypes(dialect)
    const table = database.schema
      .createTable('journal_call')
      .addColumn('call', text, (column) => column.primaryKey().notNull())
      .addColumn('body', text, (column) => column.notNull())
    await finished(table, dialect).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('journal_call').execute()
  },
}
