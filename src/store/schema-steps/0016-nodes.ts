/** What several nodes on one Postgres need: marks of what was committed, and books that nobody can write over. */

import { sql } from 'kysely'
import type { SchemaStep, StepDatabase } from './step.ts'
import { columnTypes } from './step.ts'

const appendOnlyTables = ['book_transaction', 'book_entry'] as const

/** What triggers of SQLite do since the books were made. */
const appendOnly = async (database: StepDatabase): Promise<void> => {
  await sql`create function drover_append_only() returns trigger language plpgsql as $$
    begin raise exception 'the books are append-only'; end $$`.execute(database)
  for (const table of appendOnlyTables)
    await sql`create trigger ${sql.raw(`${table}_append_only`)} before update or delete on ${sql.raw(table)}
      for each row execute function drover_append_only()`.execute(database)
}

export const nodes: SchemaStep = {
  number: 16,
  name: 'nodes',
  forward: async (database, dialect) => {
    if (dialect === 'sqlite') return
    const { text, whole } = columnTypes(dialect)
    await database.schema
      .createTable('commit_mark')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('at_ms', whole, (column) => column.notNull())
      .execute()
    await database.schema.createIndex('commit_mark_by_time').on('commit_mark').column('at_ms').execute()
    await appendOnly(database)
  },
  back: async (database, dialect) => {
    if (dialect === 'sqlite') return
    for (const table of appendOnlyTables)
      await sql`drop trigger ${sql.raw(`${table}_append_only`)} on ${sql.raw(table)}`.execute(database)
    await sql`drop function drover_append_only()`.execute(database)
    await database.schema.dropTable('commit_mark').execute()
  },
}
