/**
 * Runs operations on Postgres. What waits in a lane goes into one transaction, so that a busy account costs one connection and one
 * commit for many calls. A line that is lost is tried again; a COMMIT without an answer is looked up.
 */

import assert from 'node:assert/strict'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { StoreOperation, Transaction } from '#store/operations/context.ts'
import { storeProblem } from './failure.ts'
import type { Lane } from './lane.ts'
import { laneOf, looksFirst } from './lane.ts'
import type { Asked } from './lane-queues.ts'
import { LaneQueues } from './lane-queues.ts'
import type { PostgresExecute, PostgresOperationName, PostgresOperations } from './operations.ts'
import type { Persist } from './persist.ts'
import type { Pool } from './pool.ts'
import type { Limits } from './transact.ts'
import { runLook, runRead, runWrite } from './transact.ts'

export type ExecutorSettings = {
  readonly pool: Pool
  readonly persist: Persist
  readonly operations: PostgresOperations
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: Limits
  /** Operations that may wait; one more is refused. */
  readonly queueLengthMax: number
  /** Told how each write went. */
  readonly wrote: (problem: Problem | null) => void
}

export type Executor = {
  readonly execute: PostgresExecute
  /** Runs reads on one state of the store, however long they take together. */
  readonly inSnapshot: <T>(work: (execute: PostgresExecute) => Promise<T>) => Promise<T>
  /** Refuses what comes from now on; resolves when what was accepted is done. */
  readonly close: (problem: Problem) => Promise<void>
}

/**
 * What waits in a lane has its turn until so much time is over; the rest goes into a transaction behind those of other nodes. Over a line on which each
 * word takes a fifth of a second, a long queue would keep an account's lane from all of them for longer than their calls wait.
 */
const turnMs = 500

const full = (queueLengthMax: number): Problem =>
  new Problem('store_unavailable', {
    message: `The store is behind: ${queueLengthMax} operations wait for it already.`,
    retryAfterMs: 1000,
  })

const toProblem = (error: unknown): never => {
  throw storeProblem(error)
}

class PostgresExecutor {
  readonly #settings: ExecutorSettings
  readonly #lanes = new LaneQueues((lane, group) => this.#runGroup(lane, group))
  #refusal: Problem | null = null
  #pending = 0
  #idle: () => void = () => {}

  constructor(settings: ExecutorSettings) {
    this.#settings = settings
  }

  async execute(name: PostgresOperationName, input: unknown): Promise<unknown> {
    if (this.#refusal !== null) throw this.#refusal
    const { queueLengthMax } = this.#settings
    if (this.#pending >= queueLengthMax) throw full(queueLengthMax)
    this.#pending += 1
    try {
      return await (this.#operationOf(name).kind === 'read' ? this.#read(name, input) : this.#write(name, input))
    } finally {
      this.#pending -= 1
      if (this.#pending === 0) this.#idle()
    }
  }

  inSnapshot<T>(work: (execute: PostgresExecute) => Promise<T>): Promise<T> {
    const { pool, limits } = this.#settings
    const on = (transaction: Transaction) =>
      ((name: PostgresOperationName, input: unknown) =>
        this.#operationOf(name).run(transaction, input)) as PostgresExecute
    return pool
      .use((connection) => runRead(connection, limits, (transaction) => work(on(transaction))))
      .catch(toProblem)
  }

  async close(problem: Problem): Promise<void> {
    this.#refusal ??= problem
    if (this.#pending > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
  }

  #operationOf(name: PostgresOperationName): StoreOperation<unknown, unknown> {
    const operation = this.#settings.operations[name] as StoreOperation<unknown, unknown> | undefined
    assert(operation !== undefined, `the store has no operation ${name}`)
    return operation
  }

  #read(name: PostgresOperationName, input: unknown): Promise<unknown> {
    const { pool, persist, limits } = this.#settings
    const operation = this.#operationOf(name)
    return persist(() =>
      pool.use((connection) => runRead(connection, limits, (transaction) => operation.run(transaction, input))),
    ).catch(toProblem)
  }

  async #write(name: PostgresOperationName, input: unknown): Promise<unknown> {
    const found = looksFirst.has(name) ? await this.#look(name, input) : null
    return found === null ? this.#change(name, input) : found.value
  }

  #look(name: PostgresOperationName, input: unknown): Promise<{ readonly value: unknown } | null> {
    const { pool, persist, limits } = this.#settings
    const operation = this.#operationOf(name)
    return persist(() =>
      pool.use((connection) => runLook(connection, limits, (transaction) => operation.run(transaction, input))),
    ).catch(toProblem)
  }

  #change(name: PostgresOperationName, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => this.#lanes.push(laneOf(name, input), { name, input, resolve, reject }))
  }

  /** One transaction for as many of the group as its time is enough for, to its certain end; gives what each of those gave. */
  async #writeAll(lane: Lane, group: readonly Asked[]): Promise<readonly unknown[]> {
    const { pool, persist, limits, clock, ids } = this.#settings
    const mark = Buffer.from(ids.bytes(16)).toString('hex')
    let values: readonly unknown[] = []
    const work = async (transaction: Transaction): Promise<void> => {
      const found: unknown[] = []
      const endsMs = clock.monotonicMs() + turnMs
      for (const { name, input } of group) {
        found.push(await this.#operationOf(name).run(transaction, input))
        if (clock.monotonicMs() >= endsMs) break
      }
      // Kept for the case that the answer to COMMIT does not come.
      values = found
    }
    await persist(({ isUnknown }) =>
      pool.use((connection) =>
        runWrite(connection, { limits, write: { lane, mark, nowMs: clock.nowMs(), isUnknown } }, work),
      ),
    )
    return values
  }

  async #runGroup(lane: Lane, group: readonly Asked[]): Promise<void> {
    const { wrote } = this.#settings
    let rest: readonly Asked[] = []
    try {
      const values = await this.#writeAll(lane, group)
      wrote(null)
      for (const [place, value] of values.entries()) group[place]?.resolve(value)
      rest = group.slice(values.length)
    } catch (error) {
      const problem = storeProblem(error)
      const isOfStore = problem.code === 'store_unavailable'
      if (isOfStore) wrote(problem)
      if (group.length === 1 || isOfStore) for (const asked of group) asked.reject(problem)
      // One of them failed, and Postgres undoes a transaction as a whole: each gets its own.
      else for (const asked of group) await this.#runGroup(lane, [asked])
    }
    if (rest.length > 0) await this.#runGroup(lane, rest)
  }
}

export const makeExecutor = (settings: ExecutorSettings): Executor => {
  const executor = new PostgresExecutor(settings)
  return {
    execute: ((name: PostgresOperationName, input: unknown) => executor.execute(name, input)) as PostgresExecute,
    inSnapshot: (work) => executor.inSnapshot(work),
    close: (problem) => executor.close(problem),
  }
}
