/**
 * The contracts of the store and the tests of nodes on servers of several versions: `bin/drover-node test/postgres/versions.ts [14 18] [--quick]`.
 * Prints a table; exit 1 where one fails. `--quick` leaves out what takes long and says the same of every version.
 */

import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { PostgresVersion } from './installed-versions.ts'
import { postgresBin, postgresVersions } from './installed-versions.ts'
import { startPostgres } from './server.ts'

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const root = resolve(import.meta.dirname, '..', '..')
const wanted = positionals.length === 0 ? postgresVersions : positionals.map((one) => one as PostgresVersion)
for (const one of wanted) if (!postgresVersions.includes(one)) throw new Error(`there is no version ${one} here`)

const files = values.quick ? ['store', 'months'] : ['store', 'steps', 'months', 'faults', 'leases', 'nodes']
/** Histories of the books are long, and do not depend on the version. */
const skipped = values.quick ? ['--test-skip-pattern=/histor/', '--test-skip-pattern=/calls is taken over/'] : []
const timeoutMs = 120_000

type Row = {
  readonly version: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
}

const numberOf = (said: string, what: string): number =>
  Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(said)?.[1] ?? Number.NaN)

const runOn = async (version: PostgresVersion): Promise<Row> => {
  const bin = postgresBin(version)
  const startedMs = performance.now()
  const named = await (async () => {
    await using server = await startPostgres({ bin })
    return String((await server.query('show server_version'))[0]?.['server_version'])
  })()
  const flags = ['--test', '--test-isolation=none', '--test-reporter=tap', `--test-timeout=${timeoutMs}`, ...skipped]
  const child = spawn(
    process.execPath,
    [...flags, ...files.map((file) => join('test', 'postgres', `${file}.test.ts`))],
    {
      cwd: root,
      env: { ...process.env, DROVER_POSTGRES_BIN: bin, NODE_ENV: 'test' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  await new Promise((settle) => child.once('close', settle))
  const row = {
    version: named,
    passed: numberOf(said, 'pass'),
    failed: numberOf(said, 'fail') + numberOf(said, 'cancelled'),
    skipped: numberOf(said, 'skipped'),
    seconds: Math.round((performance.now() - startedMs) / 1000),
  }
  if (row.failed !== 0) process.stderr.write(said)
  return row
}

for (const version of wanted) postgresBin(version)
const waiting = [...wanted]
const rows: Row[] = []
/** Two side by side: each mostly waits for its server. */
const next = async (): Promise<void> => {
  for (let version = waiting.shift(); version !== undefined; version = waiting.shift()) rows.push(await runOn(version))
}
await Promise.all([next(), next()])
rows.sort((one, other) => Number(one.version) - Number(other.version))
// biome-ignore lint/suspicious/noConsole: the table is what this program is for.
console.table(rows)
process.exitCode = rows.every(({ passed, failed }) => passed > 0 && failed === 0) ? 0 : 1
