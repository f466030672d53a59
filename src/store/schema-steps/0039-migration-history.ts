/** What is shown of a migration beside its tests: strata of its turns, and how its tests stood over time. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const migrationHistory: SchemaStep = {
  number: 39,
  name: 'migration history',
  isAddition: true,
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    const stratum = database.schema
      .createTable('migration_stratum')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('epoch', whole, (column) => column.notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('sums', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_stratum_key', ['migration', 'epoch', 'name'])
    await finished(stratum, dialect).execute()
    const point = database.schema
      .createTable('migration_point')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('epoch', whole, (column) => column.notNull())
      .addColumn('time_ms', whole, (column) => column.notNull())
      .addColumn('point', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_point_key', ['migration', 'epoch', 'time_ms'])
    await finished(point, dialect).execute()
  },
  back: async (database) => {
    for (const table of ['migration_point', 'migration_stratum']) await database.schema.dropTable(table).execute()
  },
}
