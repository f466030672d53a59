/** The way to one Redis or Valkey, a cluster of them, or one that sentinels name. The library is loaded only here, and only then. */

import { createHash } from 'node:crypto'
import { createClient, createCluster, createSentinel } from '@redis/client'
import type { Log } from '#base/log.ts'
import type { ScriptRunner } from './counter.ts'
import { limitScript } from './script.ts'

export type RedisPlace = { readonly host: string; readonly port: number }

export type RedisAddress = {
  readonly mode: 'single' | 'cluster' | 'sentinel'
  /** One, or as many of a cluster or of its sentinels as are known. */
  readonly places: readonly RedisPlace[]
  /** What sentinels call the one that takes writes; empty in other modes. */
  readonly master: string
  readonly database: number
  /** `null` = no encryption; `ca` = what its certificate is checked against, `null` = what the machine trusts. */
  readonly tls: { readonly ca: string | null } | null
  readonly username: string | null
  readonly password: string | null
}

export type RedisConnection = ScriptRunner & {
  /** What the server that has this key says of itself (`INFO server`, `INFO memory`). */
  readonly inform: (key: string) => Promise<string>
  readonly close: () => void
}

const connectTimeoutMs = 1000
/** A connection that is quiet for so long although it is asked each second is given up. */
const quietMaxMs = 3000
const pingEveryMs = 1000
const reconnectDelayMaxMs = 250
/** Commands that may wait for their answer; more are refused at once. */
const waitingCommandsMax = 20_000
const redirectionsMax = 5

const digest = createHash('sha1').update(limitScript).digest('hex')

/** What the three kinds of client have in common. */
type Client = {
  readonly connect: () => Promise<unknown>
  readonly destroy: () => unknown
  readonly on: (event: string, listener: (told: unknown) => void) => unknown
  readonly evalSha: (sha: string, options: { keys: string[]; arguments: string[] }) => Promise<unknown>
  readonly eval: (script: string, options: { keys: string[]; arguments: string[] }) => Promise<unknown>
}

const reconnectStrategy = (retries: number): number => Math.min(reconnectDelayMaxMs, 25 * 2 ** Math.min(retries, 8))

const clientOf = (address: RedisAddress): Client => {
  const { mode, places, master, database, tls, username, password } = address
  const timing = { connectTimeout: connectTimeoutMs, socketTimeout: quietMaxMs, reconnectStrategy }
  const encryption = tls === null ? {} : { tls: true as const, ...(tls.ca === null ? {} : { ca: tls.ca }) }
  const socketTo = (place: Partial<RedisPlace>) => ({ ...place, ...timing, ...encryption })
  const access = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    name: 'drover',
    disableOfflineQueue: true,
    commandsQueueMaxLength: waitingCommandsMax,
    pingInterval: pingEveryMs,
  }
  const RESP = 2
  if (mode === 'single') return createClient({ ...access, RESP, socket: socketTo(places[0] ?? {}), database })
  if (mode === 'cluster')
    return createCluster({
      RESP,
      rootNodes: places.map((place) => ({ ...access, socket: socketTo(place) })),
      defaults: { ...access, socket: socketTo({}) },
      maxCommandRedirections: redirectionsMax,
      topologyRefreshOnReconnectionAttemptStrategy: reconnectDelayMaxMs,
    })
  return createSentinel({
    RESP,
    name: master,
    sentinelRootNodes: [...places],
    nodeClientOptions: { ...access, socket: socketTo({}), database },
    sentinelClientOptions: { name: 'drover', socket: socketTo({}) },
    scanInterval: pingEveryMs,
  })
}

const informScript = "return redis.call('INFO', 'server') .. redis.call('INFO', 'memory')"

/** A connection that is tried at several addresses fails with a list, whose own message is empty. */
const faultText = (error: unknown): string => {
  const [first = error] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return first instanceof Error ? first.message || first.name : String(first)
}

/** Whether a client of the library tells by this event that it lost a server that counts, or goes to another: by kind of client. */
const isBreak: Readonly<Record<RedisAddress['mode'], Readonly<Record<string, (told: unknown) => boolean>>>> = {
  single: { error: () => true },
  cluster: { 'node-error': () => true, 'node-disconnect': () => true },
  sentinel: {
    'client-error': (told) => (told as { type?: unknown }).type === 'MASTER',
    'topology-change': (told) => (told as { type?: unknown }).type === 'MASTER_CHANGE',
  },
}

const isUnknownScript = (thrown: unknown): boolean => thrown instanceof Error && thrown.message.startsWith('NOSCRIPT')

/** Begins to connect and goes on until it is closed; what is asked meanwhile is refused at once, and nothing waits in a queue. */
export const openRedis = (address: RedisAddress, log: Log): RedisConnection => {
  const client = clientOf(address)
  let state: 'closed' | 'opening' | 'open' = 'closed'
  let fault = 'not tried yet'
  const note = (error: unknown): void => {
    fault = faultText(error)
    log.debug('the connection to Redis has a fault', { error })
  }
  client.on('error', note)
  let breaks = 0
  for (const [event, counts] of Object.entries(isBreak[address.mode]))
    client.on(event, (told) => {
      if (counts(told)) breaks += 1
    })
  const connect = (): void => {
    if (state !== 'closed') return
    state = 'opening'
    client.connect().then(
      () => {
        state = 'open'
      },
      // A cluster or sentinels that nobody answers for are given up by the library: the next question begins anew.
      (error: unknown) => {
        state = 'closed'
        note(error)
      },
    )
  }
  connect()
  return {
    isSlotted: address.mode === 'cluster',
    breaks: () => breaks,
    run: async (keys, parameters) => {
      if (state !== 'open') {
        connect()
        throw new Error(`there is no connection to it: ${fault}`)
      }
      const options = { keys: [...keys], arguments: [...parameters] }
      try {
        return (await client.evalSha(digest, options)) as readonly number[]
      } catch (thrown) {
        if (!isUnknownScript(thrown)) throw thrown
        return (await client.eval(limitScript, options)) as readonly number[]
      }
    },
    inform: async (key) => String(await client.eval(informScript, { keys: [key], arguments: [] })),
    close: () => {
      try {
        client.destroy()
      } catch (error) {
        // A client that never got to its server says that it is closed already.
        log.debug('the connection to Redis was closed already', { error })
      }
    },
  }
}
