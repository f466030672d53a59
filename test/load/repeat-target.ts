/** The two engines that calls are repeated on. */

import pg from 'pg'
import { firstIdAt } from '#base/id.ts'
import { openDatabase } from '#store/sqlite/open-database.ts'
import type { RepeatTarget } from './repeat-store.ts'

const digits = '0123456789abcdefghjkmnpqrstvwxyz'

/** The id of the same call, later. */
const movedId = (id: string, shiftMs: number, add: number): string => {
  let timeMs = 0
  for (const digit of id.slice(5, 15)) timeMs = timeMs * 32 + digits.indexOf(digit)
  return `${firstIdAt('call', timeMs + shiftMs)}${String(Number(id.slice(15)) + add).padStart(16, '0')}`
}

const timeDigits = Array.from({ length: 10 }, (_unused, place) => ({ at: 6 + place, bits: 45 - 5 * place }))
const readTime = timeDigits.map(
  ({ at, bits }) => `((strpos('${digits}', substr(id, ${at}, 1)) - 1)::bigint << ${bits})`,
)
const writeTime = timeDigits.map(({ bits }) => `substr('${digits}', ((moved >> ${bits}) & 31)::int + 1, 1)`)

/** The same for Postgres: two expressions, since a loop costs ten times as much and runs four times for each call. */
const movedText = `create function pg_temp.moved(id text, shift_ms bigint, further bigint) returns text language plpgsql immutable as $$
  declare moved bigint := ${readTime.join(' + ')} + shift_ms;
  begin
    return 'call_' || ${writeTime.join(' || ')} || lpad((substr(id, 16)::bigint + further)::text, 16, '0');
  end $$`

export const sqliteTarget = async (file: string): Promise<RepeatTarget> => {
  const { database } = await openDatabase({ file, durability: 'process', nowMs: 0, busyTimeoutMs: 0 })
  database.exec('pragma synchronous = off; pragma cache_size = -524288; pragma wal_autocheckpoint = 100000')
  // A sequence that is given goes into strict tables as it is; what refers to another row is made with it.
  database.exec('pragma foreign_keys = off')
  database.function('moved', (id, shiftMs, add) => movedId(String(id), Number(shiftMs), Number(add)))
  return {
    run: async (text) => database.exec(text),
    rows: async (text) => database.prepare(text).all(),
    columns: async (table) =>
      database
        .prepare(`select name, pk from pragma_table_info('${table}') order by cid`)
        .all()
        .map(({ name, pk }) => ({ name: String(name), isKey: Number(pk) > 0 })),
    overriding: '',
    close: async () => database.close(),
  }
}

const numbered = ['call', 'hold', 'book_transaction'] as const

export const postgresTarget = async (url: string): Promise<RepeatTarget> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  // What refers to another row is made with it: that is not looked up for each.
  await client.query(
    `set synchronous_commit = off; set session_replication_role = replica; set work_mem = '64MB'; ${movedText}`,
  )
  const query = async (text: string) => (await client.query(text.replaceAll(' moved(', ' pg_temp.moved('))).rows
  return {
    run: async (text) => void (await query(text)),
    rows: query,
    columns: async (table) => {
      const rows = await query(
        `select a.attname as name, coalesce(a.attnum = any(k.conkey), false) as is_key
          from pg_attribute a left join pg_constraint k on k.conrelid = a.attrelid and k.contype = 'p'
          where a.attrelid = '${table}'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      )
      return rows.map(({ name, is_key }) => ({ name: String(name), isKey: is_key === true }))
    },
    overriding: 'overriding system value',
    close: async () => {
      // Numbers that the database gives go on behind those that were given.
      for (const table of numbered)
        await query(
          `select setval(pg_get_serial_sequence('${table}', 'sequence'), (select max(sequence) from ${table}))`,
        )
      await query('analyze')
      await client.end()
    },
  }
}
