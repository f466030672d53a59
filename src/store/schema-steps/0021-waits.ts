/** How long a call waited for its limits, and the longest gap in its stream. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const waits: SchemaStep = {
  number: 21,
  name: 'waits',
  forward: async (database, dialect) => {
    const { real } = columnTypes(dialect)
    await database.schema.alterTable('call').addColumn('queued_ms', real).execute()
    await database.schema.alterTable('call').addColumn('longest_gap_ms', real).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('call').dropColumn('longest_gap_ms').execute()
    await database.schema.alterTable('call').dropColumn('queued_ms').execute()
  },
}
