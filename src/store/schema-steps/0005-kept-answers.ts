/** Answers that are given again under an Idempotency-Key. */

import type { SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const keptAnswers: SchemaStep = {
  number: 5,
  name: 'kept-answers',
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const answer = database.schema
      .createTable('kept_answer')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('asked', text, (column) => column.notNull())
      .addColumn('call', text, (column) => column.notNull())
      .addColumn('owner', text, (column) => column.notNull())
      .addColumn('state', text, (column) => column.notNull().check(sql`state in ('running', 'kept', 'ended')`))
      .addColumn('head', bytes)
      .addColumn('reason', text)
      .addColumn('size_bytes', whole, (column) => column.notNull().check(sql`size_bytes >= 0`))
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('expires_ms', whole, (column) => column.notNull())
      .addCheckConstraint('kept_answer_head', sql`(state = 'kept') = (head is not null)`)
    await finished(answer, dialect).execute()
    await database.schema.createIndex('kept_answer_by_expiry').on('kept_answer').column('expires_ms').execute()
    await database.schema
      .createIndex('kept_answer_running')
      .on('kept_answer')
      .column('owner')
      .where(sql<SqlBool>`state = 'running'`)
      .execute()
    const piece = database.schema
      .createTable('kept_answer_piece')
      .addColumn('id', text, (column) => column.notNull())
      .addColumn('call', text, (column) => column.notNull())
      .addColumn('place', whole, (column) => column.notNull())
      .addColumn('bytes', bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint('kept_answer_piece_key', ['id', 'call', 'place'])
    await finished(piece, dialect).execute()
  },
  back: async (database) => {
    for (const table of ['kept_answer_piece', 'kept_answer']) await database.schema.dropTable(table).execute()
  },
}
