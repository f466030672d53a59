/** What callers report of both arms is kept until it is counted, and nodes are told when a migration has changed. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const migrationReports: SchemaStep = {
  number: 38,
  name: 'migration reports',
  isAddition: true,
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    const report = database.schema
      .createTable('migration_report')
      .addColumn('migration', text, (column) => column.notNull().references('migration.id'))
      .addColumn('id', text, (column) => column.notNull())
      .addColumn('epoch', whole, (column) => column.notNull())
      .addColumn('step', whole, (column) => column.notNull())
      .addColumn('start_ms', whole, (column) => column.notNull())
      .addColumn('turn', text)
      .addPrimaryKeyConstraint('migration_report_key', ['migration', 'id'])
    await finished(report, dialect).execute()
    await sql`create index migration_report_waiting on migration_report (migration, start_ms) where turn is not null`.execute(
      database,
    )
    if (dialect === 'sqlite') return
    await sql`create function drover_tell_migration() returns trigger language plpgsql as $$
      begin perform pg_notify('drover_migration', new.id || ' ' || new.phase); return null; end $$`.execute(database)
    await sql`create trigger migration_told after insert or update of version on migration
      for each row execute function drover_tell_migration()`.execute(database)
  },
  back: async (database, dialect) => {
    if (dialect !== 'sqlite') {
      await sql`drop trigger migration_told on migration`.execute(database)
      await sql`drop function drover_tell_migration()`.execute(database)
    }
    await database.schema.dropTable('migration_report').execute()
  },
}
