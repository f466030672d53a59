/** The books: money of accounts, lots of credit, holds, budgets, and the entries that prove them. */

import type { SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes, finished } from './step.ts'

const sequence = (dialect: DialectName) => (dialect === 'sqlite' ? 'integer' : 'bigint')

const accounts = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const money = database.schema
    .createTable('account_money')
    .addColumn('account', text, (column) => column.primaryKey().notNull().references('account.id'))
    .addColumn('billing', text, (column) =>
      column.notNull().check(sql`billing in ('prepaid', 'postpaid', 'unlimited')`),
    )
    .addColumn('state', text, (column) => column.notNull().check(sql`state in ('open', 'suspended', 'closed')`))
    .addColumn('credit_nano_usd', whole, (column) => column.notNull().check(sql`credit_nano_usd >= 0`))
    .addColumn('owed_nano_usd', whole, (column) => column.notNull().check(sql`owed_nano_usd >= 0`))
    .addColumn('held_nano_usd', whole, (column) => column.notNull().check(sql`held_nano_usd >= 0`))
    .addColumn('spent_nano_usd', whole, (column) => column.notNull().check(sql`spent_nano_usd >= 0`))
    .addColumn('credit_limit_nano_usd', whole, (column) => column.notNull().check(sql`credit_limit_nano_usd >= 0`))
    .addColumn('expiry_ms', whole)
  await finished(money, dialect).execute()
  await sql`insert into account_money (account, billing, state, credit_nano_usd, owed_nano_usd, held_nano_usd, spent_nano_usd, credit_limit_nano_usd)
    select id, billing, 'open', 0, 0, 0, 0, 0 from account`.execute(database)

  const lot = database.schema
    .createTable('lot')
    .addColumn('sequence', sequence(dialect), (column) =>
      dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedAlwaysAsIdentity(),
    )
    .addColumn('id', text, (column) => column.notNull().unique())
    .addColumn('account', text, (column) => column.notNull().references('account.id'))
    .addColumn('kind', text, (column) => column.notNull().check(sql`kind in ('paid', 'promo')`))
    .addColumn('granted_nano_usd', whole, (column) => column.notNull().check(sql`granted_nano_usd > 0`))
    .addColumn('remaining_nano_usd', whole, (column) => column.notNull())
    .addColumn('priority', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole)
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('reason', text)
    .addCheckConstraint('lot_remaining', sql`remaining_nano_usd >= 0 and remaining_nano_usd <= granted_nano_usd`)
  await finished(lot, dialect).execute()
  await database.schema
    .createIndex('lot_with_rest')
    .on('lot')
    .columns(['account', 'priority'])
    .where(sql.ref('remaining_nano_usd'), '>', sql.lit(0))
    .execute()
  await database.schema
    .createIndex('lot_by_expiry')
    .on('lot')
    .column('expires_ms')
    .where(sql<SqlBool>`remaining_nano_usd > 0 and expires_ms is not null`)
    .execute()
}

