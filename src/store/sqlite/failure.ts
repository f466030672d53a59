/** What SQLite's own errors mean to those outside. */

import { asProblem, Problem } from '#base/problem.ts'

/** Primary result codes (https://www.sqlite.org/rescode.html, read 2026-11-22) that say the store cannot be used now. */
const unavailable: ReadonlyMap<number, string> = new Map([
  [3, 'may not be accessed: check who owns the file and its folder'],
  [5, 'is locked by another program: stop whatever else has it open'],
  [6, 'is locked by another program: stop whatever else has it open'],
  [7, 'could not get memory'],
  [8, 'is read-only: check the file, its folder and how the disk is mounted'],
  [10, 'could not be read or written: the disk answers with errors, or is full'],
  [11, 'is damaged: restore a backup'],
  [13, 'could not be written: the disk is full'],
  [14, 'could not be opened: check its path, who owns it, and that the disk has room'],
  [23, 'may not be accessed'],
  [26, 'is not a SQLite database: check "store.url"'],
])

const primaryCode = (error: unknown): number | null => {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return error.errcode & 0xff
}

/**
 * A Problem as it is; an error of SQLite as `store_unavailable`, with what to do; a constraint that a race broke as
 * `conflict`; anything else as `internal_error`.
 */
export const storeProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error
  const code = primaryCode(error)
  const why = code === null ? undefined : unavailable.get(code)
  if (why !== undefined)
    return new Problem('store_unavailable', { message: `The store ${why}.`, retryAfterMs: 1000, cause: error })
  if (code === null && error instanceof Error && 'syscall' in error)
    return new Problem('store_unavailable', {
      message: `The store could not be opened: ${error.message}.`,
      cause: error,
    })
  if (code === 19)
    return new Problem('conflict', {
      message: 'The change does not fit what is in the store now: a name is taken, or an object that it needs is gone.',
      cause: error,
    })
  return asProblem(error)
}

/** Whether the failure is the store's own, so that readiness has to say so. */
export const isStoreFailure = (problem: Problem): boolean => problem.code === 'store_unavailable'
