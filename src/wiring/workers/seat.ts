/** A worker's place beside the others: what it has of the primary process that started it. */

import cluster from 'node:cluster'
import { join } from 'node:path'
import type { NodePorts } from '#admin/port.ts'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { CallMonths, ClusterStore } from '#job/port.ts'
import type { LeaseBooks } from '#ledger/port.ts'
import type { ToldMigration } from '#migration/port.ts'
import type { TakenAnswer } from '#policy/distant-limiter.ts'
import { distantLimiter } from '#policy/distant-limiter.ts'
import type { Limiter } from '#policy/port.ts'
import type { StoreHealth } from '#store/face.ts'
import type { SqliteThread } from '#store/sqlite/client.ts'
import type { Line } from '#worker/line.ts'
import { makeLine } from '#worker/line.ts'
import type { Ports, SeatFacts, WorkerFailed, WorkerListens } from './messages.ts'
import { workerFolder, workerNode } from './messages.ts'

/** What nodes on one store share, where the primary process has that store. */
export type SharedCluster = ClusterStore &
  NodePorts &
  Pick<LeaseBooks, 'recall' | 'onRecall'> &
  // The embedded store has no months.
  Partial<CallMonths> & { readonly clock: Clock }

export type Seat = {
  readonly number: number
  readonly localToken: string
  readonly machine: string
  /** Its name among the nodes. */
  readonly node: string
  /** Its own folder in the data folder. */
  readonly folder: (data: string) => string
  readonly ports: Ports
  readonly reusePort: boolean
  /** Counts for all workers. */
  readonly limiter: Limiter
  /** The primary's store; `null` = the worker opens one itself. */
  readonly shared: { readonly thread: SqliteThread; readonly cluster: SharedCluster } | null
  /** What the other workers, and those that have ended, say to the same question. */
  readonly others: (name: string, input: unknown) => Promise<readonly unknown[]>
  /** Says what this worker answers when another asks. */
  readonly answer: (name: string, how: (input: never) => Promise<unknown>) => void
  readonly listens: (listening: Omit<WorkerListens, 'pid'>) => void
  readonly failed: (problem: WorkerFailed) => void
  /** Aborts when the primary says that it is time to end. */
  readonly stopping: AbortSignal
  /** Lets go of the primary, so that this process can end. */
  readonly leave: () => void
}

const primaryGone = new Problem('store_unavailable', {
  message: 'The process that this worker belongs to has ended.',
})

/** Whether this process is a worker of another. */
export const isWorker = (): boolean => cluster.isWorker

const threadOver = (line: Line, health: () => StoreHealth): SqliteThread => ({
  ask: (name, input) => line.ask('store', { name, input }),
  health,
  // The primary closes it, after the last worker.
  close: async () => {},
})

type Listeners = {
  readonly recalls: ((account: string) => void)[]
  readonly migrations: ((told: ToldMigration | null) => void)[]
}

const clusterOver = (line: Line, clock: Clock, { recalls, migrations }: Listeners): SharedCluster => {
  const ask = <T>(name: string, input: unknown): Promise<T> => line.ask(name, input) as Promise<T>
  const execute = <T>(name: string, input: unknown): Promise<T> => ask('store', { name, input })
  return {
    clock,
    beat: (beat) => ask('beat', beat),
    nodes: () => ask('nodes', null),
    leave: (node) => ask('leave', node),
    forgetNode: (node, trail) => ask('forgetNode', { node, trail, nowMs: clock.nowMs() }),
    takeMandate: (request) => ask('takeMandate', request),
    noteDeliveryUnder: (delivery, mandate) => ask('noteDeliveryUnder', { delivery, mandate }),
    trailEnd: () => execute('trailPosition', null),
    changesAfter: (position) => execute('changesAfter', position),
    // Whoever changes something asks the others to catch up.
    onHint: () => {},
    onMigration: (listener) => {
      migrations.push(listener)
    },
    recall: (account) => ask('recall', account),
    onRecall: (listener) => {
      recalls.push(listener)
    },
  }
}

/** Takes this process's place: asks the primary what it is to be. The process ends when the primary does. */
export const takeSeat = async (clock: Clock): Promise<Seat> => {
  const answers: Record<string, (input: never) => Promise<unknown>> = { alive: async () => null }
  const listeners: Listeners = { recalls: [], migrations: [] }
  const stopping = new AbortController()
  let health: StoreHealth = { ok: true }
  const line = makeLine({
    clock,
    whom: 'The primary process',
    desk: {
      asked: answers,
      told: {
        stop: () => stopping.abort(),
        recall: (account: string) => {
          for (const listener of listeners.recalls) listener(account)
        },
        migration: (told: ToldMigration) => {
          for (const listener of listeners.migrations) listener(told)
        },
        health: (state: StoreHealth) => {
          health = state
        },
      },
    },
    // What cannot be sent any more goes to a process that is gone, and this one ends with it.
    send: (message) => void process.send?.(message as object, () => {}),
  })
  process.on('message', line.take)
  let isLeaving = false
  process.on('disconnect', () => {
    line.end(primaryGone)
    // Without the primary there are no books: what is under way is resolved when it has started again.
    if (!isLeaving) process.exit(1)
  })
  const facts = (await line.ask('seat', null)) as SeatFacts
  const { number, localToken, machine, ports, reusePort, store } = facts
  if (store !== null) health = store
  return {
    number,
    localToken,
    machine,
    node: workerNode(machine, number),
    folder: (data) => join(data, workerFolder(number)),
    ports,
    reusePort,
    limiter: distantLimiter({
      take: (tickets, late) =>
        line.ask('take', tickets, (answer) => late(answer as TakenAnswer)) as Promise<TakenAnswer>,
      giveBack: (returned) => line.ask('giveBack', returned) as Promise<void>,
      tellBack: (returned) => line.tell('giveBack', returned),
    }),
    shared:
      store === null ? null : { thread: threadOver(line, () => health), cluster: clusterOver(line, clock, listeners) },
    others: (name, input) => line.ask('others', { name, input }) as Promise<readonly unknown[]>,
    answer: (name, how) => {
      answers[name] = how
    },
    listens: (listening) => line.tell('listens', { ...listening, pid: process.pid } satisfies WorkerListens),
    failed: (problem) => line.tell('failed', problem),
    stopping: stopping.signal,
    leave: () => {
      isLeaving = true
      cluster.worker?.disconnect()
    },
  }
}
