/** What happened and who is told of it. */

import type { SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const outbox: SchemaStep = {
  number: 3,
  name: 'outbox',
  forward: async (database, dialect) => {
    const { text, whole, real } = columnTypes(dialect)
    const event = database.schema
      .createTable('event')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('time_ms', whole, (column) => column.notNull())
      .addColumn('account', text)
      .addColumn('object', text, (column) => column.notNull())
      .addColumn('message', text, (column) => column.notNull())
      .addColumn('figure', real)
      .addColumn('facts', text, (column) => column.notNull())
    await finished(event, dialect).execute()
    await database.schema.createIndex('event_by_time').on('event').columns(['time_ms', 'id']).execute()

    const delivery = database.schema
      .createTable('delivery')
      .addColumn('event', text, (column) => column.notNull().references('event.id'))
      .addColumn('recipient', text, (column) => column.notNull())
      .addColumn('state', text, (column) => column.notNull().check(sql`state in ('pending', 'delivered', 'dead')`))
      .addColumn('tries', whole, (column) => column.notNull().check(sql`tries >= 0`))
      .addColumn('next_ms', whole)
      .addColumn('delivered_ms', whole)
      .addColumn('error', text)
      .addPrimaryKeyConstraint('delivery_key', ['event', 'recipient'])
      .addCheckConstraint('delivery_next', sql`(state = 'pending') = (next_ms is not null)`)
    await finished(delivery, dialect).execute()
    await database.schema
      .createIndex('delivery_due')
      .on('delivery')
      .column('next_ms')
      .where(sql<SqlBool>`state = 'pending'`)
      .execute()
  },
  back: async (database) => {
    for (const table of ['delivery', 'event']) await database.schema.dropTable(table).execute()
  },
}
