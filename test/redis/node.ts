/** Nodes of a test: what counts limits in a relay, several times, on one server. */

import type { Clock } from '#base/clock.ts'
import { systemClock } from '#base/clock.ts'
import type { HandClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { JointLimits } from '#policy/joint/limits.ts'
import type { JointCounter, Ticket } from '#policy/port.ts'
import { shareLimits } from '#policy/share-limits.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import type { RedisAddress, RedisConnection } from '#store/redis/connection.ts'
import { openRedis } from '#store/redis/connection.ts'
import { makeRedisCounter } from '#store/redis/counter.ts'
import { eventually } from '../e2e/harness.ts'
import type { RedisServer } from './server.ts'

export const addressOf = (servers: readonly RedisServer[], more: Partial<RedisAddress> = {}): RedisAddress => ({
  mode: servers.length > 1 ? 'cluster' : 'single',
  places: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
  master: '',
  database: 0,
  tls: null,
  username: null,
  password: null,
  ...more,
})

const answersTo = (counter: JointCounter) => (): Promise<true | undefined> =>
  counter.ask().then(
    () => true,
    () => undefined,
  )

/** A connection that is there. */
export async function connect(address: RedisAddress): Promise<RedisConnection> {
  const connection = openRedis(address, silentLog)
  const counter = makeRedisCounter({ runner: connection, prefix: 'drover' })
  await eventually('a connection', answersTo(counter), 20_000).catch((late: unknown) => {
    connection.close()
    throw late
  })
  return connection
}

export type NodeSettings = {
  readonly nodes?: number
  readonly owner?: string
  readonly prefix?: string
  /** Counts by this clock, and not by the server's. */
  readonly hand?: HandClock
  readonly tripMaxMs?: number
}

/** A node that has begun. By hand, no trip is ever late, because time leaps. */
export async function openNode(connection: RedisConnection, settings: NodeSettings = {}): Promise<JointLimits> {
  const { nodes = 1, owner = 'a', prefix = 'test', hand } = settings
  const clock: Clock = hand ?? systemClock()
  const counter = makeRedisCounter({ runner: connection, prefix, ...(hand && { nowMs: hand.monotonicMs }) })
  const limits = new JointLimits({
    counter,
    shares: shareLimits(makeMemoryLimiter({ clock }), () => nodes),
    nodes: () => nodes,
    owner,
    tripMaxMs: settings.tripMaxMs ?? (hand === undefined ? 2000 : 1e12),
    clock,
    log: silentLog,
  })
  await limits.begin()
  return limits
}

type RateTicket = Extract<Ticket, { kind: 'rate' }>

export const rate = (limit: number, changes: Partial<RateTicket> = {}): RateTicket => ({
  kind: 'rate',
  bucket: 'key:k:requests',
  group: 'acc_k',
  unit: 'requests',
  limit,
  periodMs: 60_000,
  amount: 1,
  owner: 'a test',
  ...changes,
})

export const concurrency = (limit: number, bucket = 'key:k:concurrency'): Ticket => ({
  kind: 'concurrency',
  bucket,
  group: 'acc_k',
  limit,
  owner: 'a test',
})
