/** Runs suites of test/e2e, or those whose paths are given, on a throw-away Postgres: what the relay promises does not depend on where its books lie. */

import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { startPostgres } from './server.ts'

const root = resolve(import.meta.dirname, '..', '..')
/** What the gate has time for; each of the others runs by its name. */
const core = ['leave-money', 'money', 'long-money-races', 'long-kill-money']
await using server = await startPostgres()
const clock = systemClock()
/** The tables are made once: that relays make them themselves is for test/postgres/nodes.test.ts. */
const template = 'with_schema'
await server.query(`create database ${template}`)
const made = await openPostgresStore({ url: server.url(template), clock, ids: systemIds(clock), log: silentLog })
await made.close()
// `run-e2e.ts money -- --test-name-pattern=x`: one suite, with more for the runner.
const [given, more] = [
  process.argv.slice(2).filter((one) => !one.startsWith('--')),
  process.argv.slice(2).filter((one) => one.startsWith('--')),
]
const names = given.length > 0 ? given : core
const flags = ['--test', '--test-isolation=process', '--test-concurrency=2', '--test-timeout=120000', ...more]
const child = spawn(
  process.execPath,
  [...flags, ...names.map((name) => (name.includes('/') ? name : `test/e2e/${name}.test.ts`))],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      DROVER_TEST_POSTGRES: `postgres://drover@127.0.0.1:${server.port}`,
      DROVER_TEST_POSTGRES_TEMPLATE: template,
    },
  },
)
process.exitCode = await new Promise<number>((settle) => {
  child.once('close', (code) => settle(code ?? 1))
})
