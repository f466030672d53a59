/** Starts Drover: the machine as it is, the command line over it. Rooms are wired in wiring/. */

import { readFileSync } from 'node:fs'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { runCommandLine } from '#cli/run.ts'
import { vendors } from '#provider/index.ts'
import { checkProvider, openStore, retirementOf } from '#wiring/command-ports.ts'
import type { Machine } from '#wiring/machine.ts'
import { serve } from '#wiring/serve.ts'

const root = new URL('..', import.meta.url)
const { version }: { version: string } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
const clock = systemClock()

/** How often the parent is looked at, where npm started this process. */
const parentEveryMs = 500

const stopping = new AbortController()

/** The first signal asks for an end in good order, the second one for an end. */
const onSignal = (signal: NodeJS.Signals): void => {
  if (stopping.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
  stopping.abort()
}
process.on('SIGTERM', onSignal)
process.on('SIGINT', onSignal)

/** npm and npx do not pass every signal on; when they are gone, nobody is left who could. */
const followParent = (parent: number): void => {
  clock.after(parentEveryMs, () => {
    if (process.ppid === parent) followParent(parent)
    else stopping.abort()
  })
}
if (process.env['npm_command'] !== undefined) followParent(process.ppid)

const machine: Machine = {
  clock,
  ids: systemIds(clock),
  root,
  version,
  pid: process.pid,
  environment: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  stopping: stopping.signal,
}

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
  serve: (request) => serve(machine, request),
  openStore: (request) => openStore(machine, request),
  checkProvider: (request) => checkProvider(machine, request),
  retirementOf: (vendor, model) => retirementOf(machine, vendor, model),
  signal: stopping.signal,
})
