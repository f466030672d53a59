/** Redeem codes, and the credit of people who sign up. Codes, addresses and the like are kept as digests only. */

import { sql } from 'kysely'
import type { SchemaStep } from './step.ts'
import { columnTypes, finished } from './step.ts'

export const signUp: SchemaStep = {
  number: 12,
  name: 'sign-up',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    const batch = database.schema
      .createTable('code_batch')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('name', text, (column) => column.notNull().unique())
      .addColumn('kind', text, (column) => column.notNull().check(sql`kind in ('paid', 'promo')`))
      .addColumn('amount_nano_usd', whole, (column) => column.notNull().check(sql`amount_nano_usd > 0`))
      .addColumn('scope', text)
      .addColumn('expires_ms', whole)
      .addColumn('credit_lasts_ms', whole)
      .addColumn('one_per_account', whole, (column) => column.notNull().check(sql`one_per_account in (0, 1)`))
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('voided_ms', whole)
    await finished(batch, dialect).execute()

    const code = database.schema
      .createTable('code')
      .addColumn('digest', text, (column) => column.primaryKey().notNull())
      .addColumn('batch', text, (column) => column.notNull().references('code_batch.id'))
    await finished(code, dialect).execute()
    await database.schema.createIndex('code_by_batch').on('code').column('batch').execute()

    const redemption = database.schema
      .createTable('redemption')
      .addColumn('code', text, (column) => column.primaryKey().notNull().references('code.digest'))
      .addColumn('batch', text, (column) => column.notNull())
      .addColumn('account', text, (column) => column.notNull().references('account.id'))
      .addColumn('lot', text, (column) => column.notNull().unique())
      .addColumn('once', text, (column) => column.unique())
      .addColumn('time_ms', whole, (column) => column.notNull())
    await finished(redemption, dialect).execute()

    const guess = database.schema
      .createTable('code_guess')
      .addColumn('account', text, (column) => column.notNull())
      .addColumn('hour_ms', whole, (column) => column.notNull())
      .addColumn('count', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('code_guess_key', ['account', 'hour_ms'])
    await finished(guess, dialect).execute()

    const signup = database.schema
      .createTable('signup')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('account', text, (column) => column.notNull().unique().references('account.id'))
      .addColumn('state', text, (column) =>
        column.notNull().check(sql`state in ('unverified', 'waiting', 'released', 'refused')`),
      )
      .addColumn('reason', text)
      .addColumn('plan', text)
      .addColumn('credit_nano_usd', whole, (column) => column.notNull().check(sql`credit_nano_usd >= 0`))
      .addColumn('credit_lasts_ms', whole)
      .addColumn('mail', text, (column) => column.notNull())
      .addColumn('domain', text, (column) => column.notNull())
      .addColumn('address', text)
      .addColumn('fingerprint', text)
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addColumn('verified_ms', whole)
      .addColumn('release_ms', whole)
      .addColumn('lot', text)
      .addCheckConstraint('signup_released', sql`(state = 'released') = (lot is not null)`)
      .addCheckConstraint('signup_waiting', sql`state <> 'waiting' or release_ms is not null`)
    await finished(signup, dialect).execute()
    for (const column of ['mail', 'domain', 'address', 'fingerprint'])
      await database.schema.createIndex(`signup_by_${column}`).on('signup').columns([column, 'created_ms']).execute()
    await sql`create index signup_due on signup (release_ms) where state = 'waiting'`.execute(database)
  },
  back: async (database) => {
    for (const table of ['signup', 'code_guess', 'redemption', 'code', 'code_batch'])
      await database.schema.dropTable(table).execute()
  },
}
