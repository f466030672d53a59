/** The store on Postgres: the same operations as on SQLite, on a server that several nodes share. */

import type { NodePorts } from '#admin/port.ts'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { CallMonths, ClusterStore } from '#job/port.ts'
import type { LeaseBooks } from '#ledger/port.ts'
import type { SimilarStore } from '#reuse/port.ts'
import type { Store } from '#store/face.ts'
import { faceOf } from '#store/face.ts'
import type { Health } from '#store/health.ts'
import { makeHealth } from '#store/health.ts'
import { readUsage } from '#store/read-log.ts'
import { verifyBooks } from '#store/verify-books.ts'
import type { PostgresAddress, PostgresPlace } from './address.ts'
import { directAddress, readPostgresUrl } from './address.ts'
import type { Connection } from './connection.ts'
import { connect } from './connection.ts'
import type { Executor } from './executor.ts'
import { makeExecutor } from './executor.ts'
import { storeProblem } from './failure.ts'
import type { Listener } from './listener.ts'
import { openListener } from './listener.ts'
import { callMonths } from './months.ts'
import { bringForward } from './open-schema.ts'
import type { PostgresExecute } from './operations.ts'
import { makePostgresOperations } from './operations.ts'
import { makePersist } from './persist.ts'
import type { Pool } from './pool.ts'
import { makePool } from './pool.ts'
import type { ServerClock } from './server-clock.ts'
import { serverClock } from './server-clock.ts'
import { openSimilar } from './similar-schema.ts'

export type PostgresStoreOptions = PostgresPlace & {
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  /** Default 10. */
  readonly connectionsMax?: number
  /** The longest that a statement may run; default 10 s. */
  readonly statementTimeoutMs?: number
  /** The longest that others may keep a write waiting; default 20 s. */
  readonly lockTimeoutMs?: number
  /** For so long a server that cannot be reached is tried again before a call is refused; default 2 s. */
  readonly patienceMs?: number
  /** Whether whoever opens it still starts, and would rather wait again for a lock than give up; default never. */
  readonly isStarting?: () => boolean
  /** For so long it does; default 2 min. */
  readonly startPatienceMs?: number
  /** Operations that may wait; default 10,000. */
  readonly queueLengthMax?: number
}

const connectionsDefault = 10
const statementTimeoutDefaultMs = 10_000
const patienceDefaultMs = 2000
const queueLengthDefault = 10_000
const connectTimeoutMs = 3000
/** Others may have much to do, or a store that is short of everything. */
const lockTimeoutDefaultMs = 20_000
/** Six times that: a store of which others ask more than it can do for longer does not get well by waiting. */
const startPatienceDefaultMs = 120_000
/**
 * A node that stops in the middle of a transaction keeps others waiting for no longer than this; one that is cut off may do so twice in a
 * row, in the lane of an account and in that of the store, and callers at other nodes wait no longer than 5 s: on a busy machine there must be room.
 */
const pauseTimeoutMs = 1500
/** The server gives a statement up by itself; the line is only given up when not even that is heard. */
const answerSlackMs = 2000
const idleTimeoutMs = 30_000
/** While writes fail, one is tried this often. */
const watchEveryMs = 1000
/** Marks are looked for within seconds. */
const markKeptMs = 3_600_000
const marksEveryMs = 60_000

/** Brings the schema forward, and asks for the server's time before anything is dated. */
const openSchema = async (connectDirectly: () => Promise<Connection>, { clock, heard }: ServerClock): Promise<void> => {
  let connection: Connection | null = null
  try {
    // Another node may be stepping for a long time.
    connection = await connectDirectly()
    await bringForward(connection, clock.nowMs())
    const askedMs = clock.monotonicMs()
    const { rows } = await connection.query('select extract(epoch from clock_timestamp()) * 1000 as now_ms')
    heard(Number(rows[0]?.now_ms), askedMs, clock.monotonicMs())
  } catch (error) {
    throw storeProblem(error)
  } finally {
    connection?.end()
  }
}

export type PostgresStore = Store & {
  readonly cluster: ClusterStore &
    CallMonths &
    NodePorts &
    Pick<LeaseBooks, 'recall' | 'onRecall'> & {
      /** The time that all nodes of the store share. */
      readonly clock: Clock
    }
  /** The search by vectors, made ready. Rejects with `store_unavailable` where the server has no pgvector. */
  readonly openSimilar: () => Promise<SimilarStore>
}

type Parts = {
  readonly time: ServerClock
  readonly executor: Executor
  readonly pool: Pool
  readonly health: Health
  readonly listener: Listener
}

const clusterFace = (
  execute: PostgresExecute,
  { onHint, onRecall, onMigration }: Listener,
  { clock, heard }: ServerClock,
): Omit<PostgresStore['cluster'], keyof CallMonths> => ({
  clock,
  beat: (beat) => execute('beat', beat),
  trailEnd: async () => {
    const askedMs = clock.monotonicMs()
    const { position, nowMs } = await execute('trailEnd', null)
    heard(nowMs, askedMs, clock.monotonicMs())
    return position
  },
  changesAfter: (position) => execute('changesAfter', position),
  nodes: () => execute('nodes', null),
  leave: (node) => execute('leave', node),
  forgetNode: (node, trail) => execute('forgetNode', { node, nowMs: clock.nowMs(), trail }),
  recall: (account) => execute('recall', account),
  onRecall,
  takeMandate: (request) => execute('takeMandate', request),
  noteDeliveryUnder: (delivery, mandate) => execute('noteDeliveryUnder', { delivery, mandate }),
  onHint,
  onMigration,
})

