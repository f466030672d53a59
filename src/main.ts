/** Starts Drover: the machine as it is, the command line over it. Rooms are wired in wiring/. */

import { readFileSync } from 'node:fs'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { machineProcesses, watchLauncher } from '#cli/launcher-watch.ts'
import { runCommandLine } from '#cli/run.ts'
import { logOutlet } from '#observe/log-outlet.ts'
import { vendors } from '#provider/index.ts'
import type { Machine } from '#wiring/machine.ts'
import { openSecrets } from '#wiring/secrets.ts'

const root = new URL('..', import.meta.url)
const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
const clock = systemClock()

/** A terminal and npm may both pass one Ctrl-C on: within this time it is still the same one. */
const sameSignalMs = 1_000

const stopping = new AbortController()

const firstSignal = { atMs: Number.POSITIVE_INFINITY }

/** The first signal asks for an end in good order, a second one for an end. */
const onSignal = (signal: NodeJS.Signals): void => {
  const nowMs = clock.monotonicMs()
  if (nowMs - firstSignal.atMs > sameSignalMs) process.exit(signal === 'SIGINT' ? 130 : 143)
  firstSignal.atMs = Math.min(firstSignal.atMs, nowMs)
  stopping.abort()
}
process.on('SIGTERM', onSignal)
process.on('SIGINT', onSignal)

// npm and npx do not pass every signal on; when they are gone, nobody is left who could.
watchLauncher(machineProcesses(process.platform), () => stopping.abort())

// What cannot be written (nobody reads any more, the disk is full) must not end a server: who writes is told, and counts or says it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const machine: Machine = {
  clock,
  ids: systemIds(clock),
  root,
  version,
  pid: process.pid,
  environment: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr: logOutlet(process.stderr, clock),
  stopping: stopping.signal,
}

const secrets = openSecrets(clock, machine.ids)

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  workingFolder: process.cwd(),
  version,
  nodeVersion: process.versions.node,
  clock,
  ids: machine.ids,
  vendors,
  secrets,
  catalogFolder: new URL('catalog/', root),
  // The rooms of a server are loaded by the commands that need them: the others answer sooner, and on an older Node too.
  serve: async (request) => (await import('#wiring/workers/start.ts')).start(machine, request),
  lockHolder: async (data) => (await import('#store/data-folder/data-lock.ts')).readDataLock(data),
  openStore: async (request) => (await import('#wiring/command-ports.ts')).openStore(machine, request),
  storedSettings: async (request) => (await import('#wiring/stored-settings.ts')).storedSettings(machine, request),
  takeBackup: async (request) =>
    (await import('#store/data-folder/backup.ts')).takeBackup({ ...request, version, nowMs: clock.nowMs() }),
  moveStore: async (request) => (await import('#wiring/move-store.ts')).moveToPostgres(machine, request),
  moveStoreOnline: async (request) => (await import('#wiring/move-online.ts')).moveOnline(machine, request),
  restoreBackup: async (request) =>
    (await import('#store/data-folder/backup.ts')).restoreBackup({
      ...request,
      pid: process.pid,
      nowMs: clock.nowMs(),
    }),
  askRedis: async (redis) => (await import('#wiring/ask-redis.ts')).askRedis(machine, redis),
  askIssuer: async (issuer) => (await import('#wiring/ask-issuer.ts')).askIssuer(machine, issuer),
  providerCredit: async (providers) =>
    (await import('#wiring/provider-balances.ts')).providerBalances(machine, providers),
  readTables: async (file, names) => (await import('#store/sqlite/foreign-tables.ts')).readForeignTables(file, names),
  checkProvider: async (request) => (await import('#wiring/command-ports.ts')).checkProvider(machine, request),
  retirementOf: async (vendor, model) =>
    (await import('#wiring/command-ports.ts')).retirementOf(machine, vendor, model),
  calendarsOf: async (vendors) => (await import('#wiring/command-ports.ts')).calendarsOf(machine, vendors),
  signal: stopping.signal,
})

await secrets.close()
