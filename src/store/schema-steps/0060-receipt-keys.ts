/** The keys that receipts are signed with; the private ones are sealed. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const receiptKeys: SchemaStep = {
  number: 60,
  name: 'receipt-keys',
  isAddition: true,
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const table = database.schema
      .createTable('receipt_key')
      .addColumn('generation', whole, (column) => column.primaryKey().notNull())
      .addColumn('id', text, (column) => column.notNull().unique())
      .addColumn('public_key', bytes, (column) => column.notNull())
      .addColumn('sealed', bytes, (column) => column.notNull())
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('retired_ms', whole)
    await finished(table, dialect).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('receipt_key').execute()
  },
}
