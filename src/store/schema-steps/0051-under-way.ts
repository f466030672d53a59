/** What calls under way need of what was lent to a node: the rest of a lease is not shown as held. */

import type { SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const underWay: SchemaStep = {
  number: 51,
  name: 'under-way',
  isAddition: true,
  forward: async (database, dialect) => {
    const { whole } = columnTypes(dialect)
    await database.schema.alterTable('hold').addColumn('under_way_nano_usd', whole).execute()
    // Of what never changes while a lease is open, so that Postgres touches no index when it is told of one.
    await database.schema
      .createIndex('hold_lease')
      .on('hold')
      .column('account')
      .where(sql<SqlBool>`state = 'open' and substr(call, 1, 6) = 'lease/'`)
      .execute()
  },
  back: async (database) => {
    await database.schema.dropIndex('hold_lease').execute()
    await database.schema.alterTable('hold').dropColumn('under_way_nano_usd').execute()
  },
}
