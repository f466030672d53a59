/** A Redis or Valkey of the test's own: nothing on disk unless asked for, its port chosen by the system. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { freePort } from '../e2e/free-port.ts'

const readyTimeoutMs = 30_000
const pollEveryMs = 20

/** The server that DROVER_REDIS_SERVER names, else the one that is installed. */
const program = (): string => {
  const given = process.env['DROVER_REDIS_SERVER']
  if (given !== undefined) return given
  const found = ['/usr/bin/redis-server', '/usr/bin/valkey-server', '/usr/local/bin/redis-server'].find(existsSync)
  if (found === undefined)
    throw new Error(
      'no Redis server is installed: install the package "redis-server", or name the program in DROVER_REDIS_SERVER',
    )
  return found
}

export type RedisServer = {
  readonly port: number
  readonly url: string
  /** Runs one command, as an operator would. */
  readonly command: (...words: readonly string[]) => Promise<unknown>
  /** Ends it at once, as a crash does: what it held is gone. */
  readonly kill: () => Promise<void>
  /** Starts it again, empty, on the same port. */
  readonly start: () => Promise<void>
  /** Stops the process without ending it: connections stay open and nobody answers. */
  readonly freeze: () => void
  readonly thaw: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type RedisServerSettings = {
  /** `--name value` of its configuration. */
  readonly flags?: readonly string[]
  /** Comes before all of them: a sentinel is started with a file, and keeps no data. */
  readonly first?: readonly string[]
}

/** Starts a server; whoever started it disposes of it. */
export async function startRedis({ flags = [], first = [] }: RedisServerSettings = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-redis-'))
  const port = await freePort()
  const quiet = first.length > 0 ? [] : ['--save', '', '--appendonly', 'no']
  const own = ['--bind', '127.0.0.1', '--dir', folder, ...quiet]
  let ended: Promise<void> = Promise.resolve()
  let pid = 0
  let running = false

  const command = async (...words: readonly string[]): Promise<unknown> => {
    const asking = createClient({
      RESP: 2,
      socket: { host: '127.0.0.1', port, reconnectStrategy: false },
    })
    asking.on('error', () => {})
    await asking.connect()
    try {
      return await asking.sendCommand([...words])
    } finally {
      asking.destroy()
    }
  }
  const answers = async (): Promise<boolean> =>
    command('PING').then(
      (said) => String(said) === 'PONG',
      () => false,
    )
  const start = async (): Promise<void> => {
    const parameters = [...first, '--port', String(port), ...own, ...flags]
    const child = spawn(program(), parameters, { cwd: folder, stdio: 'ignore' })
    pid = child.pid ?? 0
    running = true
    ended = new Promise((resolve) => {
      child.once('close', () => {
        running = false
        resolve()
      })
    })
    const deadline = performance.now() + readyTimeoutMs
    while (!(await answers())) {
      if (!running || performance.now() > deadline) throw new Error('the Redis server did not start')
      await wait(pollEveryMs)
    }
  }
  const signal = (name: NodeJS.Signals): void => {
    if (running) process.kill(pid, name)
  }
  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command,
    kill: async () => {
      signal('SIGKILL')
      await ended
    },
    start,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      signal('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type RedisCluster = {
  readonly masters: readonly RedisServer[]
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Three masters that share the slots, without replicas: one that is away is missed at once. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const masters = await Promise.all([1, 2, 3].map(() => startRedis({ flags })))
  const [first] = masters
  if (first === undefined) throw new Error('no cluster')
  const bounds = [0, 5461, 10_923, 16_384]
  for (const [place, master] of masters.entries()) {
    await master.command('CLUSTER', 'ADDSLOTSRANGE', String(bounds[place]), String((bounds[place + 1] ?? 0) - 1))
    if (master !== first) await master.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port))
  }
  const isWhole = async (master: RedisServer): Promise<boolean> => {
    const said = String(await master.command('CLUSTER', 'INFO'))
    return said.includes('cluster_state:ok') && said.includes('cluster_known_nodes:3')
  }
  const deadline = performance.now() + readyTimeoutMs
  while (!(await Promise.all(masters.map(isWhole))).every(Boolean)) {
    if (performance.now() > deadline) throw new Error('the cluster did not come together')
    await wait(pollEveryMs)
  }
  return {
    masters,
    [Symbol.asyncDispose]: async () => {
      for (const master of masters) await master[Symbol.asyncDispose]()
    },
  }
}

export type RedisSentinels = {
  /** What they call the server that takes writes. */
  readonly name: string
  readonly master: RedisServer
  readonly replicas: readonly RedisServer[]
  readonly sentinels: readonly RedisServer[]
  /** How many of them must miss a server before this one calls for a vote on another: more than there are put it off. */
  readonly setQuorum: (count: number, callers: readonly RedisServer[]) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const rolesOf = async (servers: readonly RedisServer[]): Promise<readonly string[]> =>
  (await Promise.all(servers.map((server) => server.command('INFO', 'replication')))).map(String)

/** A server with two replicas that hold what it holds, and three sentinels that know of each other and of all of them. */
export async function startRedisSentinels(): Promise<RedisSentinels> {
  const name = 'mymaster'
  const opened = new AsyncDisposableStack()
  const started = async (settings: RedisServerSettings = {}) => opened.use(await startRedis(settings))
  try {
    const master = await started()
    const follow = ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0']
    const replicas = [await started({ flags: follow }), await started({ flags: follow })]
    const folder = await mkdtemp(join(tmpdir(), 'drover-sentinels-'))
    opened.defer(() => rm(folder, { recursive: true, force: true }))
    const lines = [
      `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${name} 1000`,
      `sentinel failover-timeout ${name} 10000`,
    ]
    const sentinels: RedisServer[] = []
    for (const number of [1, 2, 3]) {
      // Each writes down in its own file what it has learnt.
      const file = join(folder, `sentinel-${number}.conf`)
      await writeFile(file, `${lines.join('\n')}\n`)
      sentinels.push(await started({ first: [file, '--sentinel'] }))
    }
    const deadline = performance.now() + readyTimeoutMs
    const isWhole = async (): Promise<boolean> => {
      const known = await Promise.all(sentinels.map((one) => one.command('INFO', 'sentinel')))
      const linked = (await rolesOf(replicas)).every((said) => said.includes('master_link_status:up'))
      return linked && known.every((said) => /status=ok,.*slaves=2,sentinels=3/.test(String(said)))
    }
    while (!(await isWhole())) {
      if (performance.now() > deadline) throw new Error('the sentinels did not come together')
      await wait(pollEveryMs)
    }
    const setQuorum = async (count: number, callers: readonly RedisServer[]): Promise<void> => {
      for (const one of callers) await one.command('SENTINEL', 'SET', name, 'quorum', String(count))
    }
    return { name, master, replicas, sentinels, setQuorum, [Symbol.asyncDispose]: () => opened.disposeAsync() }
  } catch (fault) {
    await opened.disposeAsync()
    throw fault
  }
}
