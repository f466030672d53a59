/** Projects that end, members that leave, and which member a key and a call belong to. */

import type { SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes } from './step.ts'

export const people: SchemaStep = {
  number: 4,
  name: 'people',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    await database.schema.alterTable('project').addColumn('archived_ms', whole).execute()
    await database.schema.alterTable('member').addColumn('removed_ms', whole).execute()
    await database.schema.alterTable('key').addColumn('member', text).execute()
    await database.schema.alterTable('call').addColumn('member', text).execute()
    for (const owner of ['project', 'member'])
      await database.schema
        .createIndex(`key_by_${owner}`)
        .on('key')
        .column(owner)
        .where(sql<SqlBool>`${sql.ref(owner)} is not null`)
        .execute()
  },
  back: async (database) => {
    for (const owner of ['project', 'member']) await database.schema.dropIndex(`key_by_${owner}`).execute()
    await database.schema.alterTable('call').dropColumn('member').execute()
    await database.schema.alterTable('key').dropColumn('member').execute()
    await database.schema.alterTable('member').dropColumn('removed_ms').execute()
    await database.schema.alterTable('project').dropColumn('archived_ms').execute()
  },
}
