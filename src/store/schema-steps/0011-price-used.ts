/** Price rows that have rated a call, by their hash: so that a receipt can be explained when its price is long gone. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const priceUsed: SchemaStep = {
  number: 11,
  name: 'price-used',
  forward: async (database, dialect) => {
    const { text } = columnTypes(dialect)
    const table = database.schema
      .createTable('price_used')
      .addColumn('hash', text, (column) => column.primaryKey().notNull())
      .addColumn('body', text, (column) => column.notNull())
    await finished(table, dialect).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('price_used').execute()
  },
}