const similarFace = async ({ executor: { execute }, pool }: Parts): Promise<SimilarStore> => {
  await pool.use(openSimilar).catch((error: unknown) => {
    throw storeProblem(error)
  })
  return {
    nearestAnswer: (question) => execute('nearestAnswer', question),
    keepSimilar: (answer, ofScopeMax) => execute('keepSimilar', { answer, ofScopeMax }),
    sweepSimilar: (question) => execute('sweepSimilar', question),
  }
}

const forgetMarks = async (pool: Pool, nowMs: number): Promise<void> => {
  await pool.use((connection) => connection.query('delete from commit_mark where at_ms < $1', [nowMs - markKeptMs]))
}

/** Tries a write while the store is unwell, and drops marks that nobody will look for. */
const watch = ({ executor, pool, health }: Parts, clock: Clock, log: Log): (() => void) => {
  let cancel = (): void => {}
  let marksMs = clock.monotonicMs()
  const look = (): void => {
    if (!health.state().ok)
      executor
        .execute('probe', clock.nowMs())
        .catch((problem: unknown) => log.debug('the store still fails', { why: String(problem) }))
    else if (clock.monotonicMs() - marksMs > marksEveryMs) {
      marksMs = clock.monotonicMs()
      forgetMarks(pool, clock.nowMs()).catch((error: unknown) =>
        log.debug('old marks were not dropped', { why: String(error) }),
      )
    }
    cancel = clock.after(watchEveryMs, look)
  }
  cancel = clock.after(watchEveryMs, look)
  return () => cancel()
}

/** The store over an executor that has a schema under it. */
const storeOver = (parts: Parts, clock: Clock, stopWatching: () => void): PostgresStore => {
  const { executor, pool, health, listener, time } = parts
  return {
    ...faceOf(executor.execute, clock),
    // Numbers are given in another order than they are committed: the proof looks at one state of the store.
    verifyBooks: (nowMs) => executor.inSnapshot((execute) => verifyBooks(execute, nowMs)),
    usage: (question) => readUsage(executor.execute, question, { isFar: true }),
    health: health.state,
    cluster: { ...clusterFace(executor.execute, listener, time), ...callMonths(pool) },
    close: async () => {
      stopWatching()
      listener.close()
      health.stop()
      await executor.close(new Problem('store_unavailable', { message: 'The store has been closed.' }))
      pool.close()
    },
    openSimilar: () => similarFace(parts),
  }
}

/**
 * Opens the store and brings its schema forward.
 * @throws Problem `store_unavailable` where no server that takes writes is reached, or the schema is of a newer Drover;
 * `invalid_request_error` for a URL that cannot be read.
 */
export const openPostgresStore = async (options: PostgresStoreOptions): Promise<PostgresStore> => {
  const { clock, ids, log } = options
  const address: PostgresAddress = readPostgresUrl(options.url, options.tls)
  const direct = directAddress(options)
  const statementTimeoutMs = options.statementTimeoutMs ?? statementTimeoutDefaultMs
  const lockTimeoutMs = options.lockTimeoutMs ?? lockTimeoutDefaultMs
  const connectOnce = (answerTimeoutMs: number): Promise<Connection> =>
    connect({ address, connectTimeoutMs, answerTimeoutMs })
  const connectDirectly = (): Promise<Connection> => connect({ address: direct, connectTimeoutMs, answerTimeoutMs: 0 })
  const time = serverClock(clock)
  await openSchema(connectDirectly, time)
  const health = makeHealth(address.label, clock, log)
  const pool = makePool({
    clock,
    connect: () => connectOnce(Math.max(statementTimeoutMs, lockTimeoutMs) + answerSlackMs),
    connectionsMax: options.connectionsMax ?? connectionsDefault,
    waitTimeoutMs: statementTimeoutMs,
    idleTimeoutMs,
  })
  const executor = makeExecutor({
    pool,
    persist: makePersist({
      clock,
      ids,
      patienceMs: options.patienceMs ?? patienceDefaultMs,
      isAway: () => !health.state().ok,
      isStarting: options.isStarting ?? (() => false),
      startPatienceMs: options.startPatienceMs ?? startPatienceDefaultMs,
    }),
    operations: makePostgresOperations(),
    clock,
    ids,
    limits: { statementTimeoutMs, lockTimeoutMs, pauseTimeoutMs },
    queueLengthMax: options.queueLengthMax ?? queueLengthDefault,
    wrote: (problem) => (problem === null ? health.well() : health.unwell(problem.message)),
  })
  const listener = openListener({ connect: connectDirectly, clock, log })
  const parts = { executor, pool, health, listener, time }
  return storeOver(parts, clock, watch(parts, clock, log))
}
