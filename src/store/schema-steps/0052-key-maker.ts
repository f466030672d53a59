/** Which member made a key and has seen its secret: it ends when they leave. Of keys that there are, nobody knows. */

import type { SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const keyMaker: SchemaStep = {
  number: 52,
  name: 'key-maker',
  isAddition: true,
  forward: async (database, dialect) => {
    await database.schema.alterTable('key').addColumn('maker', columnTypes(dialect).text).execute()
    await database.schema
      .createIndex('key_by_maker')
      .on('key')
      .column('maker')
      .where(sql<SqlBool>`maker is not null`)
      .execute()
  },
  back: async (database) => {
    await database.schema.dropIndex('key_by_maker').execute()
    await database.schema.alterTable('key').dropColumn('maker').execute()
  },
}
