/** What Postgres's own errors mean to those outside, and which of them are worth another try. */

import { asProblem, Problem } from '#base/problem.ts'

/** Classes and codes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html, from memory). */
const unavailable: readonly (readonly [string, string])[] = [
  ['08', 'cannot be reached'],
  ['25006', 'takes no writes: it is a replica, or set to read-only'],
  [
    '28',
    'refuses the user or the password of "store.url", or asks for encryption (sslmode) or a certificate that it does not get',
  ],
  ['3D000', 'has no database of that name: create it, or mend "store.url"'],
  ['42501', 'does not let this user read or write its tables: grant it the rights, or the ownership of the database'],
  ['53300', 'has no connection free: raise its max_connections, or put a pooler in front'],
  ['53', 'is out of disk, memory or connections'],
  ['54', 'met one of its limits'],
  ['55P03', 'was kept waiting for a lock'],
  ['57014', 'did not finish a statement in time'],
  ['57', 'is stopping or starting'],
  ['58', 'met an error of its system'],
  ['XX', 'met an error of its own'],
]

/** The line to the server is gone, or was never there: nothing that was begun on it stands. */
export class LineLost extends Error {}

/** COMMIT was sent and not answered: whether it was kept has to be looked up. */
export class CommitUnknown extends Error {}

/** Others held the locks of a write for longer than it may wait: nothing of it was begun. */
export class KeptWaiting extends Error {}

const stateOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : null

/** A Problem as it is; an error of Postgres as what it means. Its own text goes along as the cause only. */
export const storeProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error
  if (error instanceof LineLost || error instanceof CommitUnknown)
    return new Problem('store_unavailable', {
      message: `The store cannot be reached: ${error.message}.`,
      retryAfterMs: 1000,
      cause: error,
    })
  if (error instanceof KeptWaiting)
    return new Problem('store_unavailable', {
      message: 'The store was kept waiting for a lock, by others who write to it.',
      retryAfterMs: 1000,
      cause: error,
    })
  const state = stateOf(error)
  if (state === null) return asProblem(error)
  const why = unavailable.find(([prefix]) => state.startsWith(prefix))?.[1]
  if (why !== undefined)
    return new Problem('store_unavailable', { message: `The store ${why}.`, retryAfterMs: 1000, cause: error })
  if (state.startsWith('40'))
    return new Problem('store_unavailable', {
      message: 'The store undid the change, because others were made at the same time. Try again.',
      retryAfterMs: 1000,
      cause: error,
    })
  if (state.startsWith('23'))
    return new Problem('conflict', {
      message: 'The change does not fit what is in the store now: a name is taken, or an object that it needs is gone.',
      cause: error,
    })
  return asProblem(error)
}

/** Whether the failure is the store's own, so that readiness has to say so. */
export const isStoreFailure = (problem: Problem): boolean => problem.code === 'store_unavailable'

/** Serialization failures and deadlocks: the server undid the transaction and asks for another try. */
export const isUndone = (error: unknown): boolean => stateOf(error)?.startsWith('40') === true

/** The server is going down, or this session was ended: as good as a line that is lost. */
export const isSessionEnd = (error: unknown): boolean => {
  const state = stateOf(error)
  return state !== null && (state.startsWith('08') || state.startsWith('57P') || state === '25P03' || state === '25006')
}

/** A statement that ran into its time limit, or waited for a lock for longer than it may. */
export const isTimeout = (error: unknown): boolean => {
  const state = stateOf(error)
  return state === '57014' || state === '55P03'
}
