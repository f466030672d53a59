/**
 * What long logs and long lists are read by. Figures of usage get levels: rows that leave out who called, and rows that leave out
 * what was called, beside those with everything. Volumes by the day for bundles; an account's lots; what in its books is no call's.
 */

import type { RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes } from './step.ts'

const names = ['account', 'project', 'member', 'key', 'model', 'provider', 'upstream_model', 'tag_value'] as const

const sums = [
  'calls',
  'errors',
  'refused',
  'cut',
  'left_early',
  'attempts',
  'failed_attempts',
  'input',
  'input_unknown',
  'cached_input',
  'cached_input_unknown',
  'cache_write',
  'cache_write_unknown',
  'output',
  'output_unknown',
  'reasoning',
  'reasoning_unknown',
  'estimated',
  'charge_nano_usd',
  'unpriced',
  'upstream_cost_nano_usd',
  'upstream_unpriced',
] as const

const clustered = (dialect: DialectName) => sql.raw(dialect === 'sqlite' ? 'strict, without rowid' : '')

/** `split` is the column that says which of the names a row carries. */
const makeRollup = async (
  database: StepDatabase,
  dialect: DialectName,
  split: { readonly name: 'wide' | 'level'; readonly check: RawBuilder<unknown> },
): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  let table = database.schema
    .createTable('usage_rollup_next')
    .addColumn('grain', text, (column) => column.notNull().check(sql`grain in ('hour', 'day')`))
    .addColumn(split.name, split.name === 'wide' ? whole : text, (column) => column.notNull().check(split.check))
    .addColumn('test', whole, (column) => column.notNull().check(sql`test in (0, 1)`))
    .addColumn('tag_name', text, (column) => column.notNull())
    .addColumn('start_ms', whole, (column) => column.notNull())
  for (const name of names) table = table.addColumn(name, text, (column) => column.notNull())
  for (const sum of sums) table = table.addColumn(sum, whole, (column) => column.notNull())
  await table
    .addPrimaryKeyConstraint(`usage_rollup_${split.name}_key`, [
      'grain',
      split.name,
      'test',
      'tag_name',
      'start_ms',
      ...names,
    ] as never[])
    .modifyEnd(clustered(dialect))
    .execute()
}

const refs = (columns: readonly string[]) => sql.join(columns.map((name) => sql.ref(name)))
const rest = ['test', 'tag_name', 'start_ms'] as const

const takePlace = async (database: StepDatabase): Promise<void> => {
  await database.schema.dropTable('usage_rollup').execute()
  await database.schema.alterTable('usage_rollup_next').renameTo('usage_rollup').execute()
}

/** Rows of a level from those with everything, without the names that it leaves out. */
const addLevel = async (
  database: StepDatabase,
  level: 'model' | 'owner',
  { without, where }: { readonly without: readonly string[]; readonly where: RawBuilder<unknown> },
): Promise<void> => {
  const kept = names.map((name) => (without.includes(name) ? sql`''` : sql.ref(name)))
  const added = sql.join(sums.map((name) => sql`sum(${sql.ref(name)})`))
  const groups = ['grain', ...rest, ...names.filter((name) => !without.includes(name))]
  await sql`insert into usage_rollup_next (grain, level, ${refs([...rest, ...names, ...sums])})
    select grain, ${sql.lit(level)}, ${refs(rest)}, ${sql.join(kept)}, ${added} from usage_rollup
    where wide = 1 and ${where} group by ${refs(groups)}`.execute(database)
}

const toLevels = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  await makeRollup(database, dialect, { name: 'level', check: sql`level in ('all', 'account', 'model', 'owner')` })
  await sql`insert into usage_rollup_next (grain, level, ${refs([...rest, ...names, ...sums])})
    select grain, case wide when 1 then 'all' else 'account' end, ${refs([...rest, ...names, ...sums])}
    from usage_rollup`.execute(database)
  await addLevel(database, 'model', { without: ['account', 'project', 'member', 'key'], where: sql`1 = 1` })
  await addLevel(database, 'owner', {
    without: ['model', 'provider', 'upstream_model'],
    where: sql`grain = 'day' and tag_name = ''`,
  })
  await takePlace(database)
}

const fromLevels = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  await makeRollup(database, dialect, { name: 'wide', check: sql`wide in (0, 1)` })
  await sql`insert into usage_rollup_next (grain, wide, ${refs([...rest, ...names, ...sums])})
    select grain, case level when 'all' then 1 else 0 end, ${refs([...rest, ...names, ...sums])}
    from usage_rollup where level in ('all', 'account')`.execute(database)
  await takePlace(database)
}

export const reading: SchemaStep = {
  number: 18,
  name: 'reading',
  forward: async (database, dialect) => {
    const { text, whole } = columnTypes(dialect)
    await toLevels(database, dialect)
    await database.schema
      .createTable('day_volume')
      .addColumn('day_ms', whole, (column) => column.notNull())
      .addColumn('account', text, (column) => column.notNull())
      .addColumn('family', text, (column) => column.notNull())
      .addColumn('base_nano_usd', whole, (column) => column.notNull())
      .addPrimaryKeyConstraint('day_volume_key', ['day_ms', 'account', 'family'])
      .modifyEnd(clustered(dialect))
      .execute()
    await sql`insert into day_volume (day_ms, account, family, base_nano_usd)
      select time_ms - time_ms % 86400000, account, family, sum(base_nano_usd) from call
      where sequence <= (select rolled_to from usage_head) and test = 0
        and base_nano_usd > 0 and base_nano_usd <= 1000000000000000
        and account is not null and family is not null
      group by time_ms - time_ms % 86400000, account, family`.execute(database)
    await database.schema.createIndex('lot_by_account').on('lot').columns(['account', 'id']).execute()
    // Settlements are left out: every call would pay for the index, and calls are found by the log.
    await sql`create index book_transaction_by_account on book_transaction (account, sequence)
      where kind not in ('settle', 'cost')`.execute(database)
  },
  back: async (database, dialect) => {
    await database.schema.dropIndex('book_transaction_by_account').execute()
    await database.schema.dropIndex('lot_by_account').execute()
    await database.schema.dropTable('day_volume').execute()
    await fromLevels(database, dialect)
  },
}
