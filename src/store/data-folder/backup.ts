/** A copy of the embedded store that is whole as of one instant, taken while a server writes; and the way back. */

import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { rfc3339 } from '#base/clock.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { hasAllSteps, neededName } from '#store/schema-steps/apply.ts'
import { schemaSteps } from '#store/schema-steps/index.ts'
import { takeDataLock } from './data-lock.ts'
import { makeFolder } from './make-folder.ts'

/** What `backup.json` says, which is written last: a folder without it is no backup. */
export type Backup = {
  readonly schema: 1
  /** Of Drover. */
  readonly version: string
  /** RFC 3339, UTC: what was committed before is in it. */
  readonly taken: string
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
}

const manifestName = 'backup.json'
const databaseName = 'drover.db'
const keyName = 'secret.key'
const manifestBytesMax = 64 * 1024
/** Of a writer that holds the file just then. */
const busyTimeoutMs = 30_000

const refused = (message: string, param: string): Problem => new Problem('conflict', { message, param })

const digestOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}

/** The file is on the disk, and its owner's only. */
const secured = (file: string): void => {
  chmodSync(file, 0o600)
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** One read transaction copies all of it, so that writers go on and nothing of theirs is half in the copy. */
const copyDatabase = (from: string, to: string): void => {
  const database = new DatabaseSync(from, { readOnly: true, timeout: busyTimeoutMs })
  try {
    database.prepare('VACUUM INTO ?').run(to)
  } finally {
    database.close()
  }
}

const checkDatabase = (file: string): void => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const [row] = database.prepare('PRAGMA quick_check(1)').all()
    const said = String(Object.values(row ?? {})[0] ?? 'nothing')
    if (said !== 'ok') throw refused(`${file} is damaged, as SQLite says: ${said}.`, 'from')
  } finally {
    database.close()
  }
}

const rowsOf = (database: DatabaseSync, table: string, text: string): readonly Record<string, unknown>[] =>
  database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table) === undefined
    ? []
    : database.prepare(text).all()

/** A backup of a newer Drover is refused while what is there is still in its place. */
const checkSchema = (file: string, version: string): void => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const steps = rowsOf(database, 'schema_step', 'SELECT number, name FROM schema_step ORDER BY number')
    const applied = steps.map((row) => ({ number: Number(row['number']), name: String(row['name']) }))
    const [said] = rowsOf(database, 'meta', `SELECT value FROM meta WHERE name = '${neededName}'`)
    hasAllSteps(applied, said === undefined ? null : String(said['value']), schemaSteps)
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    throw refused(
      `${dirname(file)} was written by Drover ${version}, and this one cannot read it: nothing was touched. ` +
        'Restore it with that version, or with a newer one.',
      'from',
    )
  } finally {
    database.close()
  }
}

export type BackupRequest = {
  /** The database; `null` = the one in the data folder. */
  readonly file: string | null
  readonly data: string
  /** A folder that is empty or not there. */
  readonly into: string
  readonly version: string
  readonly nowMs: number
}

/**
 * Copies the database and, where the data folder has one, the server's key. A server may run.
 * @throws Problem `not_found` where there is no store; `conflict` where the target is not empty.
 */
export const takeBackup = async ({ file, data, into, version, nowMs }: BackupRequest): Promise<Backup> => {
  const source = file ?? join(data, databaseName)
  if (!existsSync(source))
    throw new Problem('not_found', {
      message: `There is no store at ${source}: name the folder of the server by --data, or its file by --config.`,
      param: 'data',
    })
  makeFolder(into)
  if (readdirSync(into).length > 0)
    throw refused(`${into} is not empty. Name a folder that is not there yet: nothing is written over.`, 'into')
  copyDatabase(source, join(into, databaseName))
  checkDatabase(join(into, databaseName))
  const names = [databaseName]
  if (existsSync(join(data, keyName))) {
    copyFileSync(join(data, keyName), join(into, keyName))
    names.push(keyName)
  }
  const files: Backup['files'][number][] = []
  for (const name of names) {
    const path = join(into, name)
    secured(path)
    files.push({ name, bytes: statSync(path).size, sha256: await digestOf(path) })
  }
  const backup: Backup = { schema: 1, version, taken: rfc3339(nowMs), files }
  writeFileSync(join(into, manifestName), `${JSON.stringify(backup, null, 2)}\n`, { mode: 0o600, flush: true })
  return backup
}

