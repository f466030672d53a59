/** Fapiao: the titles that they are made out to, and the queue of requests, each with the file that the tax office's system gave. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const fapiao: SchemaStep = {
  number: 28,
  name: 'fapiao',
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const title = database.schema
      .createTable('fapiao_title')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('account', text, (column) => column.notNull().references('account.id'))
      .addColumn('facts', text, (column) => column.notNull())
      .addColumn('removed_ms', whole)
    await finished(title, dialect).execute()
    await database.schema.createIndex('fapiao_title_by_account').on('fapiao_title').column('account').execute()
    const request = database.schema
      .createTable('fapiao_request')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('account', text, (column) => column.notNull().references('account.id'))
      .addColumn('title', text, (column) => column.notNull())
      .addColumn('kind', text, (column) => column.notNull().check(sql`kind in ('ordinary', 'special')`))
      .addColumn('amount_nano', whole, (column) => column.notNull().check(sql`amount_nano > 0`))
      .addColumn('state', text, (column) =>
        column.notNull().check(sql`state in ('requested', 'issued', 'rejected', 'red')`),
      )
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('changed_ms', whole, (column) => column.notNull())
      .addColumn('number', text, (column) => column.unique())
      .addColumn('red_number', text, (column) => column.unique())
      .addColumn('reason', text)
    await finished(request, dialect).execute()
    await database.schema.createIndex('fapiao_by_account').on('fapiao_request').columns(['account', 'id']).execute()
    const file = database.schema
      .createTable('fapiao_file')
      .addColumn('request', text, (column) => column.primaryKey().notNull().references('fapiao_request.id'))
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('bytes', bytes, (column) => column.notNull())
    await finished(file, dialect).execute()
  },
  back: async (database) => {
    for (const table of ['fapiao_file', 'fapiao_request', 'fapiao_title'])
      await database.schema.dropTable(table).execute()
  },
}
