/** The first schema: who there is, their keys, the trail of changes, the log of calls. */

import { sql } from 'kysely'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes, finished } from './step.ts'

const people = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const organisation = database.schema
    .createTable('organisation')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull().unique())
    .addColumn('created_ms', whole, (column) => column.notNull())
  await finished(organisation, dialect).execute()

  const project = database.schema
    .createTable('project')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organisation', text, (column) => column.notNull().references('organisation.id'))
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addUniqueConstraint('project_name', ['organisation', 'name'])
  await finished(project, dialect).execute()

  const member = database.schema
    .createTable('member')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organisation', text, (column) => column.notNull().references('organisation.id'))
    .addColumn('mail', text)
    .addColumn('role', text, (column) =>
      column.notNull().check(sql`role in ('owner', 'admin', 'billing', 'developer', 'viewer', 'auditor')`),
    )
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addUniqueConstraint('member_mail', ['organisation', 'mail'])
  await finished(member, dialect).execute()

  const account = database.schema
    .createTable('account')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organisation', text, (column) => column.notNull().unique().references('organisation.id'))
    .addColumn('name', text, (column) => column.notNull().unique())
    .addColumn('billing', text, (column) =>
      column.notNull().check(sql`billing in ('prepaid', 'postpaid', 'unlimited')`),
    )
    .addColumn('plan', text)
    .addColumn('created_ms', whole, (column) => column.notNull())
  await finished(account, dialect).execute()
}

const keys = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const key = database.schema
    .createTable('key')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('organisation', text, (column) => column.notNull().references('organisation.id'))
    .addColumn('project', text, (column) => column.references('project.id'))
    .addColumn('account', text, (column) => column.notNull().references('account.id'))
    .addColumn('purpose', text, (column) => column.notNull().check(sql`purpose in ('model', 'admin')`))
    .addColumn('test', whole, (column) => column.notNull().check(sql`test in (0, 1)`))
    .addColumn('environment', text)
    .addColumn('models', text)
    .addColumn('requests_per_minute', whole)
    .addColumn('tokens_per_minute', whole)
    .addColumn('concurrency', whole)
    .addColumn('addresses', text)
    .addColumn('default_provider', text)
    .addColumn('usage_cost', whole, (column) => column.notNull().check(sql`usage_cost in (0, 1)`))
    .addColumn('budget_nano_usd', whole, (column) => column.check(sql`budget_nano_usd >= 0`))
    .addColumn('budget_period', text, (column) => column.check(sql`budget_period in ('day', 'week', 'month')`))
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole)
    .addColumn('revoked_ms', whole)
    .addColumn('ending', text, (column) => column.notNull())
    .addColumn('digest', text, (column) => column.notNull().unique())
  await finished(key, dialect).execute()
  await database.schema.createIndex('key_by_name').on('key').column('name').execute()
}

const trail = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const rows = database.schema
    .createTable('trail')
    .addColumn('position', whole, (column) => column.primaryKey().notNull())
    .addColumn('id', text, (column) => column.notNull().unique())
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('actor', text, (column) => column.notNull())
    .addColumn('operation', text, (column) => column.notNull())
    .addColumn('object', text, (column) => column.notNull())
    .addColumn('before', text)
    .addColumn('after', text)
    .addColumn('request_id', text)
    .addColumn('previous_hash', text, (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
  await finished(rows, dialect).execute()

  const head = database.schema
    .createTable('trail_head')
    .addColumn('single', whole, (column) => column.primaryKey().notNull().check(sql`single = 1`))
    .addColumn('position', whole, (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
  await finished(head, dialect).execute()
  await database.insertInto('trail_head').values({ single: 1, position: 0, hash: '' }).execute()
}

const calls = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole, real } = columnTypes(dialect)
  const call = database.schema
    .createTable('call')
    .addColumn('sequence', whole, (column) =>
      dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedAlwaysAsIdentity(),
    )
    .addColumn('id', text, (column) => column.notNull().unique())
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('organisation', text)
    .addColumn('project', text)
    .addColumn('account', text)
    .addColumn('key', text)
    .addColumn('test', whole, (column) => column.notNull())
    .addColumn('protocol', text, (column) => column.notNull())
    .addColumn('path', text, (column) => column.notNull())
    .addColumn('stream', whole, (column) => column.notNull())
    .addColumn('model', text)
    .addColumn('provider', text)
    .addColumn('upstream_model', text)
    .addColumn('status', whole, (column) => column.notNull())
    .addColumn('error', text)
    .addColumn('error_message', text)
    .addColumn('attempts', text, (column) => column.notNull())
    .addColumn('usage', text)
    .addColumn('cost_nano_usd', whole)
    .addColumn('price_hash', text)
    .addColumn('ttft_ms', real)
    .addColumn('duration_ms', real, (column) => column.notNull())
    .addColumn('overhead_ms', real, (column) => column.notNull())
    .addColumn('end', text, (column) => column.notNull())
    .addColumn('finish_reason', text)
    .addColumn('tags', text, (column) => column.notNull())
    .addColumn('conversation', text)
    .addColumn('call_site', text)
    .addColumn('session', text)
    .addColumn('migration', text)
    .addColumn('arm', text)
    .addColumn('warnings', text, (column) => column.notNull())
    .addColumn('cache', text)
    .addColumn('request_bytes', whole, (column) => column.notNull())
    .addColumn('response_bytes', whole, (column) => column.notNull())
    .addColumn('upstream_digest', text)
    .addColumn('delivered_digest', text)
  await finished(call, dialect).execute()

  const body = database.schema
    .createTable('call_body')
    .addColumn('call', text, (column) => column.primaryKey().notNull())
    .addColumn('request_body', text)
    .addColumn('response_body', text)
  await finished(body, dialect).execute()
}

/** Every filter of the log ends in `sequence`, so that its newest rows are read off the end of an index. */
const callIndexes: readonly (readonly [string, readonly string[]])[] = [
  ['call_by_account', ['account', 'sequence']],
  ['call_by_key', ['key', 'sequence']],
  ['call_by_model', ['model', 'sequence']],
]

export const first: SchemaStep = {
  number: 1,
  name: 'first',
  forward: async (database, dialect) => {
    const { text } = columnTypes(dialect)
    const meta = database.schema
      .createTable('meta')
      .addColumn('name', text, (column) => column.primaryKey().notNull())
      .addColumn('value', text, (column) => column.notNull())
    await finished(meta, dialect).execute()
    await people(database, dialect)
    await keys(database, dialect)
    await trail(database, dialect)
    await calls(database, dialect)
    for (const [name, columns] of callIndexes)
      await database.schema
        .createIndex(name)
        .on('call')
        .columns([...columns])
        .execute()
  },
  back: async (database) => {
    const tables = [
      'call_body',
      'call',
      'trail_head',
      'trail',
      'key',
      'account',
      'member',
      'project',
      'organisation',
      'meta',
    ]
    for (const table of tables) await database.schema.dropTable(table).execute()
  },
}
