/** The operator's price book, proposals of other tables, and on each call how its price was come by. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const prices: SchemaStep = {
  number: 10,
  name: 'prices',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    const entry = database.schema
      .createTable('price_entry')
      .addColumn('sequence', dialect === 'sqlite' ? 'integer' : 'bigint', (column) =>
        dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedAlwaysAsIdentity(),
      )
      .addColumn('id', text, (column) => column.notNull().unique())
      .addColumn('kind', text, (column) => column.notNull().check(sql`kind in ('list', 'sale', 'rule', 'fx')`))
      .addColumn('body', text, (column) => column.notNull())
      .addColumn('note', text)
      .addColumn('actor', text, (column) => column.notNull())
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('withdrawn_ms', whole)
    await finished(entry, dialect).execute()

    const proposal = database.schema
      .createTable('price_proposal')
      .addColumn('source', text, (column) => column.notNull())
      .addColumn('line', whole, (column) => column.notNull())
      .addColumn('read', text, (column) => column.notNull())
      .addColumn('body', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('price_proposal_key', ['source', 'line'])
    await finished(proposal, dialect).execute()

    await database.schema.alterTable('call').addColumn('pricing', text).execute()
    await database.schema.alterTable('call').addColumn('family', text).execute()
    await database.schema.alterTable('call').addColumn('base_nano_usd', whole).execute()
  },
  back: async (database) => {
    for (const column of ['base_nano_usd', 'family', 'pricing'])
      await database.schema.alterTable('call').dropColumn(column).execute()
    for (const table of ['price_proposal', 'price_entry']) await database.schema.dropTable(table).execute()
  },
}
