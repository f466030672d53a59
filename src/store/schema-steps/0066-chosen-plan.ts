/** The plan that a customer chose itself: a file that is applied leaves it. Of plans that there are, nobody knows who chose them. */

import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const chosenPlan: SchemaStep = {
  number: 66,
  name: 'chosen-plan',
  isAddition: true,
  forward: async (database, dialect) => {
    await database.schema.alterTable('account').addColumn('chosen_plan', columnTypes(dialect).text).execute()
  },
  back: async (database) => {
    await database.schema.alterTable('account').dropColumn('chosen_plan').execute()
  },
}
