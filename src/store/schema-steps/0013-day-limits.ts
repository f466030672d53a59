/** What a key may do in a day. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const dayLimits: SchemaStep = {
  number: 13,
  name: 'day-limits',
  forward: async (database, dialect) => {
    const { whole } = columnTypes(dialect)
    await database.schema.alterTable('key').addColumn('requests_per_day', whole).execute()
    await database.schema.alterTable('key').addColumn('tokens_per_day', whole).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('key').dropColumn('tokens_per_day').execute()
    await database.schema.alterTable('key').dropColumn('requests_per_day').execute()
  },
}