const noBackup = (from: string, why: string): Problem =>
  new Problem('invalid_request_error', {
    message: `${from} is no backup: ${why}. 'drover backup FOLDER' makes one.`,
    param: 'from',
  })

const isFile = (value: unknown): value is Backup['files'][number] =>
  isObject(value) &&
  typeof value['bytes'] === 'number' &&
  typeof value['sha256'] === 'string' &&
  (value['name'] === databaseName || value['name'] === keyName)

/** What a backup says of itself. @throws Problem `invalid_request_error` where it is none. */
export const readBackup = (from: string): Backup => {
  const path = join(from, manifestName)
  if (!existsSync(path)) throw noBackup(from, `${manifestName} is missing, which is written last`)
  if (statSync(path).size > manifestBytesMax) throw noBackup(from, `${manifestName} is too large`)
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw noBackup(from, `${manifestName} is no JSON`)
  }
  if (!isObject(value) || value['schema'] !== 1 || !Array.isArray(value['files']) || !value['files'].every(isFile))
    throw noBackup(from, `${manifestName} is of a kind that this version does not know`)
  if (!value['files'].some(({ name }) => name === databaseName)) throw noBackup(from, `it has no ${databaseName}`)
  return value as Backup
}

export type RestoreRequest = {
  readonly from: string
  readonly data: string
  /** The database; `null` = the one in the data folder. */
  readonly file: string | null
  /** Puts what is there aside. */
  readonly force: boolean
  readonly pid: number
  readonly nowMs: number
}

export type Restored = {
  readonly backup: Backup
  /** Where what was there lies now; `null` = nothing was there. */
  readonly aside: string | null
}

/** SQLite's side files belong to the file that they lie beside. */
const sideFiles = ['', '-wal', '-shm']

/** Each into a folder of this name beside it: a store may lie on another disk than the data folder. */
const putAside = (paths: readonly string[], name: string): void => {
  for (const path of paths) {
    const folder = join(dirname(path), name)
    makeFolder(folder)
    renameSync(path, join(folder, basename(path)))
  }
}

/**
 * Puts a backup in the place of the store. Every file is held against its digest, and its schema against this Drover's, before anything is touched.
 * @throws Problem `conflict` while a server runs on the folder, where a newer Drover has written the backup, or where a store is there and `force` is not said.
 */
export const restoreBackup = async (request: RestoreRequest): Promise<Restored> => {
  const { from, data, file, force, pid, nowMs } = request
  const backup = readBackup(from)
  for (const { name, sha256 } of backup.files) {
    const path = join(from, name)
    if (!existsSync(path)) throw noBackup(from, `${name} is missing`)
    if ((await digestOf(path)) !== sha256) throw noBackup(from, `${name} is not what was backed up: its digest differs`)
  }
  checkDatabase(join(from, databaseName))
  checkSchema(join(from, databaseName), backup.version)
  const target = file ?? join(data, databaseName)
  const lock = takeDataLock({ folder: data, token: '', pid, nowMs })
  try {
    const key = join(data, keyName)
    const hasKey = backup.files.some(({ name }) => name === keyName)
    const there = [...sideFiles.map((side) => `${target}${side}`), ...(hasKey ? [key] : [])].filter((path) =>
      existsSync(path),
    )
    if (there.length > 0 && !force)
      throw refused(`${there[0]} is there. Say --force to put it aside and restore in its place.`, 'force')
    const name = `before-restore-${rfc3339(nowMs).replaceAll(/[:.]/g, '-')}`
    const aside = there.length === 0 ? null : join(dirname(target), name)
    const fresh = backup.files.map(({ name }) => (name === keyName ? key : target))
    backup.files.forEach(({ name }, index) => {
      const path = `${fresh[index]}.restoring`
      copyFileSync(join(from, name), path)
      secured(path)
    })
    putAside(there, name)
    for (const path of fresh) renameSync(`${path}.restoring`, path)
    return { backup, aside }
  } finally {
    lock.release()
  }
}
