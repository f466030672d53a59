/** How often models answered when they were asked, by the hour. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const availability: SchemaStep = {
  number: 23,
  name: 'availability',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    await database.schema
      .createTable('model_hour')
      .addColumn('start_ms', whole, (column) => column.notNull())
      .addColumn('model', text, (column) => column.notNull())
      .addColumn('answered', whole, (column) => column.notNull())
      .addColumn('failed', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('model_hour_key', ['start_ms', 'model'])
      .modifyEnd(sql.raw(dialect === 'sqlite' ? 'strict, without rowid' : ''))
      .execute()
  },
  back: async (database) => {
    await database.schema.dropTable('model_hour').execute()
  },
}
