/** What an event says by its code, beside its text: who reads another language has it in theirs. Of events that there are, only the text is known. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const eventSaid: SchemaStep = {
  number: 61,
  name: 'event-said',
  isAddition: true,
  forward: async (database, dialect) => {
    await database.schema.alterTable('event').addColumn('said', columnTypes(dialect).text).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('event').dropColumn('said').execute()
  },
}
