/** One transaction: begun, locked, worked in, marked, committed; or nothing of it. */

import assert from 'node:assert/strict'
import type { Transaction } from '#store/operations/context.ts'
import { isChange } from '#store/operations/context.ts'
import type { Connection } from './connection.ts'
import type { Deferred } from './deferred.ts'
import { deferredOn } from './deferred.ts'
import { kyselyOn } from './dialect.ts'
import { CommitUnknown, isTimeout, KeptWaiting, LineLost } from './failure.ts'
import type { Lane } from './lane.ts'
import { lockText } from './lane.ts'

export type Limits = {
  /** The longest that a statement may run. */
  readonly statementTimeoutMs: number
  /** The longest that others may keep a write waiting. */
  readonly lockTimeoutMs: number
  /** The longest that a transaction may stand without a statement: a node that froze must not keep its locks. */
  readonly pauseTimeoutMs: number
}

export type Write = {
  readonly lane: Lane
  /** Hexadecimal digits, written in the transaction: who does not know whether it was committed looks for it. */
  readonly mark: string
  readonly nowMs: number
  /** An earlier try of the same mark ended without an answer to its COMMIT. */
  readonly isUnknown: boolean
}

type Builder = { readonly transaction: Transaction; readonly deferred: Deferred }

const builders = new WeakMap<Connection, Builder>()

const builderOf = (connection: Connection): Builder => {
  const known = builders.get(connection)
  if (known !== undefined) return known
  const deferred = deferredOn(connection)
  const made = { transaction: kyselyOn(deferred), deferred }
  builders.set(connection, made)
  return made
}

/** Compiling a statement takes longer than any page of ours takes to run, and is decided by estimates that are far too high. */
const beginText = (how: string, { statementTimeoutMs, pauseTimeoutMs }: Limits): string =>
  `begin isolation level ${how}; set local statement_timeout = ${Math.round(statementTimeoutMs)}; set local jit = off; ` +
  `set local idle_in_transaction_session_timeout = ${Math.round(pauseTimeoutMs)}`

/** After a rollback that fails the connection is given up, and the server rolls back by itself. */
const rollBack = async (connection: Connection): Promise<void> => {
  builderOf(connection).deferred.take()
  if (connection.isLost()) return
  try {
    await connection.query('rollback')
  } catch (error) {
    if (!(error instanceof LineLost)) connection.end()
  }
}

const isMarked = async (connection: Connection, mark: string): Promise<boolean> =>
  (await connection.query('select 1 as one from commit_mark where id = $1', [mark])).rows.length > 0

/** What waits, the mark and the COMMIT go out together. */
const commit = async (connection: Connection, { mark, nowMs }: Write): Promise<void> => {
  assert.match(mark, /^[0-9a-f]+$/)
  try {
    const waiting = builderOf(connection).deferred.take()
    await connection.query(
      `${waiting}insert into commit_mark (id, at_ms) values ('${mark}', ${Math.round(nowMs)}); commit`,
    )
  } catch (error) {
    if (error instanceof LineLost) throw new CommitUnknown(error.message, { cause: error })
    throw error
  }
}

/** @throws KeptWaiting where others hold them for longer than a write may wait. */
const beginLocked = async (connection: Connection, limits: Limits, lane: Lane): Promise<void> => {
  const { statementTimeoutMs, lockTimeoutMs } = limits
  const waiting = beginText('read committed', { ...limits, statementTimeoutMs: lockTimeoutMs })
  const after = `set local statement_timeout = ${Math.round(statementTimeoutMs)}`
  try {
    await connection.query(`${waiting}; ${lockText(lane)}; ${after}`)
  } catch (error) {
    if (isTimeout(error)) throw new KeptWaiting('others hold the lock', { cause: error })
    throw error
  }
}

/** What the work gave, or that an earlier try of it had been kept after all. */
export type Written<T> = { readonly kept: 'now'; readonly value: T } | { readonly kept: 'before' }

/**
 * Runs the work in one transaction that reads what is committed when its locks are taken. The lock also waits for an earlier try
 * whose session may still be at its COMMIT, so that the mark is the last word.
 * @throws CommitUnknown where COMMIT was sent and its answer did not come; KeptWaiting where it did not get its locks in time.
 */
export const runWrite = async <T>(
  connection: Connection,
  { limits, write }: { readonly limits: Limits; readonly write: Write },
  work: (transaction: Transaction) => Promise<T>,
): Promise<Written<T>> => {
  const { lane, mark, isUnknown } = write
  let value: T
  try {
    await beginLocked(connection, limits, lane)
    if (isUnknown && (await isMarked(connection, mark))) {
      await connection.query('rollback')
      return { kept: 'before' }
    }
    value = await work(builderOf(connection).transaction)
    await commit(connection, write)
  } catch (error) {
    await rollBack(connection)
    throw error
  }
  return { kept: 'now', value }
}

const readOn = async <T>(connection: Connection, limits: Limits, work: () => Promise<T>): Promise<T> => {
  try {
    await connection.query(beginText('repeatable read read only', limits))
    const value = await work()
    // There is nothing to keep: who asked need not wait for the end, and who uses the line next comes after it.
    connection.query('commit').catch(() => connection.end())
    return value
  } catch (error) {
    await rollBack(connection)
    throw error
  }
}

/** Runs the work on one state of the store, which it cannot change. */
export const runRead = <T>(
  connection: Connection,
  limits: Limits,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> => readOn(connection, limits, () => work(builderOf(connection).transaction))

/** The work would change something. */
class WouldChange extends Error {}

/** Runs work that may change something for as long as it does not; gives `null` where it would. */
export const runLook = async <T>(
  connection: Connection,
  limits: Limits,
  work: (transaction: Transaction) => Promise<T>,
): Promise<{ readonly value: T } | null> => {
  const refuse = async (): Promise<never> => {
    throw new WouldChange('it would change something')
  }
  const looking = kyselyOn({
    defer: refuse,
    ask: (sql, values) => (isChange(sql) ? refuse() : connection.query(sql, values)),
    take: () => '',
  })
  try {
    return { value: await readOn(connection, limits, () => work(looking)) }
  } catch (error) {
    if (error instanceof WouldChange) return null
    throw error
  }
}
