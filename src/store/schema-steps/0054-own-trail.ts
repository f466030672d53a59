/** What somebody did themselves, without reading the whole trail for it. */

import type { SchemaStep } from './step.ts'

export const ownTrail: SchemaStep = {
  number: 54,
  name: 'own-trail',
  isAddition: true,
  forward: async (database) => {
    await database.schema.createIndex('trail_actor').on('trail').columns(['actor', 'position']).execute()
  },
  back: async (database) => {
    await database.schema.dropIndex('trail_actor').execute()
  },
}
