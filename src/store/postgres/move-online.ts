/**
 * An embedded store moved while a server writes to it. Triggers note which rows change; everything is copied from one state of the file,
 * then what has changed since, again and again, the last time while the server keeps its callers waiting.
 */

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { PostgresPlace } from './address.ts'
import { directAddress } from './address.ts'
import type { Connection } from './connection.ts'
import { connect } from './connection.ts'
import { storeProblem } from './failure.ts'
import { lockText } from './lane.ts'
import type { Cell, Moved, Sum, Table } from './move-rows.ts'
import { add, copyAll, inOrder, listed, quoted, setNumbers, tablesOf } from './move-rows.ts'
import { bringForward } from './open-schema.ts'

const connectTimeoutMs = 10_000
/** The server commits many times a second: between two commits there is a place for a trigger. */
const busyTimeoutMs = 10_000
/** Changes of one round. */
const changesPerRoundMax = 20_000
const rowsPerStatementMax = 200

export type OnlineMove = {
  /** Notes changes from now on, and copies everything that is there now, all or nothing. */
  readonly copy: () => Promise<Moved>
  /** Copies what has changed since; gives how many changes that were, of which some may be of one row. */
  readonly catchUp: () => Promise<number>
  /** Nothing changes any more: numbers that Postgres gives go on behind those that are there. */
  readonly finish: () => Promise<void>
  /** Empties the Postgres again of what `copy` brought there; only while nobody uses it. Does nothing where `copy` has brought nothing. */
  readonly undo: () => Promise<void>
  /** Ends noting changes. */
  readonly close: () => void
}

type Change = { readonly sequence: bigint; readonly name: string; readonly key: string }

const changeTable = 'moved_change'
const verbs = { insert: ['new'], update: ['old', 'new'], delete: ['old'] } as const

const startNoting = (file: DatabaseSync, tables: readonly Table[]): void => {
  const triggers = tables.flatMap(({ name, keys }) =>
    Object.entries(verbs).map(([verb, rows]) => {
      const notes = rows.map(
        (row) =>
          `insert into ${changeTable} (name, key) values ('${name}', json_array(${keys.map((key) => `${row}.${quoted(key)}`).join(', ')}))`,
      )
      return `create trigger moved_${name}_${verb} after ${verb} on ${quoted(name)} begin ${notes.join('; ')}; end`
    }),
  )
  file.exec(
    `begin immediate; create table ${changeTable} (sequence integer primary key autoincrement, name text not null, key text not null) strict;
     ${triggers.join(';\n')}; commit`,
  )
}

const stopNoting = (file: DatabaseSync): void => {
  const triggers = file
    .prepare("select name from sqlite_schema where type = 'trigger' and name like 'moved\\_%' escape '\\'")
    .all()
  const drops = triggers.map(({ name }) => `drop trigger ${quoted(String(name))}`)
  file.exec(
    `begin immediate; ${drops.join('; ')}${drops.length > 0 ? ';' : ''} drop table if exists ${changeTable}; commit`,
  )
}

/** Rows of one key each, by the text of the key; `null` = it is there no more. */
const rowsOf = (file: DatabaseSync, { name, columns, keys }: Table, texts: ReadonlySet<string>) => {
  const where = keys.map((key) => `${quoted(key)} = ?`).join(' and ')
  const one = file.prepare(`select ${listed(columns)} from ${quoted(name)} where ${where}`)
  one.setReadBigInts(true)
  return [...texts].map((text) => {
    const values = JSON.parse(text) as (string | number)[]
    return { values, row: (one.get(...values) ?? null) as Readonly<Record<string, Cell>> | null }
  })
}

type Changed = { readonly table: Table; readonly rows: ReturnType<typeof rowsOf> }

/** By what Postgres knows a row: the log is divided by its ids, which are what is unique there. */
const keysThere = ({ name, keys }: Table): readonly string[] => (name === 'call' ? ['id'] : keys)

const places = (rows: readonly (readonly unknown[])[]): string =>
  rows.map((row, at) => `(${row.map((_value, of) => `$${at * row.length + of + 1}`).join(', ')})`).join(', ')

const inParts = async <T>(rows: readonly T[], work: (part: readonly T[]) => Promise<void>): Promise<void> => {
  for (let start = 0; start < rows.length; start += rowsPerStatementMax)
    await work(rows.slice(start, start + rowsPerStatementMax))
}

const remove = async (connection: Connection, { table, rows }: Changed): Promise<void> => {
  const gone = rows.filter(({ row }) => row === null).map(({ values }) => values)
  for (const values of gone) {
    const where = table.keys.map((key, place) => `${quoted(key)} = $${place + 1}`).join(' and ')
    await connection.query(`delete from ${quoted(table.name)} where ${where}`, values)
  }
}

/** Books are only ever added to: of their rows none that is there differs. */
const isAppendOnly = ({ name }: Table): boolean => name === 'book_transaction' || name === 'book_entry'

const put = async (connection: Connection, { table, rows }: Changed): Promise<void> => {
  const { name, columns } = table
  const keys = keysThere(table)
  const others = columns.filter((column) => !keys.includes(column) && !table.keys.includes(column))
  const change = others.map((column) => `${quoted(column)} = excluded.${quoted(column)}`).join(', ')
  const meets = others.length === 0 || isAppendOnly(table) ? 'do nothing' : `do update set ${change}`
  const there = rows.flatMap(({ row }) => (row === null ? [] : [columns.map((column) => row[column] ?? null)]))
  await inParts(there, async (part) => {
    await connection.query(
      `insert into ${quoted(name)} (${listed(columns)}) overriding system value values ${places(part)} on conflict (${listed(keys)}) ${meets}`,
      part.flat(),
    )
  })
}

