/** Lots that pay for some models only, bundles, what of a lot was paid, and what is taken back. */

import { sql } from 'kysely'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes, finished } from './step.ts'

const before = [
  'sequence',
  'id',
  'account',
  'kind',
  'granted_nano_usd',
  'remaining_nano_usd',
  'priority',
  'expires_ms',
  'created_ms',
  'method',
  'reason',
]

/** The columns that lots have had from the beginning. */
const lotTable = (database: StepDatabase, dialect: DialectName, kinds: readonly string[]) => {
  const { text, whole } = columnTypes(dialect)
  return database.schema
    .createTable('lot_next')
    .addColumn('sequence', dialect === 'sqlite' ? 'integer' : 'bigint', (column) =>
      dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey().generatedByDefaultAsIdentity(),
    )
    .addColumn('id', text, (column) => column.notNull().unique())
    .addColumn('account', text, (column) => column.notNull().references('account.id'))
    .addColumn('kind', text, (column) => column.notNull().check(sql`kind in (${sql.join(kinds.map(sql.lit))})`))
    .addColumn('granted_nano_usd', whole, (column) => column.notNull().check(sql`granted_nano_usd > 0`))
    .addColumn('remaining_nano_usd', whole, (column) => column.notNull())
    .addColumn('priority', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole)
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('reason', text)
    .addCheckConstraint('lot_remaining', sql`remaining_nano_usd >= 0 and remaining_nano_usd <= granted_nano_usd`)
}

/** Puts the new table in the place of the old one: SQLite cannot change what a column takes. */
const replaceLots = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  await database.schema.dropTable('lot').execute()
  await database.schema.alterTable('lot_next').renameTo('lot').execute()
  if (dialect === 'postgres')
    await sql`select setval(pg_get_serial_sequence('lot', 'sequence'), coalesce(max(sequence), 0) + 1, false) from lot`.execute(
      database,
    )
  await sql`create index lot_with_rest on lot (account, priority) where remaining_nano_usd > 0`.execute(database)
  await sql`create index lot_by_expiry on lot (expires_ms) where remaining_nano_usd > 0 and expires_ms is not null`.execute(
    database,
  )
}

const copied = sql.join(before.map((name) => sql.ref(name)))

const forwardLots = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  const table = lotTable(database, dialect, ['paid', 'promo', 'bundle'])
    .addColumn('paid_nano_usd', whole, (column) => column.notNull())
    .addColumn('scope', text)
    .addColumn('reserved_nano_usd', whole, (column) => column.notNull().defaultTo(0))
    .addColumn('revoked_nano_usd', whole, (column) => column.notNull().defaultTo(0))
    .addCheckConstraint('lot_paid', sql`paid_nano_usd >= 0 and paid_nano_usd <= granted_nano_usd`)
    .addCheckConstraint('lot_reserved', sql`reserved_nano_usd >= 0 and reserved_nano_usd <= remaining_nano_usd`)
    .addCheckConstraint('lot_general', sql`scope is not null or reserved_nano_usd = 0`)
    .addCheckConstraint('lot_revoked', sql`revoked_nano_usd >= 0 and revoked_nano_usd <= granted_nano_usd`)
  await finished(table, dialect).execute()
  await sql`insert into lot_next (${copied}, paid_nano_usd)
    select ${copied}, case when kind = 'paid' then granted_nano_usd else 0 end from lot`.execute(database)
  await replaceLots(database, dialect)
}

/** Each is what its rows add up to. `reserved` is the part of what is held that scoped lots keep back. */
const sums = ['paid_nano_usd', 'scoped_nano_usd', 'reserved_nano_usd']

export const lots: SchemaStep = {
  number: 8,
  name: 'lots',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    await forwardLots(database, dialect)
    for (const name of sums)
      await database.schema
        .alterTable('account_money')
        .addColumn(name, whole, (column) =>
          column
            .notNull()
            .defaultTo(0)
            .check(sql`${sql.ref(name)} >= 0`),
        )
        .execute()
    await sql`update account_money set paid_nano_usd =
      (select coalesce(sum(paid_nano_usd), 0) from lot where lot.account = account_money.account)`.execute(database)
    await database.schema.alterTable('hold').addColumn('lots', text).execute()
  },
  back: async (database, dialect) => {
    await database.schema.alterTable('hold').dropColumn('lots').execute()
    for (const name of sums) await database.schema.alterTable('account_money').dropColumn(name).execute()
    await finished(lotTable(database, dialect, ['paid', 'promo']), dialect).execute()
    await sql`update lot set kind = 'paid' where kind = 'bundle'`.execute(database)
    await sql`insert into lot_next (${copied}) select ${copied} from lot`.execute(database)
    await replaceLots(database, dialect)
  },
}
