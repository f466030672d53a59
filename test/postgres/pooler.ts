/** PgBouncer in transaction mode before a Postgres: a session is somebody else's after each transaction. */

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../e2e/free-port.ts'
import { eventually } from '../e2e/harness.ts'

export type Pooler = {
  readonly port: number
  /** The same URL, led through the pooler. */
  readonly through: (url: string) => string
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const answers = async (port: number, database: string): Promise<true | undefined> => {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'drover', database, connectionTimeoutMillis: 1000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return undefined
  }
}

/** Few sessions, so that callers often get one that another has just used. */
const sessions = 3
/** Debian's program lies where only root looks. */
const path = `${process.env['PATH'] ?? ''}:/usr/sbin`

export async function startPooler(server: { readonly port: number }): Promise<Pooler> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-pooler-'))
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(join(folder, 'users'), '"drover" ""\n')
  await writeFile(
    file,
    `[databases]
* = host=127.0.0.1 port=${server.port} user=drover
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = ${sessions}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
`,
  )
  // It refuses to run as root, and lays that down itself.
  const as = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn('pgbouncer', ['-q', ...as, file], {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      said += error.message
      resolve()
    })
    child.once('close', () => resolve())
  })
  const gone = ended.then((): never => {
    throw new Error(`PgBouncer ended (install the package "pgbouncer"):\n${said}`)
  })
  await Promise.race([eventually('PgBouncer', () => answers(port, 'postgres'), 20_000), gone])
  return {
    port,
    through: (url) => url.replace(`:${server.port}/`, `:${port}/`),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGINT')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
