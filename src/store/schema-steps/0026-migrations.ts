/** Migrations of traffic: their state, every decision, and the evidence as sums. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const migrations: SchemaStep = {
  number: 26,
  name: 'migrations',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    const migration = database.schema
      .createTable('migration')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('file', text, (column) => column.notNull())
      .addColumn('digest', text, (column) => column.notNull())
      .addColumn('salt', text, (column) => column.notNull())
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('facts', text, (column) => column.notNull())
      .addColumn('phase', text, (column) => column.notNull())
      .addColumn('state', text, (column) => column.notNull())
      .addColumn('version', whole, (column) => column.notNull())
      .addColumn('checked_ms', whole, (column) => column.notNull())
    await finished(migration, dialect).execute()
    await database.schema.createIndex('migration_by_name').on('migration').columns(['name', 'id']).execute()
    // Whatever two nodes do at once: of one name no more than one moves traffic.
    await sql`create unique index migration_live_name on migration (name) where phase not in ('rolled_back', 'aborted')`.execute(
      database,
    )
    const decision = database.schema
      .createTable('migration_decision')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('number', whole, (column) => column.notNull())
      .addColumn('time_ms', whole, (column) => column.notNull())
      .addColumn('decision', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_decision_key', ['migration', 'number'])
    await finished(decision, dialect).execute()
    const cell = database.schema
      .createTable('migration_cell')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('epoch', whole, (column) => column.notNull())
      .addColumn('cell', text, (column) => column.notNull())
      .addColumn('sums', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_cell_key', ['migration', 'epoch', 'cell'])
    await finished(cell, dialect).execute()
    const unit = database.schema
      .createTable('migration_unit')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('epoch', whole, (column) => column.notNull())
      .addColumn('unit', text, (column) => column.notNull())
      .addColumn('tally', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_unit_key', ['migration', 'epoch', 'unit'])
    await finished(unit, dialect).execute()
    const source = database.schema
      .createTable('migration_source')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('source', text, (column) => column.notNull())
      .addColumn('sequence', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_source_key', ['migration', 'source'])
    await finished(source, dialect).execute()
    if (dialect !== 'sqlite') return
    for (const event of ['update', 'delete'])
      await sql`create trigger ${sql.raw(`migration_decision_no_${event}`)} before ${sql.raw(event)} on migration_decision
        begin select raise(abort, 'decisions stay as they were made'); end`.execute(database)
  },
  back: async (database) => {
    for (const table of ['migration_source', 'migration_unit', 'migration_cell', 'migration_decision', 'migration'])
      await database.schema.dropTable(table).execute()
  },
}
