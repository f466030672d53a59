/** What an admin key may do; keys that there are may do everything. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const roles: SchemaStep = {
  number: 27,
  name: 'roles',
  forward: async (database, dialect) => {
    await database.schema.alterTable('key').addColumn('role', columnTypes(dialect).text).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('key').dropColumn('role').execute()
  },
}
