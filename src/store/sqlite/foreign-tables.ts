/** Reads tables of a database that another program made; it is not changed, and nothing is kept open. */

import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Problem } from '#base/problem.ts'

export type ForeignTable = readonly Readonly<Record<string, unknown>>[]

/** No table that is taken over has more rows; logs are counted, not read. */
const rowsMax = 1_000_000

/**
 * The rows of these tables, as far as the database has them.
 * @throws Problem `invalid_request_error` where the file is no database of SQLite.
 */
export const readForeignTables = (file: string, names: readonly string[]): Readonly<Record<string, ForeignTable>> => {
  if (!existsSync(file)) throw new Problem('not_found', { message: `There is no file ${file}.`, param: 'file' })
  const database = new DatabaseSync(file, { readOnly: true, readBigInts: true })
  try {
    const tables: Record<string, ForeignTable> = {}
    const present = new Set(
      database
        .prepare("select name from sqlite_master where type = 'table'")
        .all()
        .map((row) => String(row['name'])),
    )
    for (const name of names.filter((one) => present.has(one)))
      tables[name] = database.prepare(`select * from "${name.replaceAll('"', '""')}" limit ${rowsMax}`).all()
    return tables
  } catch (cause) {
    throw new Problem('invalid_request_error', {
      message: `${file} cannot be read as a database of SQLite: ${cause instanceof Error ? cause.message : String(cause)}.`,
      param: 'file',
      cause,
    })
  } finally {
    database.close()
  }
}
