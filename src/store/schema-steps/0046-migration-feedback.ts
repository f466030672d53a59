/** What people say of answers, and the turns that they may say it of. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const migrationFeedback: SchemaStep = {
  number: 46,
  name: 'migration feedback',
  isAddition: true,
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    const call = database.schema
      .createTable('migration_call')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('call', text, (column) => column.notNull())
      .addColumn('epoch', whole, (column) => column.notNull())
      .addColumn('step', whole, (column) => column.notNull())
      .addColumn('arm', text, (column) => column.notNull())
      .addColumn('unit', text)
      .addColumn('start_ms', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_call_key', ['migration', 'call'])
    await finished(call, dialect).execute()
    await database.schema
      .createIndex('migration_call_unit')
      .on('migration_call')
      .columns(['migration', 'unit'])
      .execute()
    await database.schema
      .createIndex('migration_call_start')
      .on('migration_call')
      .columns(['migration', 'start_ms'])
      .execute()
    const feedback = database.schema
      .createTable('migration_feedback')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('call', text, (column) => column.notNull())
      .addColumn('bad', whole, (column) => column.notNull())
      .addColumn('time_ms', whole, (column) => column.notNull())
      .addColumn('fate', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('migration_feedback_key', ['migration', 'call'])
    await finished(feedback, dialect).execute()
    await sql`create index migration_feedback_waiting on migration_feedback (migration, time_ms) where fate = 0`.execute(
      database,
    )
  },
  back: async (database) => {
    for (const table of ['migration_feedback', 'migration_call']) await database.schema.dropTable(table).execute()
  },
}
