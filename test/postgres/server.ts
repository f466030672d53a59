/** A Postgres of the test's own: its data in a folder that goes with it, its port chosen by the system, nothing synced to disk. */

import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { appendFile, chmod, chown, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from '../e2e/free-port.ts'

const run = promisify(execFile)
const readyTimeoutMs = 30_000
const pollEveryMs = 30

/** The newest installed server, or the folder that DROVER_POSTGRES_BIN names. */
const binaries = (): string => {
  const given = process.env['DROVER_POSTGRES_BIN']
  if (given !== undefined) return given
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
  if (found === undefined)
    throw new Error(
      'no Postgres server is installed: install the package "postgresql", or name its folder in DROVER_POSTGRES_BIN',
    )
  return found
}

/** Postgres does not run as root: then it runs as nobody. */
const asUser = async (): Promise<Who> => {
  if (process.getuid?.() !== 0) return {}
  const id = async (flag: string): Promise<number> => Number((await run('id', [flag, 'nobody'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

export type PostgresServer = {
  readonly port: number
  /** The URL of a database that is there; no password is asked for. */
  readonly url: (database?: string) => string
  /** Makes a database: empty, or a copy. Gives its URL. */
  readonly database: (template?: string) => Promise<string>
  /** Runs statements as the owner of everything. */
  readonly query: (text: string, database?: string) => Promise<readonly Record<string, unknown>[]>
  /** Ends it at once, as a crash does. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same data and the same port. */
  readonly start: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const user = 'drover'

const answers = async (host: string, port: number): Promise<boolean> => {
  const client = new pg.Client({ host, port, user, database: 'postgres', connectionTimeoutMillis: 1000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

export type ServerSettings = {
  readonly settings?: readonly string[]
  /** The folder of its programs; absent: the one that is installed. */
  readonly bin?: string
  /** Lines of pg_hba.conf that go before those that trust everybody. */
  readonly access?: readonly string[]
  /** Texts that lie in its data folder, which settings name without a folder. */
  readonly files?: Readonly<Record<string, string>>
  /** It follows this server from a copy of it, and takes no writes until it is promoted. */
  readonly standbyOf?: { readonly port: number }
  /** A host of its own: its address, and the program with parameters that starts what runs there (`ip netns exec NAME`, as root). */
  readonly on?: { readonly address: string; readonly through: readonly string[] }
}

type Who = { readonly uid?: number; readonly gid?: number }

/** A folder that this user of the system, and nobody else, may look into. */
const ownFolder = async (who: Who, prefix: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), prefix))
  if (who.uid !== undefined) await run('chown', [`${who.uid}:${who.gid}`, folder])
  await chmod(folder, 0o700)
  return folder
}

/** What `initdb` makes takes seconds of a processor and is always the same: made once for these programs, and copied. */
const firstData = async (bin: string, who: Who): Promise<string> => {
  const { mtimeMs } = await stat(join(bin, 'initdb'))
  const digest = createHash('sha256').update(`${bin} ${mtimeMs} ${who.uid}`).digest('hex')
  const place = join(tmpdir(), `drover-initdb-${digest.slice(0, 16)}`)
  if (existsSync(place)) return join(place, 'data')
  const folder = await ownFolder(who, 'drover-initdb-new-')
  const how = ['-U', user, '-N', '-A', 'trust', '-E', 'UTF8', '--locale=C']
  await run(join(bin, 'initdb'), ['-D', join(folder, 'data'), ...how], { ...who, cwd: folder })
  try {
    await rename(folder, place)
  } catch (fault) {
    // Another process was there first.
    if (!existsSync(place)) throw fault
    await rm(folder, { recursive: true, force: true })
  }
  return join(place, 'data')
}

type Laying = Required<Pick<ServerSettings, 'access' | 'files'>> & {
  readonly data: string
  readonly who: Who
}

const layFiles = async ({ data, access, files, who }: Laying): Promise<void> => {
  const rules = join(data, 'pg_hba.conf')
  if (access.length > 0) await writeFile(rules, [...access, await readFile(rules, 'utf8')].join('\n'))
  for (const [name, text] of Object.entries(files)) {
    const file = join(data, name)
    await writeFile(file, text, { mode: 0o600 })
    if (who.uid !== undefined && who.gid !== undefined) await chown(file, who.uid, who.gid)
  }
}

/** Starts a server; whoever started it disposes of it. */
export async function startPostgres({
  settings = [],
  bin = binaries(),
  on = { address: '127.0.0.1', through: [] },
  access = [],
  files = {},
  standbyOf,
}: ServerSettings = {}): Promise<PostgresServer> {
  const who = await asUser()
  const folder = await ownFolder(who, 'drover-postgres-')
  const data = join(folder, 'data')
  if (standbyOf === undefined) await run('cp', ['-a', await firstData(bin, who), data], { ...who, cwd: folder })
  else {
    const from = ['-h', '127.0.0.1', '-p', String(standbyOf.port), '-R', '-X', 'stream', '-c', 'fast']
    await run(join(bin, 'pg_basebackup'), ['-D', data, '-U', user, '-N', ...from], { ...who, cwd: folder })
  }
  await layFiles({ data, access, files, who })
  // Only root enters another host, and leaves being root behind there.
  const isElsewhere = on.through.length > 0
  const asItself = isElsewhere ? ['setpriv', `--reuid=${who.uid}`, `--regid=${who.gid}`, '--clear-groups'] : []
  const owner = isElsewhere ? {} : who
  const host = on.address
  if (isElsewhere) await appendFile(join(data, 'pg_hba.conf'), `host all all ${host}/16 trust\n`)
  const port = await freePort()
  const flags = [
    ...['-D', data, '-p', String(port), '-h', host, '-k', folder],
    ...['fsync=off', 'max_connections=200', 'shared_buffers=64MB', ...settings].flatMap((one) => ['-c', one]),
  ]
  let ended: Promise<void> = Promise.resolve()
  let kill = (): void => {}
  let said = ''

  const start = async (): Promise<void> => {
    const postgres = join(bin, 'postgres')
    const [program = postgres, ...parameters] = [...on.through, ...asItself, postgres, ...flags]
    const child = spawn(program, parameters, { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000)
    })
    let running = true
    ended = new Promise((resolve) =>
      child.once('close', () => {
        running = false
        resolve()
      }),
    )
    kill = () => child.kill('SIGQUIT')
    const deadline = performance.now() + readyTimeoutMs
    while (!(await answers(host, port))) {
      if (!running || performance.now() > deadline) throw new Error(`Postgres did not start:\n${said}`)
      await new Promise((resolve) => {
        setTimeout(resolve, pollEveryMs)
      })
    }
  }

  const query = async (text: string, database = 'postgres'): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ host, port, user, database })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }

  const url = (database = 'postgres'): string => `postgres://${user}@${host}:${port}/${database}`
  let made = 0
  await start()
  return {
    port,
    url,
    query,
    database: async (template) => {
      made += 1
      const name = `test_${made}`
      await query(`create database ${name}${template === undefined ? '' : ` template ${template}`}`)
      return url(name)
    },
    // SIGQUIT is Postgres's own word for ending without a checkpoint: it recovers from its log, as after a crash.
    kill: async () => {
      kill()
      await ended
    },
    start,
    [Symbol.asyncDispose]: async () => {
      kill()
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
