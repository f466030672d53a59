/** The ids that a key had before it was rotated: what was set for one of them holds for it. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const keyEarlier: SchemaStep = {
  number: 65,
  name: 'key-earlier',
  isAddition: true,
  forward: async (database, dialect) => {
    await database.schema.alterTable('key').addColumn('earlier', columnTypes(dialect).text).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('key').dropColumn('earlier').execute()
  },
}
