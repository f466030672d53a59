/** Nodes and mandates on Postgres, and word of changes as they are committed. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const cluster: SchemaStep = {
  number: 22,
  name: 'cluster',
  forward: async (database, dialect) => {
    if (dialect === 'sqlite') return
    const { text, whole } = columnTypes(dialect)
    await database.schema
      .createTable('node')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('boot', text, (column) => column.notNull())
      .addColumn('url', text)
      .addColumn('version', text, (column) => column.notNull())
      .addColumn('digest', text)
      .addColumn('started_ms', whole, (column) => column.notNull())
      .addColumn('heard_ms', whole, (column) => column.notNull())
      .execute()
    await database.schema
      .createTable('mandate')
      .addColumn('name', text, (column) => column.primaryKey().notNull())
      .addColumn('holder', text, (column) => column.notNull())
      .addColumn('term', whole, (column) => column.notNull())
      .addColumn('until_ms', whole, (column) => column.notNull())
      .execute()
    await sql`create function drover_tell() returns trigger language plpgsql as $$
      begin perform pg_notify('drover_trail', new.position::text); return null; end $$`.execute(database)
    await sql`create trigger trail_head_told after update of position on trail_head
      for each row execute function drover_tell()`.execute(database)
  },
  back: async (database, dialect) => {
    if (dialect === 'sqlite') return
    await sql`drop trigger trail_head_told on trail_head`.execute(database)
    await sql`drop function drover_tell()`.execute(database)
    for (const table of ['mandate', 'node']) await database.schema.dropTable(table).execute()
  },
}
