/** Where the calls of a key and of a project may go, and whether answers may be given again. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const routing: SchemaStep = {
  number: 7,
  name: 'routing',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    await database.schema.alterTable('key').addColumn('regions', text).execute()
    await database.schema.alterTable('key').addColumn('cache_ms', whole).execute()
    await database.schema.alterTable('project').addColumn('regions', text).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('project').dropColumn('regions').execute()
    await database.schema.alterTable('key').dropColumn('cache_ms').execute()
    await database.schema.alterTable('key').dropColumn('regions').execute()
  },
}
