/**
 * Between which calls of the log the index tells whose calls have failed: that is made for calls that come from now on, since making it for all that there are would keep a start
 * waiting. A node of before leaves it out and does not know of these columns: it is noticed by `rolled_to`, which it moves alone.
 */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

const columns = ['paired_from', 'paired_to'] as const

export const failedTraits: SchemaStep = {
  number: 62,
  name: 'failed-traits',
  isAddition: true,
  forward: async (database, dialect) => {
    const { whole } = columnTypes(dialect)
    for (const name of columns)
      await database.schema
        .alterTable('usage_head')
        .addColumn(name, whole, (column) => column.notNull().defaultTo(0))
        .execute()
  },
  back: async (database) => {
    for (const name of columns) await database.schema.alterTable('usage_head').dropColumn(name).execute()
  },
}
