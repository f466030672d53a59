/** People who sign in: their secrets as digests or sealed, their sessions, and which organisation runs the server. */

import { sql } from 'kysely'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes, finished } from './step.ts'

const makePeople = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole, bytes } = columnTypes(dialect)
  const person = database.schema
    .createTable('person')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('mail', text, (column) => column.notNull().unique())
    .addColumn('name', text)
    .addColumn('verified_ms', whole)
    .addColumn('password', text, (column) => column.check(sql`password is null or password like '$argon2id$%'`))
    .addColumn('totp', bytes)
    .addColumn('totp_ms', whole)
    .addColumn('totp_step', whole)
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('closed_ms', whole)
  await finished(person, dialect).execute()
  const code = database.schema
    .createTable('recovery_code')
    .addColumn('person', text, (column) => column.notNull().references('person.id'))
    .addColumn('digest', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('recovery_code_key', ['person', 'digest'])
  await finished(code, dialect).execute()
  const passkey = database.schema
    .createTable('passkey')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('person', text, (column) => column.notNull().references('person.id'))
    .addColumn('credential', text, (column) => column.notNull().unique())
    .addColumn('public_key', bytes, (column) => column.notNull())
    .addColumn('counter', whole, (column) => column.notNull())
    .addColumn('transports', text, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('used_ms', whole)
  await finished(passkey, dialect).execute()
  await database.schema.createIndex('passkey_by_person').on('passkey').column('person').execute()
  const link = database.schema
    .createTable('issuer_link')
    .addColumn('issuer', text, (column) => column.notNull())
    .addColumn('subject', text, (column) => column.notNull())
    .addColumn('person', text, (column) => column.notNull().references('person.id'))
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('issuer_link_key', ['issuer', 'subject'])
    .addUniqueConstraint('issuer_link_of_person', ['person', 'issuer'])
  await finished(link, dialect).execute()
}

const makeSessions = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const session = database.schema
    .createTable('session')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('digest', text, (column) => column.notNull().unique())
    .addColumn('person', text, (column) => column.references('person.id'))
    .addColumn('key', text)
    .addColumn('organisation', text)
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('seen_ms', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole, (column) => column.notNull())
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('address', text, (column) => column.notNull())
    .addColumn('agent', text, (column) => column.notNull())
    .addCheckConstraint('session_of_one', sql`(person is null) <> (key is null)`)
  await finished(session, dialect).execute()
  await database.schema.createIndex('session_by_person').on('session').column('person').execute()
  await database.schema.createIndex('session_by_end').on('session').column('expires_ms').execute()
  const token = database.schema
    .createTable('one_time')
    .addColumn('digest', text, (column) => column.primaryKey().notNull())
    .addColumn('id', text, (column) => column.notNull().unique())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('person', text)
    .addColumn('organisation', text)
    .addColumn('data', text, (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole, (column) => column.notNull())
  await finished(token, dialect).execute()
  await database.schema.createIndex('one_time_by_end').on('one_time').column('expires_ms').execute()
  await database.schema.createIndex('one_time_of').on('one_time').columns(['organisation', 'kind']).execute()
  const tries = database.schema
    .createTable('sign_in_try')
    .addColumn('subject', text, (column) => column.primaryKey().notNull())
    .addColumn('count', whole, (column) => column.notNull())
    .addColumn('last_ms', whole, (column) => column.notNull())
    .addColumn('until_ms', whole, (column) => column.notNull())
  await finished(tries, dialect).execute()
  await database.schema.createIndex('sign_in_try_by_time').on('sign_in_try').column('last_ms').execute()
}

export const identity: SchemaStep = {
  number: 50,
  name: 'identity',
  isAddition: true,
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    await database.schema
      .alterTable('organisation')
      .addColumn('operator', whole, (column) => column.notNull().defaultTo(0))
      .execute()
    await sql`update organisation set operator = 1
      where id = (select id from organisation order by created_ms, id limit 1)`.execute(database)
    await database.schema.alterTable('member').addColumn('person', text).execute()
    await database.schema.createIndex('member_by_person').on('member').column('person').execute()
    await makePeople(database, dialect)
    await makeSessions(database, dialect)
  },
  back: async (database) => {
    for (const table of ['sign_in_try', 'one_time', 'session', 'issuer_link', 'passkey', 'recovery_code', 'person'])
      await database.schema.dropTable(table).execute()
    await database.schema.dropIndex('member_by_person').execute()
    await database.schema.alterTable('member').dropColumn('person').execute()
    await database.schema.alterTable('organisation').dropColumn('operator').execute()
  },
}
