/** Responses that callers may come back to. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const responses: SchemaStep = {
  number: 15,
  name: 'responses',
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const response = database.schema
      .createTable('response')
      .addColumn('id', text, (column) => column.notNull())
      .addColumn('holder', text, (column) => column.notNull())
      .addColumn('call', text, (column) => column.notNull())
      .addColumn('provider', text)
      .addColumn('body', bytes)
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('expires_ms', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('response_key', ['id', 'holder'])
    await finished(response, dialect).execute()
    await database.schema.createIndex('response_by_expiry').on('response').column('expires_ms').execute()
  },
  back: async (database) => {
    await database.schema.dropTable('response').execute()
  },
}
