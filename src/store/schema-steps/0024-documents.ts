/** Documents: numbered without gaps, never changed; and who they are made out to. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const documents: SchemaStep = {
  number: 24,
  name: 'documents',
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const series = database.schema
      .createTable('document_series')
      .addColumn('series', text, (column) => column.primaryKey().notNull())
      .addColumn('last', whole, (column) => column.notNull())
    await finished(series, dialect).execute()
    const document = database.schema
      .createTable('document')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('number', text, (column) => column.notNull().unique())
      .addColumn('kind', text, (column) => column.notNull().check(sql`kind in ('invoice', 'statement', 'credit_note')`))
      .addColumn('account', text, (column) => column.notNull().references('account.id'))
      .addColumn('source', text, (column) => column.notNull().unique())
      .addColumn('series', text, (column) => column.notNull().references('document_series.series'))
      .addColumn('position', whole, (column) => column.notNull())
      .addColumn('issued_ms', whole, (column) => column.notNull())
      .addColumn('currency', text, (column) => column.notNull())
      .addColumn('total_nano', whole, (column) => column.notNull())
      .addColumn('content', text, (column) => column.notNull())
      .addColumn('hash', text, (column) => column.notNull())
      .addColumn('file_hash', text)
      .addUniqueConstraint('document_position', ['series', 'position'])
    await finished(document, dialect).execute()
    await database.schema.createIndex('document_by_account').on('document').columns(['account', 'id']).execute()
    const file = database.schema
      .createTable('document_file')
      .addColumn('document', text, (column) => column.primaryKey().notNull().references('document.id'))
      .addColumn('bytes', bytes, (column) => column.notNull())
    await finished(file, dialect).execute()
    const profile = database.schema
      .createTable('billing_profile')
      .addColumn('account', text, (column) => column.primaryKey().notNull().references('account.id'))
      .addColumn('facts', text, (column) => column.notNull())
    await finished(profile, dialect).execute()
    if (dialect !== 'sqlite') return
    // As the books: whoever has the file in hand by other means than this program is told so.
    for (const table of ['document', 'document_file'])
      await sql`create trigger ${sql.raw(`${table}_no_delete`)} before delete on ${sql.raw(table)}
        begin select raise(abort, 'documents stay as they were issued'); end`.execute(database)
    await sql`create trigger document_no_update before update on document
      when old.file_hash is not null or new.content <> old.content or new.number <> old.number or new.hash <> old.hash
      begin select raise(abort, 'documents stay as they were issued'); end`.execute(database)
  },
  back: async (database) => {
    for (const table of ['billing_profile', 'document_file', 'document', 'document_series'])
      await database.schema.dropTable(table).execute()
  },
}
