/** Rows of an embedded store on their way into Postgres: which tables there are, in which order, and whether what came is what was sent. */

import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { Problem } from '#base/problem.ts'
import type { Connection } from './connection.ts'
import { storable } from './connection.ts'

export type Moved = { readonly tables: number; readonly rows: number }

export type Cell = string | number | bigint | Uint8Array | null
export type Table = {
  readonly name: string
  readonly columns: readonly string[]
  /** Of the embedded store; on Postgres the log is told apart by its ids. */
  readonly keys: readonly string[]
}
export type Sum = { rows: number; digest: bigint }

const rowsPerInsertMax = 500
/** Places of one statement. */
const placesMax = 30_000
const rowsPerFetch = 2000
/** What belongs to one store alone: its own steps, its own marks. */
const stays = ['schema_step', 'commit_mark', 'node', 'mandate', 'moved_change']

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
export const listed = (columns: readonly string[]): string => columns.map(quoted).join(', ')

const cellText = (cell: unknown): string => {
  const kept = storable(cell)
  if (kept === null || kept === undefined) return 'null'
  if (kept instanceof Uint8Array) return `x${Buffer.from(kept).toString('hex')}`
  return `${typeof kept === 'string' ? 's' : 'n'}${String(kept)}`
}

/** Sums of digests do not depend on the order in which rows are read. */
export const add = (sum: Sum, row: Readonly<Record<string, unknown>>, columns: readonly string[]): void => {
  const text = JSON.stringify(columns.map((column) => cellText(row[column])))
  sum.rows += 1
  sum.digest += BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 32)}`)
}

export const tablesOf = (source: DatabaseSync): readonly Table[] =>
  source
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name")
    .all()
    .map(({ name }) => String(name))
    .filter((name) => !stays.includes(name))
    .map((name) => {
      const rows = source.prepare('select name, pk from pragma_table_info(?)').all(name)
      const keys = rows.filter(({ pk }) => Number(pk) > 0).sort((one, other) => Number(one['pk']) - Number(other['pk']))
      const named = (of: typeof rows): readonly string[] => of.map((row) => String(row['name']))
      return { name, columns: named(rows), keys: named(keys) }
    })

/** A table comes after those that it refers to. */
export const inOrder = async (connection: Connection, tables: readonly Table[]): Promise<readonly Table[]> => {
  const { rows } = await connection.query(
    `select c.relname as child, p.relname as parent from pg_constraint k
      join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid where k.contype = 'f'`,
  )
  const ordered: Table[] = []
  const left = new Set(tables)
  while (left.size > 0) {
    const free = [...left].filter(
      ({ name }) =>
        !rows.some(
          ({ child, parent }) => child === name && parent !== name && [...left].some((other) => other.name === parent),
        ),
    )
    if (free.length === 0)
      throw new Problem('internal_error', { message: 'The tables of the store refer to each other in a circle.' })
    for (const table of free) {
      ordered.push(table)
      left.delete(table)
    }
  }
  return ordered
}

export const refuseFull = async (connection: Connection): Promise<void> => {
  const { rows } = await connection.query('select 1 as one from organisation limit 1')
  if (rows.length > 0)
    throw new Problem('conflict', {
      message: 'The Postgres that "store.url" names has a store in it already. Name an empty database.',
      param: 'store.url',
    })
}

const copyTable = async (source: DatabaseSync, connection: Connection, { name, columns }: Table): Promise<Sum> => {
  const sum: Sum = { rows: 0, digest: 0n }
  const perInsert = Math.max(1, Math.min(rowsPerInsertMax, Math.floor(placesMax / columns.length)))
  let waiting: Cell[][] = []
  const send = async (): Promise<void> => {
    if (waiting.length === 0) return
    const places = waiting.map((_row, at) => `(${columns.map((_name, of) => `$${at * columns.length + of + 1}`)})`)
    const values = waiting.flat()
    waiting = []
    await connection.query(
      `insert into ${quoted(name)} (${listed(columns)}) overriding system value values ${places.join(', ')}`,
      values,
    )
  }
  const read = source.prepare(`select ${listed(columns)} from ${quoted(name)}`)
  read.setReadBigInts(true)
  for (const row of read.iterate()) {
    add(sum, row, columns)
    waiting.push(columns.map((column) => row[column] as Cell))
    if (waiting.length === perInsert) await send()
  }
  await send()
  return sum
}

const readBack = async (connection: Connection, { name, columns }: Table): Promise<Sum> => {
  const sum: Sum = { rows: 0, digest: 0n }
  await connection.query(`declare moved no scroll cursor for select ${listed(columns)} from ${quoted(name)}`)
  for (;;) {
    const { rows } = await connection.query(`fetch ${rowsPerFetch} from moved`)
    for (const row of rows) add(sum, row, columns)
    if (rows.length < rowsPerFetch) break
  }
  await connection.query('close moved')
  return sum
}

/** Numbers that the server gives go on behind those that are there. */
export const setNumbers = async (connection: Connection): Promise<void> => {
  const { rows } = await connection.query(
    `select table_name as "table", column_name as "column" from information_schema.columns
      where table_schema = current_schema() and (is_identity = 'YES' or column_default like 'nextval%')`,
  )
  for (const { table, column } of rows)
    await connection.query(
      `select setval(pg_get_serial_sequence('${quoted(table)}', '${column}'),
        coalesce((select max(${quoted(column)}) from ${quoted(table)}), 0) + 1, false)`,
    )
}

export const copyAll = async (source: DatabaseSync, connection: Connection): Promise<Moved> => {
  await refuseFull(connection)
  const tables = await inOrder(connection, tablesOf(source))
  await connection.query(`truncate ${tables.map(({ name }) => quoted(name)).join(', ')}`)
  let count = 0
  for (const table of tables) {
    const sent = await copyTable(source, connection, table)
    const found = await readBack(connection, table)
    if (sent.rows !== found.rows || sent.digest !== found.digest)
      throw new Problem('internal_error', {
        message: `The table ${table.name} is not in Postgres what it is in the file: nothing has been moved.`,
        facts: { sent: sent.rows, found: found.rows },
      })
    count += sent.rows
  }
  await setNumbers(connection)
  return { tables: tables.length, rows: count }
}
