/** Budgets of anybody, their thresholds, and plans. */

import { sql } from 'kysely'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes, finished } from './step.ts'

/** SQLite cannot change what a column takes: the table is made anew. */
const replaceSpend = async (
  database: StepDatabase,
  dialect: DialectName,
  periods: readonly string[],
): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const spend = database.schema
    .createTable('budget_spend_next')
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('period', text, (column) => column.notNull().check(sql`period in (${sql.join(periods.map(sql.lit))})`))
    .addColumn('start_ms', whole, (column) => column.notNull())
    .addColumn('held_nano_usd', whole, (column) => column.notNull().check(sql`held_nano_usd >= 0`))
    .addColumn('spent_nano_usd', whole, (column) => column.notNull().check(sql`spent_nano_usd >= 0`))
    .addPrimaryKeyConstraint('budget_spend_next_key', ['name', 'period', 'start_ms'])
  await finished(spend, dialect).execute()
  await sql`insert into budget_spend_next select name, period, start_ms, held_nano_usd, spent_nano_usd from budget_spend
    where period in (${sql.join(periods.map(sql.lit))})`.execute(database)
  await database.schema.dropTable('budget_spend').execute()
  await database.schema.alterTable('budget_spend_next').renameTo('budget_spend').execute()
  // There the name is taken in the whole schema, and would be in the way of the next replacement.
  if (dialect === 'postgres')
    await sql`alter table budget_spend rename constraint budget_spend_next_key to budget_spend_key`.execute(database)
}

export const budgets: SchemaStep = {
  number: 9,
  name: 'budgets',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    await replaceSpend(database, dialect, ['day', 'week', 'month', 'total'])
    const budget = database.schema
      .createTable('budget')
      .addColumn('id', text, (column) => column.primaryKey().notNull())
      .addColumn('organisation', text, (column) => column.notNull().references('organisation.id'))
      .addColumn('kind', text, (column) =>
        column.notNull().check(sql`kind in ('organisation', 'project', 'member', 'key')`),
      )
      .addColumn('subject', text, (column) => column.notNull())
      .addColumn('model', text, (column) => column.notNull())
      .addColumn('period', text, (column) => column.notNull().check(sql`period in ('day', 'week', 'month', 'total')`))
      .addColumn('limit_nano_usd', whole, (column) => column.notNull().check(sql`limit_nano_usd >= 0`))
      .addColumn('thresholds', text, (column) => column.notNull())
      .addColumn('created_ms', whole, (column) => column.notNull())
      .addUniqueConstraint('budget_place', ['subject', 'model', 'period'])
    await finished(budget, dialect).execute()

    const crossing = database.schema
      .createTable('budget_crossing')
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('period', text, (column) => column.notNull())
      .addColumn('start_ms', whole, (column) => column.notNull())
      .addColumn('threshold', whole, (column) => column.notNull())
      .addColumn('id', text, (column) => column.notNull().unique())
      .addColumn('account', text, (column) => column.notNull())
      .addColumn('label', text, (column) => column.notNull())
      .addColumn('spent_nano_usd', whole, (column) => column.notNull())
      .addColumn('limit_nano_usd', whole, (column) => column.notNull())
      .addColumn('time_ms', whole, (column) => column.notNull())
      .addColumn('told_ms', whole)
      .addPrimaryKeyConstraint('budget_crossing_key', ['name', 'period', 'start_ms', 'threshold'])
    await finished(crossing, dialect).execute()
    await sql`create index budget_crossing_untold on budget_crossing (time_ms) where told_ms is null`.execute(database)

    const plan = database.schema
      .createTable('plan')
      .addColumn('name', text, (column) => column.primaryKey().notNull())
      .addColumn('facts', text, (column) => column.notNull())
      .addColumn('changed_ms', whole, (column) => column.notNull())
    await finished(plan, dialect).execute()
  },
  back: async (database, dialect) => {
    for (const table of ['plan', 'budget_crossing', 'budget']) await database.schema.dropTable(table).execute()
    await replaceSpend(database, dialect, ['day', 'week', 'month'])
  },
}
