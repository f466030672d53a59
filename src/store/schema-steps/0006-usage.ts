/**
 * Figures of usage and the index of the log, both derived from the records of calls and made again from them. The log's
 * three old indexes go: every call paid for them, and what replaces them is written for many calls at once.
 */

import { sql } from 'kysely'
import type { DialectName, SchemaStep, StepDatabase } from './step.ts'
import { columnTypes } from './step.ts'

/** Rows lie in the order of their key, beside those that are read with them. */
const clustered = (dialect: DialectName) => sql.raw(dialect === 'sqlite' ? 'strict, without rowid' : '')

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

const rollup = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  let table = database.schema
    .createTable('usage_rollup')
    .addColumn('grain', text, (column) => column.notNull().check(sql`grain in ('hour', 'day')`))
    .addColumn('wide', whole, (column) => column.notNull().check(sql`wide in (0, 1)`))
    .addColumn('test', whole, (column) => column.notNull().check(sql`test in (0, 1)`))
    .addColumn('tag_name', text, (column) => column.notNull())
    .addColumn('start_ms', whole, (column) => column.notNull())
  for (const name of names) table = table.addColumn(name, text, (column) => column.notNull())
  for (const sum of sums) table = table.addColumn(sum, whole, (column) => column.notNull())
  await table
    .addPrimaryKeyConstraint('usage_rollup_key', ['grain', 'wide', 'test', 'tag_name', 'start_ms', ...names] as never[])
    .modifyEnd(clustered(dialect))
    .execute()
}

const index = async (database: StepDatabase, dialect: DialectName): Promise<void> => {
  const { text, whole } = columnTypes(dialect)
  await database.schema
    .createTable('usage_tag')
    .addColumn('day_ms', whole, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('value', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('usage_tag_key', ['day_ms', 'name', 'value'])
    .modifyEnd(clustered(dialect))
    .execute()
  await database.schema
    .createTable('call_hour')
    .addColumn('hour_ms', whole, (column) => column.notNull().primaryKey())
    .addColumn('first_sequence', whole, (column) => column.notNull())
    .addColumn('last_sequence', whole, (column) => column.notNull())
    .modifyEnd(clustered(dialect))
    .execute()
  await database.schema
    .createTable('call_block')
    .addColumn('bucket', whole, (column) => column.notNull())
    .addColumn('trait', text, (column) => column.notNull())
    .addColumn('value', text, (column) => column.notNull())
    .addColumn('block', whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('call_block_key', ['bucket', 'trait', 'value', 'block'])
    .modifyEnd(clustered(dialect))
    .execute()
  await database.schema
    .createTable('usage_head')
    .addColumn('single', whole, (column) => column.primaryKey().notNull().check(sql`single = 1`))
    .addColumn('rolled_to', whole, (column) => column.notNull())
    .execute()
  await database.insertInto('usage_head').values({ single: 1, rolled_to: 0 }).execute()
}

const oldIndexes = ['account', 'key', 'model'] as const

export const usage: SchemaStep = {
  number: 6,
  name: 'usage',
  forward: async (database, dialect) => {
    await rollup(database, dialect)
    await index(database, dialect)
    for (const column of oldIndexes) await database.schema.dropIndex(`call_by_${column}`).execute()
  },
  back: async (database) => {
    for (const column of oldIndexes)
      await database.schema.createIndex(`call_by_${column}`).on('call').columns([column, 'sequence']).execute()
    for (const table of ['usage_head', 'call_block', 'call_hour', 'usage_tag', 'usage_rollup'])
      await database.schema.dropTable(table).execute()
  },
}
