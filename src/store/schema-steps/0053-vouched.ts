/** Who was let in by a link that was handed over: their mail address is proven by nothing. Of people that there are, nobody knows. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const vouched: SchemaStep = {
  number: 53,
  name: 'vouched',
  isAddition: true,
  forward: async (database, dialect) => {
    await database.schema.alterTable('person').addColumn('vouched_ms', columnTypes(dialect).whole).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('person').dropColumn('vouched_ms').execute()
  },
}
