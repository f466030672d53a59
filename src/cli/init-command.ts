/** `drover init`: writes a commented drover.yaml from the provider keys found in the environment. */

import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { cancel, confirm, intro, isCancel, multiselect, outro } from '@clack/prompts'
import { Command } from 'commander'
import { nearestOf } from '#base/nearest.ts'
import { nameForm } from '#base/settings.ts'
import { readConfig } from '#config/load.ts'
import type { Vendor } from '#provider/vendor.ts'
import { configFailure, Failure, usageFailure } from './failure.ts'
import { initText } from './init-file.ts'
import type { CommandLinePorts } from './ports.ts'
import type { Shell } from './shell.ts'

type Flags = {
  readonly config: string
  readonly providers?: string
  readonly host: string
  readonly port: string
  readonly env: string
  readonly force?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** Vendors that a file can declare. */
const declarable = (vendors: readonly Vendor[]): readonly Vendor[] => vendors.filter((vendor) => !vendor.inProcess)

const isFound = (vendor: Vendor, environment: CommandLinePorts['environment']): boolean =>
  vendor.baseUrl !== null && vendor.keyEnv.some((name) => (environment[name]?.trim() ?? '') !== '')

const named = (list: string, vendors: readonly Vendor[]): readonly Vendor[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => {
      const found = vendors.find((vendor) => vendor.name === name)
      if (found !== undefined) return found
      const names = vendors.map((vendor) => vendor.name)
      const near = nearestOf(name, names, 3)
      throw usageFailure(
        `'${name}' is no vendor that is known here.`,
        near.length > 0 ? `The nearest are ${near.join(', ')}.` : `There are ${names.join(', ')}.`,
      )
    })

/** Asks on stderr, because stdout is for data. */
const asked = async (vendors: readonly Vendor[], found: readonly Vendor[]): Promise<readonly Vendor[]> => {
  const output = process.stderr
  intro('drover init', { output })
  const chosen = await multiselect({
    message: 'Which providers? Those whose keys were found are chosen.',
    options: vendors.map((vendor) => ({ value: vendor.name, label: vendor.title, hint: vendor.keyEnv[0] ?? 'no key' })),
    initialValues: found.map((vendor) => vendor.name),
    required: false,
    output,
  })
  if (isCancel(chosen)) {
    cancel('Nothing was written.', { output })
    throw new Failure({ what: 'Nothing was written.', why: 'You ended it.', next: null, code: 'cancelled' })
  }
  const isSure = await confirm({ message: 'Write the file?', output })
  if (isSure !== true)
    throw new Failure({ what: 'Nothing was written.', why: 'You said no.', next: null, code: 'cancelled' })
  outro('Written.', { output })
  return vendors.filter((vendor) => chosen.includes(vendor.name))
}

const write = async (file: string, text: string, force: boolean): Promise<void> => {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx', mode: 0o644 })
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new Failure(
        {
          what: `${file} exists already.`,
          why: null,
          next: 'Use --force to overwrite it, or --config to name another file.',
          code: 'conflict',
        },
        1,
        thrown,
      )
    throw new Failure(
      {
        what: `${file} cannot be written.`,
        why: code ?? 'unknown',
        next: 'Check the folder and its permissions.',
        code: 'unwritable',
      },
      1,
      thrown,
    )
  }
}

/** The text is held against the schema before it is written; keys that are not set yet do not count. */
const checkText = async (text: string, vendors: readonly Vendor[], ports: CommandLinePorts): Promise<void> => {
  const environment = Object.fromEntries(vendors.flatMap((vendor) => vendor.keyEnv).map((name) => [name, 'set']))
  const source = { text, file: 'drover.yaml' }
  const loaded = await readConfig(source, { workingFolder: ports.workingFolder, environment, vendors: ports.vendors })
  if (!loaded.ok) throw configFailure(loaded.faults)
}

const checkFlags = (flags: Flags): number => {
  const port = /^\d{1,5}$/.test(flags.port) ? Number(flags.port) : -1
  if (port < 0 || port > 65_535)
    throw usageFailure('--port must be a whole number from 0 to 65535.', "Give it as '--port 4000'.")
  if (!nameForm.test(flags.env))
    throw usageFailure("--env must be letters, digits, '.', '_' and '-'.", "Give it as '--env production'.")
  if (!/^[A-Za-z0-9.:_-]+$/.test(flags.host))
    throw usageFailure('--host must be an address.', "Give it as '--host 127.0.0.1'.")
  return port
}

const choose = async (flags: Flags, ports: CommandLinePorts): Promise<readonly Vendor[]> => {
  const vendors = declarable(ports.vendors)
  if (flags.providers !== undefined) return named(flags.providers, vendors)
  const found = vendors.filter((vendor) => isFound(vendor, ports.environment))
  const isTalk = ports.stdin.isTTY === true && ports.stderr.isTTY === true && flags.yes !== true && flags.json !== true
  return isTalk ? asked(vendors, found) : found
}

const runInit = async (flags: Flags, { ports, terminal }: Shell): Promise<void> => {
  const port = checkFlags(flags)
  const vendors = await choose(flags, ports)
  const others = declarable(ports.vendors).filter((vendor) => !vendors.includes(vendor))
  const text = initText({ vendors, others, host: flags.host, port, environment: flags.env })
  await checkText(text, vendors, ports)
  const file = resolve(ports.workingFolder, flags.config)
  await write(file, text, flags.force === true)
  const unset = vendors
    .filter((vendor) => !vendor.keyless && !isFound(vendor, ports.environment))
    .flatMap((vendor) => vendor.keyEnv.slice(0, 1))
  if (flags.json === true) terminal.json({ file, providers: vendors.map((vendor) => vendor.name), unset })
  else terminal.data(`${file}\n`)
  const names =
    vendors.length === 0
      ? 'no provider: no key was found in the environment'
      : vendors.map((vendor) => vendor.name).join(', ')
  terminal.talk(`Written, with ${names}.`)
  for (const name of unset)
    terminal.talk(`${terminal.paint('doubtful', 'warning:')} ${name} is not set yet; the server needs it to start.`)
  terminal.talk("Next: 'drover doctor' checks it, 'drover serve' runs it.")
}

/** The command. */
export const initCommand = (shell: Shell): Command => {
  const command = new Command('init')
    .description('Write a commented drover.yaml from the provider keys found in the environment.')
    .allowExcessArguments(false)
    .option('--config <file>', 'The file to write.', 'drover.yaml')
    .option('--providers <a,b>', 'The vendors to declare (default: those whose keys are found).')
    .option('--host <address>', 'The address to listen on.', '127.0.0.1')
    .option('--port <n>', 'The port.', '4000')
    .option('--env <name>', 'What this server is.', 'production')
    .option('--force', 'Overwrite the file if it exists.')
    .option('--yes', 'Ask nothing.')
    .option('--json', 'Print JSON.')
  return command.action(() => runInit(command.opts<Flags>(), shell))
}
