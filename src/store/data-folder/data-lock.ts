/**
 * One server to a data folder. The lock proper is the operating system's, on `lock.guard`, held through SQLite for want of
 * a file lock in Node: it ends with the process that holds it, however that ends, so a stale lock is never taken for a
 * live one, neither by a reused pid nor from another container. `lock` says who holds it and where to reach it.
 */

import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { rfc3339 } from '#base/clock.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { folderProblem } from './folder-problem.ts'
import { makeFolder } from './make-folder.ts'

/** What `<data>/lock` says. The token is for commands on this machine: whoever can read the file may act as its owner. */
export type LockHolder = {
  readonly pid: number
  /** Where the server listens; `null` while it is starting, or when a command holds the folder. */
  readonly url: string | null
  readonly token: string
  /** SHA-256 of the certificate that it shows there, by which commands know it; `null` = no TLS. */
  readonly certificate: string | null
  /** RFC 3339 in UTC. */
  readonly started: string
}

export type DataLock = {
  /** Writes the address into `lock`, for commands to find the server, and the SHA-256 of its certificate to know it by. */
  readonly announce: (url: string, certificate: string | null) => void
  /** Removes `lock` and lets the folder go. May be called twice. */
  readonly release: () => void
}

export type DataLockOptions = {
  readonly folder: string
  readonly token: string
  readonly pid: number
  readonly nowMs: number
}

/** A command that only looks holds the guard for an instant; a server that starts just then waits for it. */
const guardTimeoutMs = 1000
const sqliteBusy = 5

const paths = (folder: string) => ({ file: join(folder, 'lock'), guard: join(folder, 'lock.guard') })

/** The guard, locked; `null` = another process, or another part of this one, holds it. */
const takeGuard = (guard: string, timeoutMs: number): DatabaseSync | null => {
  closeSync(openSync(guard, 'a', 0o600))
  const database = new DatabaseSync(guard, { timeout: timeoutMs })
  try {
    database.exec('PRAGMA journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return null
    throw error
  }
}

/** `null` for what is no JSON: somebody else wrote it, and it says nothing of a holder. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

const readHolder = (file: string): LockHolder | null => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  const value = parsed(text)
  if (!isObject(value)) return null
  const { pid, url, token, started, certificate } = value
  if (typeof pid !== 'number' || typeof token !== 'string' || typeof started !== 'string') return null
  return {
    pid,
    url: typeof url === 'string' ? url : null,
    token,
    certificate: typeof certificate === 'string' ? certificate : null,
    started,
  }
}

/** Whole or not at all: a reader never sees half of it. */
const writeHolder = (file: string, holder: LockHolder): void => {
  const fresh = `${file}.new`
  rmSync(fresh, { force: true })
  writeFileSync(fresh, `${JSON.stringify(holder)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(fresh, file)
}

const inUse = (folder: string, holder: LockHolder | null): Problem => {
  const where = holder?.url === null || holder === null ? '' : ` at ${holder.url}`
  const who = holder === null ? 'another process' : `process ${holder.pid}${where}, running since ${holder.started}`
  return new Problem('conflict', {
    message: `The data folder ${folder} is in use by ${who}. Stop that server first, or give this one its own folder with --data.`,
    facts: { folder, pid: holder?.pid ?? null, url: holder?.url ?? null },
  })
}

const holding = (database: DatabaseSync, file: string, holder: Omit<LockHolder, 'url' | 'certificate'>): DataLock => {
  let released = false
  const release = (): void => {
    if (released) return
    released = true
    process.off('exit', release)
    rmSync(file, { force: true })
    database.close()
  }
  // Also keeps the guard from being collected as garbage, which would let the folder go while the server runs.
  process.on('exit', release)
  return {
    announce: (url, certificate) => {
      if (!released) writeHolder(file, { ...holder, url, certificate })
    },
    release,
  }
}

/**
 * Takes the folder, making it where there is none. What a process that is gone left in `lock` is written over.
 * @throws Problem `conflict` naming pid and url of the holder; `store_unavailable` where the folder cannot be written.
 */
export const takeDataLock = ({ folder, token, pid, nowMs }: DataLockOptions): DataLock => {
  const { file, guard } = paths(folder)
  const holder = { pid, token, started: rfc3339(nowMs) }
  let database: DatabaseSync | null = null
  try {
    makeFolder(folder)
    database = takeGuard(guard, guardTimeoutMs)
    if (database !== null) writeHolder(file, { ...holder, url: null, certificate: null })
  } catch (error) {
    database?.close()
    throw folderProblem(folder, error)
  }
  if (database === null) throw inUse(folder, readHolder(file))
  return holding(database, file, holder)
}

/** Who holds the folder now; `null` = nobody, whatever an earlier process may have left in `lock`. */
export const readDataLock = (folder: string): LockHolder | null => {
  const { file, guard } = paths(folder)
  try {
    const holder = readHolder(file)
    if (holder === null) return null
    const database = takeGuard(guard, 0)
    if (database === null) return readHolder(file)
    database.close()
    return null
  } catch (error) {
    throw folderProblem(folder, error)
  }
}
