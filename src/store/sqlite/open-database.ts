/** Opens the file (or memory) as the store wants it, with the present schema. */

import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { makeFolder } from '#store/data-folder/make-folder.ts'
import { stepForward } from '#store/schema-steps/apply.ts'
import { schemaSteps } from '#store/schema-steps/index.ts'
import type { SchemaStep } from '#store/schema-steps/step.ts'
import type { Tables } from '#store/tables.ts'
import { kyselyOn } from './dialect.ts'
import type { WorkerSettings } from './message.ts'
import { refuseMoved } from './moved.ts'

export type OpenDatabase = { readonly database: DatabaseSync; readonly kysely: Kysely<Tables> }

/** The file holds digests of keys and perhaps bodies: its owner only. SQLite gives its side files the same mode. */
const createOwnerOnly = (file: string): void => {
  makeFolder(dirname(file))
  closeSync(openSync(file, 'a', 0o600))
}

/** 256 MiB, at which a commit copies the log back itself: the thread beside sees to it at half of that, where there is one. */
const logPagesMax = 65_536

/** Pages that a connection keeps: of the thread that writes, and of the one beside it. */
const cacheKibibytes = 65_536
const cacheBesideKibibytes = 16_384

/**
 * `process`: a commit is in the write-ahead log, in the hands of the operating system, and survives the end of the
 * process. `power`: it is also synced to the disk.
 */
const configure = (database: DatabaseSync, { file, durability }: WorkerSettings, cachedKibibytes: number): void => {
  if (file !== ':memory:') database.exec('PRAGMA journal_mode = WAL')
  database.exec(`PRAGMA wal_autocheckpoint = ${logPagesMax}`)
  database.exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`)
  database.exec('PRAGMA temp_store = MEMORY')
  database.exec(`PRAGMA cache_size = -${cachedKibibytes}`)
}

const bringForward = async ({ database, kysely }: OpenDatabase, steps: readonly SchemaStep[], nowMs: number) => {
  database.exec('BEGIN IMMEDIATE')
  try {
    await stepForward({ database: kysely, dialect: 'sqlite', steps, nowMs })
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

const connect = ({ file, busyTimeoutMs }: WorkerSettings): DatabaseSync =>
  new DatabaseSync(file, {
    readBigInts: true,
    timeout: busyTimeoutMs,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  })

/** A second connection to a file that is open: it changes nothing, and may copy the write-ahead log back. @throws an error of SQLite. */
export const openBeside = (settings: WorkerSettings): OpenDatabase => {
  const database = connect(settings)
  configure(database, settings, cacheBesideKibibytes)
  database.exec('PRAGMA query_only = ON')
  return { database, kysely: kyselyOn(database) }
}

/** @throws an error of SQLite, of the file system, or the Problem that the schema is unknown. */
export const openDatabase = async (
  settings: WorkerSettings,
  steps: readonly SchemaStep[] = schemaSteps,
): Promise<OpenDatabase> => {
  if (settings.file !== ':memory:') createOwnerOnly(settings.file)
  const database = connect(settings)
  try {
    configure(database, settings, cacheKibibytes)
    const open = { database, kysely: kyselyOn(database) }
    await bringForward(open, steps, settings.nowMs)
    refuseMoved(database, settings.file)
    return open
  } catch (error) {
    database.close()
    throw error
  }
}
