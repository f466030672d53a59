/** Where conversations of a migration are, as nodes tell each other. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const migrationPins: SchemaStep = {
  number: 57,
  name: 'migration pins',
  isAddition: true,
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    const pin = database.schema
      .createTable('migration_pin')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('unit', text, (column) => column.notNull())
      .addColumn('arm', text, (column) => column.notNull())
      .addColumn('step', whole, (column) => column.notNull())
      .addColumn('moved', whole, (column) => column.notNull())
      .addColumn('at_ms', whole, (column) => column.notNull())
      .addColumn('number', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_pin_key', ['migration', 'unit'])
    await finished(pin, dialect).execute()
    await database.schema
      .createIndex('migration_pin_number')
      .on('migration_pin')
      .columns(['migration', 'number'])
      .execute()
  },
  back: async (database) => {
    await database.schema.dropTable('migration_pin').execute()
  },
}
