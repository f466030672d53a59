/** Of which key a key is a successor, in the end: their budgets and limits are one. Of keys that were rotated before, nobody knows. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const keyLine: SchemaStep = {
  number: 64,
  name: 'key-line',
  isAddition: true,
  forward: async (database, dialect) => {
    await database.schema.alterTable('key').addColumn('line', columnTypes(dialect).text).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('key').dropColumn('line').execute()
  },
}
