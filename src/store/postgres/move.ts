/** Everything of an embedded store copied into an empty Postgres, in one transaction that is read back before it is committed. */

import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { PostgresPlace } from './address.ts'
import { directAddress } from './address.ts'
import type { Connection } from './connection.ts'
import { connect, storable } from './connection.ts'
import { storeProblem } from './failure.ts'
import { lockText } from './lane.ts'
import { bringForward } from './open-schema.ts'

export type MoveRequest = {
  /** The embedded store, at the schema of this Drover; nobody else has it open. */
  readonly file: string
  readonly clock: Clock
} & PostgresPlace

export type Moved = { readonly tables: number; readonly rows: number }

type Cell = string | number | bigint | Uint8Array | null
type Table = { readonly name: string; readonly columns: readonly string[] }
type Sum = { rows: number; digest: bigint }

const connectTimeoutMs = 10_000
const rowsPerInsertMax = 500
/** Places of one statement. */
const placesMax = 30_000
const rowsPerFetch = 2000
/** What belongs to one store alone: its own steps, its own marks. */
const stays = ['schema_step', 'commit_mark', 'node', 'mandate']

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const listed = (columns: readonly string[]): string => columns.map(quoted).join(', ')

const cellText = (cell: unknown): string => {
  const kept = storable(cell)
  if (kept === null || kept === undefined) return 'null'
  if (kept instanceof Uint8Array) return `x${Buffer.from(kept).toString('hex')}`
  return `${typeof kept === 'string' ? 's' : 'n'}${String(kept)}`
}

/** Sums of digests do not depend on the order in which rows are read. */
const add = (sum: Sum, row: Readonly<Record<string, unknown>>, columns: readonly string[]): void => {
  const text = JSON.stringify(columns.map((column) => cellText(row[column])))
  sum.rows += 1
  sum.digest += BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 32)}`)
}

const tablesOf = (source: DatabaseSync): readonly Table[] =>
  source
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name")
    .all()
    .map(({ name }) => String(name))
    .filter((name) => !stays.includes(name))
    .map((name) => ({
      name,
      columns: source
        .prepare(`select name from pragma_table_info(?)`)
        .all(name)
        .map((row) => String(row['name'])),
    }))

/** A table comes after those that it refers to. */
const inOrder = async (connection: Connection, tables: readonly Table[]): Promise<readonly Table[]> => {
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

const refuseFull = async (connection: Connection): Promise<void> => {
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
const setNumbers = async (connection: Connection): Promise<void> => {
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

const copyAll = async (source: DatabaseSync, connection: Connection): Promise<Moved> => {
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

/**
 * Copies all rows, all or nothing.
 * @throws Problem `conflict` where the Postgres has a store already; `store_unavailable` where it cannot be reached.
 */
export const moveStore = async ({ file, clock, ...place }: MoveRequest): Promise<Moved> => {
  const address = directAddress(place)
  const source = new DatabaseSync(file, { readOnly: true })
  let connection: Connection | null = null
  try {
    connection = await connect({ address, connectTimeoutMs, answerTimeoutMs: 0 })
    await bringForward(connection, clock.nowMs())
    await connection.query(`begin; ${lockText(null)}`)
    const moved = await copyAll(source, connection)
    await connection.query('commit')
    return moved
  } catch (error) {
    throw storeProblem(error)
  } finally {
    // What was begun and not committed ends with the line.
    connection?.end()
    source.close()
  }
}