/** What came is read back, and is what was sent. */
const prove = async (connection: Connection, { table, rows }: Changed): Promise<void> => {
  const { name, columns, keys } = table
  const [sent, found]: [Sum, Sum] = [
    { rows: 0, digest: 0n },
    { rows: 0, digest: 0n },
  ]
  for (const { row } of rows) if (row !== null) add(sent, row, columns)
  await inParts(rows, async (part) => {
    const values = part.map((one) => one.values)
    const where = values.map(
      (_value, at) => `(${keys.map((key, of) => `${quoted(key)} = $${at * keys.length + of + 1}`).join(' and ')})`,
    )
    const text = `select ${listed(columns)} from ${quoted(name)} where ${where.join(' or ')}`
    for (const row of (await connection.query(text, values.flat())).rows) add(found, row, columns)
  })
  if (sent.rows !== found.rows || sent.digest !== found.digest)
    throw new Problem('internal_error', {
      message: `Changes of the table ${name} are not in Postgres what they are in the file: the server stays where it is.`,
      facts: { sent: sent.rows, found: found.rows },
    })
}

const inTransaction = async (connection: Connection, work: () => Promise<void>): Promise<void> => {
  await connection.query(`begin; ${lockText(null)}`)
  try {
    await work()
    await connection.query('commit')
  } catch (error) {
    if (!connection.isLost()) await connection.query('rollback')
    throw error
  }
}

class Move implements OnlineMove {
  readonly #file: DatabaseSync
  readonly #connection: Connection
  #tables: readonly Table[] = []
  /** What is in the Postgres is what was copied, and not a store that was there. */
  #isCopied = false
  /** The last change that Postgres has. */
  #copied = 0n

  constructor(file: DatabaseSync, connection: Connection) {
    this.#file = file
    this.#connection = connection
  }

  async copy(): Promise<Moved> {
    // What an earlier try may have left.
    stopNoting(this.#file)
    this.#tables = await inOrder(this.#connection, tablesOf(this.#file))
    startNoting(this.#file, this.#tables)
    return this.#onOneState(async () => {
      this.#copied = this.#lastChange()
      let moved: Moved | null = null
      await inTransaction(this.#connection, async () => {
        moved = await copyAll(this.#file, this.#connection)
      })
      assert(moved !== null)
      this.#isCopied = true
      return moved
    })
  }

  catchUp(): Promise<number> {
    return this.#onOneState(async () => {
      const changes = this.#changes()
      const last = changes.at(-1)
      if (last === undefined) return 0
      const changed = this.#changedRows(changes)
      await inTransaction(this.#connection, async () => {
        for (const one of changed.toReversed()) await remove(this.#connection, one)
        for (const one of changed) await put(this.#connection, one)
        for (const one of changed) await prove(this.#connection, one)
      })
      this.#copied = last.sequence
      return changes.length
    })
  }

  finish(): Promise<void> {
    return setNumbers(this.#connection)
  }

  async undo(): Promise<void> {
    if (!this.#isCopied || this.#connection.isLost()) return
    await this.#connection.query(`truncate ${this.#tables.map(({ name }) => quoted(name)).join(', ')}`)
  }

  close(): void {
    this.#connection.end()
    try {
      stopNoting(this.#file)
    } finally {
      this.#file.close()
    }
  }

  async #onOneState<T>(work: () => Promise<T>): Promise<T> {
    this.#file.exec('begin')
    try {
      return await work()
    } finally {
      this.#file.exec('rollback')
    }
  }

  #lastChange(): bigint {
    const row = this.#file.prepare(`select coalesce(max(sequence), 0) as last from ${changeTable}`).get()
    return BigInt(String(row?.['last']))
  }

  #changes(): readonly Change[] {
    const rows = this.#file
      .prepare(`select sequence, name, key from ${changeTable} where sequence > ? order by sequence limit ?`)
      .all(this.#copied, changesPerRoundMax)
    return rows.map((row) => ({
      sequence: BigInt(String(row['sequence'])),
      name: String(row['name']),
      key: String(row['key']),
    }))
  }

  #changedRows(changes: readonly Change[]): readonly Changed[] {
    const keys = Map.groupBy(changes, ({ name }) => name)
    return this.#tables.flatMap((table): Changed[] => {
      const texts = new Set(keys.get(table.name)?.map(({ key }) => key))
      return texts.size === 0 ? [] : [{ table, rows: rowsOf(this.#file, table, texts) }]
    })
  }
}

/**
 * Opens both; nothing is changed before `copy`.
 * @throws Problem `conflict` from `copy` where the Postgres has a store already; `store_unavailable` where it cannot be reached.
 */
export const openOnlineMove = async ({
  file,
  clock,
  ...place
}: PostgresPlace & { readonly file: string; readonly clock: Clock }): Promise<OnlineMove> => {
  let connection: Connection | null = null
  try {
    connection = await connect({ address: directAddress(place), connectTimeoutMs, answerTimeoutMs: 0 })
    await bringForward(connection, clock.nowMs())
    return new Move(new DatabaseSync(file, { timeout: busyTimeoutMs }), connection)
  } catch (error) {
    connection?.end()
    throw storeProblem(error)
  }
}
