/** Group commit: everything that has arrived goes into one transaction, and is answered when that is committed. */

import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { carried } from '#base/carried-problem.ts'
import type { Answered, Asked } from '#base/mailbox.ts'
import type { LateWrites, StoreOperation } from '#store/operations/context.ts'
import type { OperationName, Operations } from '#store/operations/index.ts'
import type { Tables } from '#store/tables.ts'
import { isStoreFailure, storeProblem } from './failure.ts'
import type { Writes } from './message.ts'

export type BatchOutcome = { readonly answers: readonly Answered[]; readonly writes: Writes }

type Ground = {
  readonly database: DatabaseSync
  readonly kysely: Kysely<Tables>
  readonly operations: Operations
}

const operationOf = (ground: Ground, { name }: Asked): StoreOperation<unknown, unknown> => {
  const operation = ground.operations[name as OperationName] as StoreOperation<unknown, unknown> | undefined
  assert(operation !== undefined, `the store has no operation ${name}`)
  return operation
}

const refused = (number: number, error: unknown): Answered => ({
  number,
  ok: false,
  problem: carried(storeProblem(error)),
})

const rollBack = (database: DatabaseSync): void => {
  // SQLite has already rolled back by itself after some failures, such as a full disk.
  if (database.isTransaction) database.exec('ROLLBACK')
}

const runReading = async (ground: Ground, asked: Asked): Promise<Answered> => {
  try {
    const value = await operationOf(ground, asked).run(ground.kysely, asked.input)
    return { number: asked.number, ok: true, value }
  } catch (error) {
    return refused(asked.number, error)
  }
}

/** Inside a savepoint: an operation that fails leaves nothing behind and does not disturb the others. */
const runWriting = async (ground: Ground, asked: Asked): Promise<Answered> => {
  const { database, kysely } = ground
  database.exec('SAVEPOINT operation')
  try {
    const value = await operationOf(ground, asked).run(kysely, asked.input)
    database.exec('RELEASE operation')
    return { number: asked.number, ok: true, value }
  } catch (error) {
    // Without a transaction the whole batch is lost, and the error is about more than this operation.
    if (!database.isTransaction || isStoreFailure(storeProblem(error))) throw error
    database.exec('ROLLBACK TO operation')
    database.exec('RELEASE operation')
    return refused(asked.number, error)
  }
}

/** Each operation so that it can fail by itself. */
const runEach = async (ground: Ground, batch: readonly Asked[]): Promise<readonly Answered[]> => {
  const answers: Answered[] = []
  ground.database.exec('BEGIN IMMEDIATE')
  for (const asked of batch) {
    const run = operationOf(ground, asked).kind === 'write' ? runWriting : runReading
    answers.push(await run(ground, asked))
  }
  ground.database.exec('COMMIT')
  return answers
}

/** All operations as if none of them failed, which is nearly always so. Rejects where one does: then nothing is kept of any. */
const runTogether = async (ground: Ground, batch: readonly Asked[]): Promise<readonly Answered[]> => {
  const { database, kysely } = ground
  const answers: Answered[] = []
  let late: LateWrites | null = null
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const asked of batch) {
      const { kind, run, together, isApart } = operationOf(ground, asked)
      if (late !== null && late !== together?.late && isApart === undefined) {
        await late.write(kysely)
        late = null
      }
      late ??= together?.late ?? null
      if (kind === 'read') answers.push(await runReading(ground, asked))
      else answers.push({ number: asked.number, ok: true, value: await (together?.run ?? run)(kysely, asked.input) })
    }
    if (late !== null) await late.write(kysely)
    database.exec('COMMIT')
    return answers
  } catch (error) {
    late?.forget()
    throw error
  }
}

/** Where an operation fails, which is seldom, all are run once more, each by itself. */
const runAll = async (ground: Ground, batch: readonly Asked[]): Promise<readonly Answered[]> => {
  try {
    return await runTogether(ground, batch)
  } catch (error) {
    if (isStoreFailure(storeProblem(error))) throw error
    rollBack(ground.database)
    return runEach(ground, batch)
  }
}

/**
 * After a failed commit: writes are refused with the reason, reads are answered from what is really there. A read may
 * have seen writes of its batch that are now undone, so all of them are read anew.
 */
const answerWithoutWrites = async (
  ground: Ground,
  batch: readonly Asked[],
  error: unknown,
): Promise<readonly Answered[]> => {
  const answers: Answered[] = []
  for (const asked of batch)
    answers.push(
      operationOf(ground, asked).kind === 'write' ? refused(asked.number, error) : await runReading(ground, asked),
    )
  return answers
}

/**
 * Runs the operations in their order, all writes in one transaction. When this resolves with `kept: true`, every write that
 * was answered with `ok` is as durable as the database is set to make it.
 */
export const runBatch = async (ground: Ground, batch: readonly Asked[]): Promise<BatchOutcome> => {
  if (!batch.some((asked) => operationOf(ground, asked).kind === 'write')) {
    const answers: Answered[] = []
    for (const asked of batch) answers.push(await runReading(ground, asked))
    return { answers, writes: null }
  }
  try {
    return { answers: await runAll(ground, batch), writes: { kept: true } }
  } catch (error) {
    rollBack(ground.database)
    const why = storeProblem(error).message
    return { answers: await answerWithoutWrites(ground, batch, error), writes: { kept: false, why } }
  }
}

/**
 * Reads beside whoever writes: each sees the tables as they were at one instant, in however many statements it looks at them. An operation that
 * writes is a fault of the asker's.
 */
export const runBeside = async (ground: Ground, batch: readonly Asked[]): Promise<BatchOutcome> => {
  const { database } = ground
  const answers: Answered[] = []
  for (const asked of batch) {
    assert(operationOf(ground, asked).kind === 'read', `${asked.name} writes`)
    database.exec('BEGIN')
    answers.push(await runReading(ground, asked))
    rollBack(database)
  }
  return { answers, writes: null }
}
