/** Orders by which credit is bought, what happened to them, money on its way back, nightly comparisons, cards that are kept. */

import { sql } from 'kysely'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes, finished } from './step.ts'

const sequence = (dialect: DialectName) => (dialect === 'sqlite' ? 'integer' : 'bigint')

const states = [
  'created',
  'pending',
  'paid',
  'credited',
  'closed',
  'expired_unpaid',
  'paid_late',
  'mismatch',
  'refund_pending',
  'partially_refunded',
  'refunded',
  'disputed',
]

const listed = (values: readonly string[]) => sql.join(values.map(sql.lit))

const orders = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const order = database.schema
    .createTable('payment_order')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('account', text, (column) => column.notNull().references('account.id'))
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('way', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull().check(sql`state in (${listed(states)})`))
    .addColumn('version', whole, (column) => column.notNull())
    .addColumn('currency', text, (column) => column.notNull().check(sql`length(currency) = 3`))
    .addColumn('pay_nano', whole, (column) => column.notNull().check(sql`pay_nano > 0`))
    .addColumn('fee_nano', whole, (column) => column.notNull())
    .addColumn('credit_nano_usd', whole, (column) => column.notNull().check(sql`credit_nano_usd > 0`))
    .addColumn('bonus_nano_usd', whole, (column) => column.notNull().check(sql`bonus_nano_usd >= 0`))
    .addColumn('bonus_lasts_ms', whole)
    .addColumn('settlement_nano', whole, (column) => column.notNull().check(sql`settlement_nano > 0`))
    .addColumn('market_nano', whole, (column) => column.notNull().check(sql`market_nano > 0`))
    .addColumn('pay_nano_usd', whole, (column) => column.notNull().check(sql`pay_nano_usd > 0`))
    .addColumn('fee_nano_usd', whole, (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole, (column) => column.notNull())
    .addColumn('actor', text, (column) => column.notNull())
    .addColumn('idempotency_key', text)
    .addColumn('processor_id', text)
    .addColumn('transaction_id', text)
    .addColumn('action', text)
    .addColumn('paid_nano', whole)
    .addColumn('paid_currency', text)
    .addColumn('paid_ms', whole)
    .addColumn('credited_ms', whole)
    .addColumn('ended_ms', whole)
    .addColumn('refunded_nano', whole, (column) => column.notNull().check(sql`refunded_nano >= 0`))
    .addColumn('disputed_nano', whole, (column) => column.notNull().check(sql`disputed_nano >= 0`))
    .addColumn('note', text)
    .addColumn('confirmed_by', text)
    .addColumn('approved_by', text)
    .addColumn('next_poll_ms', whole)
    .addColumn('polls', whole, (column) => column.notNull())
    .addCheckConstraint('payment_order_fee', sql`fee_nano >= 0 and fee_nano < pay_nano`)
    .addCheckConstraint(
      'payment_order_credited',
      sql`state not in ('credited', 'partially_refunded') or credited_ms is not null`,
    )
    .addCheckConstraint('payment_order_unpaid', sql`state not in ('created', 'pending') or transaction_id is null`)
  await finished(order, dialect).execute()
  await sql`create unique index payment_order_by_processor on payment_order (method, processor_id)`.execute(database)
  await sql`create unique index payment_order_by_transaction on payment_order (method, transaction_id)`.execute(
    database,
  )
  await sql`create unique index payment_order_by_key on payment_order (account, idempotency_key)`.execute(database)
  await sql`create index payment_order_due on payment_order (next_poll_ms) where next_poll_ms is not null`.execute(
    database,
  )
  await sql`create index payment_order_by_day on payment_order (method, paid_ms)`.execute(database)
  await sql`create index payment_order_by_account on payment_order (account, id)`.execute(database)
}

const eventsAndRefunds = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const event = database.schema
    .createTable('payment_event')
    .addColumn('sequence', sequence(dialect), (column) =>
      dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedAlwaysAsIdentity(),
    )
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('order_id', text, (column) => column.notNull().references('payment_order.id'))
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('detail', text)
    .addUniqueConstraint('payment_event_once', ['method', 'id'])
  await finished(event, dialect).execute()
  await database.schema.createIndex('payment_event_by_order').on('payment_event').column('order_id').execute()

  const refund = database.schema
    .createTable('payment_refund')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('order_id', text, (column) => column.notNull().references('payment_order.id'))
    .addColumn('state', text, (column) => column.notNull().check(sql`state in ('pending', 'sent', 'done', 'failed')`))
    .addColumn('source', text, (column) => column.notNull())
    .addColumn('amount_nano', whole, (column) => column.notNull().check(sql`amount_nano > 0`))
    .addColumn('credit_nano_usd', whole, (column) => column.notNull())
    .addColumn('bonus_nano_usd', whole, (column) => column.notNull())
    .addColumn('cash_nano_usd', whole, (column) => column.notNull())
    .addColumn('processor_id', text)
    .addColumn('reason', text, (column) => column.notNull())
    .addColumn('actor', text, (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('ended_ms', whole)
    .addColumn('next_poll_ms', whole)
    .addColumn('polls', whole, (column) => column.notNull())
    .addColumn('note', text)
  await finished(refund, dialect).execute()
  await database.schema.createIndex('payment_refund_by_order').on('payment_refund').column('order_id').execute()
  await sql`create index payment_refund_due on payment_refund (next_poll_ms) where next_poll_ms is not null`.execute(
    database,
  )
}

export const payments: SchemaStep = {
  number: 20,
  name: 'payments',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    await orders(database, dialect)
    await eventsAndRefunds(database, dialect)
    const comparison = database.schema
      .createTable('payment_reconciliation')
      .addColumn('method', text, (column) => column.notNull())
      .addColumn('day', text, (column) => column.notNull())
      .addColumn('made_ms', whole, (column) => column.notNull())
      .addColumn('differences', whole, (column) => column.notNull())
      .addColumn('result', text, (column) => column.notNull())
      .addPrimaryKeyConstraint('payment_reconciliation_key', ['method', 'day'])
    await finished(comparison, dialect).execute()
    const topUp = database.schema
      .createTable('auto_top_up')
      .addColumn('account', text, (column) => column.primaryKey().notNull().references('account.id'))
      .addColumn('method', text, (column) => column.notNull())
      .addColumn('customer', text, (column) => column.notNull())
      .addColumn('card', text, (column) => column.notNull())
      .addColumn('ending', text, (column) => column.notNull())
      .addColumn('below_nano_usd', whole, (column) => column.notNull())
      .addColumn('credit_nano_usd', whole, (column) => column.notNull().check(sql`credit_nano_usd > 0`))
      .addColumn('month_max_nano_usd', whole, (column) => column.notNull())
      .addColumn('enabled', whole, (column) => column.notNull().check(sql`enabled in (0, 1)`))
      .addColumn('failures', whole, (column) => column.notNull())
      .addColumn('next_try_ms', whole, (column) => column.notNull())
      .addColumn('note', text)
    await finished(topUp, dialect).execute()
  },
  back: async (database) => {
    for (const table of ['auto_top_up', 'payment_reconciliation', 'payment_refund', 'payment_event', 'payment_order'])
      await database.schema.dropTable(table).execute()
  },
}