const holds = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const hold = database.schema
    .createTable('hold')
    .addColumn('sequence', sequence(dialect), (column) =>
      dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedAlwaysAsIdentity(),
    )
    .addColumn('call', text, (column) => column.notNull().unique())
    .addColumn('account', text, (column) => column.notNull().references('account.id'))
    .addColumn('key', text)
    .addColumn('owner', text)
    .addColumn('state', text, (column) => column.notNull().check(sql`state in ('open', 'settled', 'voided', 'lost')`))
    .addColumn('amount_nano_usd', whole, (column) => column.notNull().check(sql`amount_nano_usd >= 0`))
    .addColumn('charged_nano_usd', whole, (column) => column.check(sql`charged_nano_usd >= 0`))
    .addColumn('excess_nano_usd', whole, (column) => column.notNull().check(sql`excess_nano_usd >= 0`))
    .addColumn('proven_nano_usd', whole, (column) => column.check(sql`proven_nano_usd >= 0`))
    .addColumn('begun', whole, (column) => column.notNull().check(sql`begun in (0, 1)`))
    .addColumn('budgets', text)
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole, (column) => column.notNull())
    .addColumn('ended_ms', whole)
    .addColumn('price_hash', text)
    .addColumn('rule', text)
    .addCheckConstraint(
      'hold_ended',
      sql`(state = 'open') = (ended_ms is null) and (state = 'open') = (charged_nano_usd is null)`,
    )
    .addCheckConstraint('hold_charge', sql`state in ('open', 'settled') or charged_nano_usd = 0`)
  await finished(hold, dialect).execute()
  await database.schema
    .createIndex('hold_open')
    .on('hold')
    .column('expires_ms')
    .where(sql<SqlBool>`state = 'open'`)
    .execute()
  await database.schema
    .createIndex('hold_excess')
    .on('hold')
    .column('account')
    .where(sql<SqlBool>`excess_nano_usd > 0`)
    .execute()

  const budget = database.schema
    .createTable('budget_spend')
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('period', text, (column) => column.notNull().check(sql`period in ('day', 'week', 'month')`))
    .addColumn('start_ms', whole, (column) => column.notNull())
    .addColumn('held_nano_usd', whole, (column) => column.notNull().check(sql`held_nano_usd >= 0`))
    .addColumn('spent_nano_usd', whole, (column) => column.notNull().check(sql`spent_nano_usd >= 0`))
    .addPrimaryKeyConstraint('budget_spend_key', ['name', 'period', 'start_ms'])
  await finished(budget, dialect).execute()
}

/** Entries lie with their transaction, in the order of both: what proves the books reads them from end to end. */
const entries = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const transaction = database.schema
    .createTable('book_transaction')
    .addColumn('sequence', sequence(dialect), (column) =>
      dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedAlwaysAsIdentity(),
    )
    .addColumn('id', text, (column) => column.notNull().unique())
    .addColumn('kind', text, (column) =>
      column.notNull().check(sql`kind in ('grant', 'settle', 'cost', 'expire', 'adjust')`),
    )
    .addColumn('account', text, (column) => column.references('account.id'))
    .addColumn('call', text)
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('reason', text)
  await finished(transaction, dialect).execute()

  const entry = database.schema
    .createTable('book_entry')
    .addColumn('transaction_sequence', whole, (column) => column.notNull().references('book_transaction.sequence'))
    .addColumn('line', whole, (column) => column.notNull())
    .addColumn('from_book', text, (column) => column.notNull())
    .addColumn('to_book', text, (column) => column.notNull())
    .addColumn('amount_nano', whole, (column) => column.notNull().check(sql`amount_nano > 0`))
    .addColumn('currency', text, (column) => column.notNull().check(sql`length(currency) = 3`))
    .addColumn('lot', text)
    .addPrimaryKeyConstraint('book_entry_key', ['transaction_sequence', 'line'])
    .addCheckConstraint('book_entry_books', sql`from_book <> to_book`)
  const table = dialect === 'sqlite' ? entry.modifyEnd(sql`strict, without rowid`) : entry
  await table.execute()
  if (dialect === 'sqlite') await appendOnly(database)
}

/** The books are only ever added to: whoever has the file in hand by other means than this program is told so. */
const appendOnly = async (database: StepDatabase): Promise<void> => {
  for (const table of ['book_transaction', 'book_entry'])
    for (const verb of ['update', 'delete'])
      await sql`create trigger ${sql.raw(`${table}_no_${verb}`)} before ${sql.raw(verb)} on ${sql.raw(table)}
        begin select raise(abort, 'the books are append-only'); end`.execute(database)
}

export const books: SchemaStep = {
  number: 2,
  name: 'books',
  forward: async (database, dialect) => {
    await accounts(database, dialect)
    await holds(database, dialect)
    await entries(database, dialect)
  },
  back: async (database) => {
    for (const table of ['book_entry', 'book_transaction', 'budget_spend', 'hold', 'lot', 'account_money'])
      await database.schema.dropTable(table).execute()
  },
}
