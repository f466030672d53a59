/**
 * On Postgres the log of calls lies in months, which are dropped whole. Ids sort by their time, so a month is a range of ids, and an id
 * stays unique by itself. What is there becomes the first part as it is, up to the end of the month: nothing is copied.
 */

import { sql } from 'kysely'
import { firstIdAt } from '#base/id.ts'
import type { SchemaStep, StepDatabase } from './step.ts'

const run = async (database: StepDatabase, ...statements: readonly string[]): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(database)
}

/** The first id that a call of the next month can have, by the server's clock. */
const nextMonthId = async (database: StepDatabase): Promise<string> => {
  const { rows } = await sql<{ ms: bigint }>`select cast(extract(epoch from
    (date_trunc('month', now() at time zone 'utc') + interval '1 month') at time zone 'utc') * 1000 as bigint) as ms`.execute(
    database,
  )
  return firstIdAt('call', Number(rows[0]?.ms))
}

const numbersGoOn = (sequence: string): string =>
  `select setval('${sequence}', coalesce(max(sequence), 0) + 1, false) from call`

export const months: SchemaStep = {
  number: 31,
  name: 'months',
  isAddition: true,
  forward: async (database, dialect) => {
    if (dialect === 'sqlite') return
    const end = await nextMonthId(database)
    await run(
      database,
      'alter table call rename to call_before',
      'alter table call_before drop constraint call_pkey, alter column sequence drop identity',
      'alter table call_before rename constraint call_id_key to call_before_id_key',
      'create table call (like call_before) partition by range (id)',
      'create sequence call_sequence owned by call.sequence',
      `alter table call alter column sequence set default nextval('call_sequence'), add constraint call_id_key unique (id)`,
      'create index call_by_sequence on call (sequence)',
      'create table call_rest partition of call default',
      // Whatever has an id of another kind.
      `with odd as (delete from call_before where id >= '${end}' returning *) insert into call_rest select * from odd`,
      `alter table call attach partition call_before for values from (minvalue) to ('${end}')`,
      numbersGoOn('call_sequence'),
    )
  },
  back: async (database, dialect) => {
    if (dialect === 'sqlite') return
    await run(
      database,
      'create table call_whole (like call)',
      'insert into call_whole select * from call order by sequence',
      'drop table call',
      'alter table call_whole rename to call',
      'alter table call add constraint call_pkey primary key (sequence), add constraint call_id_key unique (id)',
      'alter table call alter column sequence add generated always as identity',
      numbersGoOn('call_sequence_seq'),
    )
  },
}
