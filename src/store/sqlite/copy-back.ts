/**
 * Copying the write-ahead log back into the database. A log that is copied to its end begins anew with the next commit, and until the disk has all that
 * was copied nothing can be written: so the thread beside copies, and has the disk take it, while the other one writes on, and leaves that one as much
 * as has been written within some milliseconds.
 */

import { fdatasyncSync, openSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { storeProblem } from './failure.ts'

/** 128 MiB, at which a log is to begin anew: a start after a crash reads all of it first. */
const logPagesMax = 32_768

/** The second finds what was written during the first, a tenth of a second, and leaves what is written during itself. */
const rounds = 2

export type Copied = {
  /** Why nothing could be copied; `null` = it could. */
  readonly why: string | null
  /** The log is to begin anew: the writing thread copies what is left. */
  readonly isLogFull: boolean
}

/** As far as the log goes by now: others write on meanwhile. Gives how many pages it has. */
const pass = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()?.['log'] ?? 0)

const told = (copy: () => boolean): Copied => {
  try {
    return { why: null, isLogFull: copy() }
  } catch (error) {
    return { why: storeProblem(error).message, isLogFull: false }
  }
}

/** Has the disk take what was copied into the file; opened when it is first needed. */
const makeSync = (file: string): (() => void) => {
  let descriptor: number | null = null
  return () => {
    // Never closed: with any descriptor of a file that it closes a process loses the locks that SQLite has on it.
    descriptor ??= openSync(file, 'r')
    fdatasyncSync(descriptor)
  }
}

/** For the thread beside: copies, and where the log has become long, so that next to nothing is left. */
export const makeCopyBeside = (database: DatabaseSync, file: string, pagesMax = logPagesMax): (() => Copied) => {
  const sync = makeSync(file)
  return () =>
    told(() => {
      if (pass(database) < pagesMax) return false
      for (let round = 0; round < rounds; round += 1) {
        sync()
        pass(database)
      }
      sync()
      return true
    })
}

/** For the thread that writes, between two commits: copies the rest. */
export const copyRest = (database: DatabaseSync): Copied =>
  told(() => {
    pass(database)
    return false
  })
