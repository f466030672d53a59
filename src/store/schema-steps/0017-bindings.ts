/** What providers keep for callers, and whose each thing is: files, uploads, batches, jobs of fine-tuning, the models that come of them. */

import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const bindings: SchemaStep = {
  number: 17,
  name: 'bindings',
  forward: async (database, dialect) => {
    const { text, whole, bytes } = columnTypes(dialect)
    const binding = database.schema
      .createTable('binding')
      .addColumn('id', text, (column) => column.notNull())
      .addColumn('holder', text, (column) => column.notNull())
      .addColumn('kind', text, (column) => column.notNull())
      .addColumn('form', text, (column) => column.notNull())
      .addColumn('organisation', text)
      .addColumn('account', text, (column) => column.notNull())
      .addColumn('project', text)
      .addColumn('member', text)
      .addColumn('key', text, (column) => column.notNull())
      .addColumn('test', whole, (column) => column.notNull())
      .addColumn('provider', text, (column) => column.notNull())
      .addColumn('credential', text)
      .addColumn('upstream_id', text, (column) => column.notNull())
      .addColumn('purpose', text)
      .addColumn('document', text, (column) => column.notNull())
      .addColumn('state', text, (column) => column.notNull())
      .addColumn('work', bytes)
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('expires_ms', whole)
      .addColumn('next_ms', whole)
      .addPrimaryKeyConstraint('binding_key', ['id', 'holder'])
    await finished(binding, dialect).execute()
    await database.schema
      .createIndex('binding_by_holder')
      .on('binding')
      .columns(['holder', 'kind', 'created_ms', 'id'])
      .execute()
    await database.schema.createIndex('binding_by_next').on('binding').column('next_ms').execute()
    await database.schema.createIndex('binding_by_expiry').on('binding').column('expires_ms').execute()
    await database.schema.createIndex('binding_by_kind').on('binding').columns(['kind', 'holder', 'id']).execute()
  },
  back: async (database) => {
    await database.schema.dropTable('binding').execute()
  },
}
