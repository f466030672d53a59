/** `drover serve`: flags and configuration here, the server in main.ts. */

import { Command } from 'commander'
import { configFailure, usageFailure } from './failure.ts'
import type { Overrides } from './settings-source.ts'
import { configSource, dataFolderOf } from './settings-source.ts'
import type { Shell } from './shell.ts'

type Flags = {
  readonly config?: string
  readonly host?: string
  readonly port?: string
  readonly data?: string
  readonly workers?: string
}

const numberOf = (flag: string, text: string, max: number): number => {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0 && value <= max) return value
  throw usageFailure(`${flag} must be a whole number from 0 to ${max}.`, "'drover serve --help' lists the flags.")
}

const workersOf = (text: string): number | 'auto' => {
  if (text === 'auto') return text
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= 1024) return number
  throw usageFailure(
    "--workers must be 'auto' or a whole number from 1 to 1024.",
    "'drover serve --help' lists the flags.",
  )
}

const overridesOf = ({ host, port, workers }: Flags): Overrides => ({
  ...(host === undefined ? {} : { host }),
  ...(port === undefined ? {} : { port: numberOf('--port', port, 65_535) }),
  ...(workers === undefined ? {} : { workers: workersOf(workers) }),
})

/** The command; the exit code of the server goes to `exited`. */
export const serveCommand = ({ ports }: Shell, exited: (code: number) => void): Command => {
  const command = new Command('serve')
    .description('Run the relay and its admin API. Also what no command means.')
    .allowExcessArguments(false)
    .option('--config <file>', 'The configuration (default: drover.yaml, where it exists).')
    .option('--host <address>', "The address to listen on (default: the configuration's, else 127.0.0.1).")
    .option('--port <n>', "The port (default: the configuration's, else 4000); 0 = any free one.")
    .option('--data <folder>', "The data folder (default: the configuration's, else ./data).")
    .option('--workers <n>', "Processes that serve, or 'auto' for one a core (default: the configuration's, else 1).")
    .option('--json', 'Accepted as everywhere: the line on stdout is JSON anyhow.')
  return command.action(async () => {
    const flags = command.opts<Flags>()
    const source = await configSource(flags, ports, overridesOf(flags))
    const loaded = await source.load()
    if (!loaded.ok) throw configFailure(loaded.faults)
    const data = dataFolderOf(flags, loaded, ports.workingFolder)
    exited(await ports.serve({ config: loaded.config, load: source.load, data, secrets: ports.secrets }))
  })
}
