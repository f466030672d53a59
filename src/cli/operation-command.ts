/** Commands made from admin operations: flags from the fields of the input, help from their descriptions. */

import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Argument, Command, Option } from 'commander'
import type { Field } from '#admin/field.ts'
import { fieldsOf, valueFromText } from '#admin/field.ts'
import type { Flag, Operation } from '#admin/operation.ts'
import { reachOf } from '#admin/reach.ts'
import { details } from '#admin/render.ts'
import { checkInput, FieldProblem } from '#admin/run.ts'
import { isObject } from '#base/json-type.ts'
import { placeText } from '#base/place-text.ts'
import type { ConnectionFlags } from './connection.ts'
import { connect } from './connection.ts'
import { Failure, usageFailure } from './failure.ts'
import { followLog } from './follow-log.ts'
import { followMigration } from './follow-migration.ts'
import { addTo, makeKeptKey, makesKey } from './kept-key.ts'
import type { CommandLinePorts } from './ports.ts'
import type { Client } from './remote-client.ts'
import { secretFromStdin } from './secret-input.ts'
import type { Shell } from './shell.ts'
import type { Terminal } from './terminal.ts'
import { addTrailFile, checksTrail, verifyTrailFile } from './trail-file.ts'
import { addVerify, isReport, verifying } from './verify-report.ts'

type Flags = ConnectionFlags & {
  readonly json?: boolean
  readonly csv?: boolean
  readonly follow?: boolean
  readonly watch?: boolean
  readonly wait?: boolean
} & Readonly<Record<string, unknown>>
type Bound = { readonly field: Field; readonly attribute: string; readonly flag: string }

/** No list is read further than this many pages. */
const pagesMax = 10_000

const dashed = (name: string): string => name.replaceAll('_', '-')

const placeholder = (field: Field): string => {
  if (field.choices.length > 0) return `<${field.choices.join('|')}>`
  if (field.kind === 'integer') return '<n>'
  return field.kind === 'list' ? '<a,b>' : '<text>'
}

const derivedFlag = (field: Field): string =>
  field.kind === 'boolean' ? `--${dashed(field.name)}` : `--${dashed(field.name)} ${placeholder(field)}`

const describe = (field: Field, flag: Flag | undefined): string => {
  const words = flag?.describe ?? field.describe
  const isShown = field.fallback !== undefined && field.fallback !== false
  return isShown ? `${words} (default: ${String(field.fallback)})` : words
}

const optionOf = (field: Field, flags: string, description: string): Option => {
  const option = new Option(flags, description)
  if (field.kind === 'boolean') return option
  if (field.required) option.makeOptionMandatory()
  return option.argParser((text: string, before: unknown) => {
    const value = valueFromText(field, text)
    return Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
  })
}

/** Adds what the input takes; gives back which option or argument fills which field. */
const addFields = (command: Command, operation: Operation): readonly Bound[] => {
  const bound: Bound[] = []
  for (const field of fieldsOf(operation.input)) {
    const flag = operation.flags.find((one) => one.field === field.name)
    if (flag?.positional === true) {
      command.addArgument(new Argument(field.required ? `<${field.name}>` : `[${field.name}]`, flag.describe))
      continue
    }
    const isGiven = flag?.secret === true ? { ...field, required: false } : field
    const option = optionOf(isGiven, flag?.flag ?? derivedFlag(field), describe(field, flag))
    command.addOption(option)
    bound.push({ field, attribute: option.attributeName(), flag: option.long ?? option.flags })
    // No other flag for a secret: one that took it as it is would leave it in the shell's history.
    if (flag?.secret === true) continue
    if (flag?.flag === undefined || option.long === `--${dashed(field.name)}`) continue
    // The name that the API gives to the field works as a flag as well.
    const alias = optionOf({ ...field, required: false }, derivedFlag(field), '').hideHelp()
    command.addOption(alias)
    bound.push({ field, attribute: alias.attributeName(), flag: alias.long ?? alias.flags })
  }
  return bound
}

/** Flags that say where the server or the store is. */
export const addConnectionFlags = (command: Command): Command =>
  command
    .option('--url <url>', 'The server to ask (or DROVER_URL), with its admin key in DROVER_ADMIN_KEY.')
    .option('--config <file>', 'The configuration (default: drover.yaml, where it exists).')
    .option('--data <folder>', "The data folder (default: the configuration's, else ./data).")

const inputOf = (operation: Operation, bound: readonly Bound[], command: Command): Record<string, unknown> => {
  const flags = command.opts<Flags>()
  const input: Record<string, unknown> = {}
  for (const [index, { name }] of operation.flags
    .filter((flag) => flag.positional)
    .map((flag) => ({ name: flag.field }))
    .entries())
    input[name] = command.args[index]
  const given = new Map<string, string>()
  for (const { field, attribute, flag } of bound) {
    if (flags[attribute] === undefined || command.getOptionValueSource(attribute) === 'default') continue
    const other = given.get(field.name)
    if (other !== undefined)
      throw usageFailure(`${other} and ${flag} are the same, and both are given.`, 'Keep one of the two.')
    given.set(field.name, flag)
    input[field.name] = flags[attribute]
  }
  return input
}

/** Where a flag names a file, its content is the value. */
const readFiles = async (operation: Operation, input: Record<string, unknown>): Promise<void> => {
  for (const { field, file } of operation.flags) {
    const path = input[field]
    if (file === undefined || file === false || typeof path !== 'string') continue
    try {
      input[field] = await readFile(path, file === 'base64' ? 'base64' : 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (file === 'or-text' && (code === 'ENOENT' || code === 'EISDIR')) continue
      throw usageFailure(`The file ${path} cannot be read (${code ?? 'unknown'}).`, 'Name a file that there is.')
    }
  }
}

/** A secret is what the named variable holds, else what stdin does. */
const readSecrets = async (
  operation: Operation,
  input: Record<string, unknown>,
  ports: CommandLinePorts,
): Promise<void> => {
  for (const { field, flag, secret } of operation.flags) {
    if (secret !== true) continue
    const name = input[field]
    const [option = ''] = (flag ?? '').split(' ')
    if (typeof name !== 'string') input[field] = await secretFromStdin(ports.stdin, option)
    else {
      const value = ports.environment[name]?.trim() ?? ''
      if (value === '')
        throw usageFailure(
          `The environment variable that ${option} names is not set.`,
          `Set it, or leave ${option} out and pipe the secret in. The secret itself is never an argument.`,
        )
      input[field] = value
    }
  }
}

/** As the person typed it, where the API has another name for it. */
const typedAs = (operation: Operation, bound: readonly Bound[], name: string): string => {
  const isArgument = operation.flags.some(({ field, positional }) => field === name && positional === true)
  if (isArgument) return `<${name}>`
  return bound.find(({ field }) => field.name === name)?.flag ?? `'${name}'`
}

const checkUsage = (
  { operation, input, bound }: { operation: Operation; input: unknown; bound: readonly Bound[] },
  command: Command,
): void => {
  try {
    checkInput(operation, input)
  } catch (thrown) {
    if (!(thrown instanceof FieldProblem)) throw thrown
    const { path, what, message } = thrown
    const [field, ...below] = path
    const help = `'${fullName(command)} --help' lists the flags.`
    if (field === undefined) throw usageFailure(message, help)
    // `models[0]` is the first of what stands behind one flag.
    const place = below.length === 0 ? '' : ` (${placeText(path)})`
    throw usageFailure(`${typedAs(operation, bound, String(field))}${place} ${what}`, help)
  }
}

const fullName = (command: Command): string =>
  command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`

/** A list in pages is read to its end, unless the person asked for one page. */
export const everyPage = async (
  client: Client,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
): Promise<unknown> => {
  const first = await client.run(operation, input)
  if (!isObject(first) || !Array.isArray(first['data']) || input['limit'] !== undefined) return first
  const data: unknown[] = [...first['data']]
  let next = first['next']
  for (let page = 1; typeof next === 'string' && page < pagesMax; page += 1) {
    const more = await client.run(operation, { ...input, after: next })
    if (!isObject(more) || !Array.isArray(more['data'])) break
    data.push(...more['data'])
    next = more['next']
  }
  return { ...first, data, ...('next' in first ? { next: next ?? null } : {}) }
}

/** Page by page, each written as it comes: an export may be longer than what a process can hold. */
const printCsv = async (
  client: Client,
  {
    operation,
    input,
    csv,
  }: { operation: Operation; input: Readonly<Record<string, unknown>>; csv: NonNullable<Operation['csv']> },
  terminal: Terminal,
): Promise<void> => {
  let after: unknown = input['after']
  for (let page = 0; page < pagesMax; page += 1) {
    const output = await client.run(operation, after === undefined ? input : { ...input, after })
    terminal.data(csv.text(output, page === 0))
    after = isObject(output) ? output['next'] : null
    if (typeof after !== 'string' || input['limit'] !== undefined) return
  }
}

const show = (operation: Operation, output: unknown, terminal: Terminal): void => {
  terminal.data(operation.render === undefined ? details(output) : operation.render(output))
}

/** What was taken and is not honoured. The calls of the log have warnings of another kind: those are data. */
const tellWarnings = (operation: Operation, output: unknown, terminal: Terminal): void => {
  if (operation.method === 'GET' || !isObject(output) || !Array.isArray(output['warnings'])) return
  for (const warning of output['warnings'])
    terminal.talk(`${terminal.paint('doubtful', 'warning:')} ${String(warning)}`)
}

const writeOut = async (
  file: { readonly bytes: Uint8Array },
  flags: Flags,
  { ports, terminal }: Shell,
): Promise<void> => {
  const path = resolve(ports.workingFolder, String(flags['out']))
  try {
    await writeFile(path, file.bytes)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Failure({
      what: `${path} cannot be written.`,
      why: code ?? 'unknown',
      next: 'Name another file with --out.',
      code: 'unwritable',
    })
  }
  terminal.talk(`${path}: ${file.bytes.length} bytes`)
}

/** An answer may itself say that something failed. */
const failWhere = (operation: Operation, output: unknown): void => {
  const what = operation.failure?.(output) ?? null
  if (what !== null) throw new Failure({ what, why: null, next: null, code: 'failed' })
}

const isLog = (operation: Operation): boolean => operation.noun === 'logs' && operation.verb === 'list'

const isStanding = (operation: Operation): boolean => operation.noun === 'migrate' && operation.verb === 'status'

/** A file goes where `--out` says; `--json` alone shows what it is made of. */
const checkOut = (operation: Operation, flags: Flags): void => {
  const isNeeded = operation.file !== undefined && operation.fileOnRequest !== true
  if (!isNeeded || flags['out'] !== undefined || flags.json === true) return
  throw usageFailure('The flag --out is missing.', 'Name the file to write with --out, or ask for --json.')
}

/** The command of one operation. */
export const operationCommand = (named: Operation, name: string, shell: Shell): Command => {
  const command = new Command(name).description(named.summary).allowExcessArguments(false)
  const bound = addFields(command, named)
  if (isLog(named)) command.option('--follow', 'Go on with the calls that follow, until interrupted.')
  if (named.csv?.always === false) command.option('--csv', 'Print CSV.')
  if (named.file !== undefined) command.option('--out <file>', 'Where the file is written.')
  if (isStanding(named))
    command
      .option('--watch', 'Print it again whenever it changes, until it is over.')
      .option('--wait', 'Wait until it is over or paused; exit 1 where it is not complete then.')
  if (isReport(named)) addVerify(command)
  if (makesKey(named)) addTo(command)
  if (checksTrail(named)) addTrailFile(command)
  addConnectionFlags(command).option('--json', isLog(named) ? 'One JSON object a line.' : 'Print JSON.')
  const { terminal } = shell
  command.action(async () => {
    const flags = command.opts<Flags>()
    if (checksTrail(named) && typeof flags['file'] === 'string') return verifyTrailFile(flags['file'], flags, shell)
    const { operation, input } =
      typeof flags['verify'] === 'string'
        ? verifying(flags['verify'])
        : { operation: named, input: inputOf(named, bound, command) }
    await readFiles(operation, input)
    await readSecrets(operation, input, shell.ports)
    checkUsage({ operation, input, bound }, command)
    checkOut(operation, flags)
    const client = await connect(flags, shell.ports)
    try {
      if (typeof flags['to'] === 'string' && makesKey(operation))
        await makeKeptKey({ operation, input, to: flags['to'], flags, client }, shell)
      else if (isLog(operation))
        await followLog(
          { operation, input, client, flags: { json: flags.json === true, follow: flags.follow === true } },
          shell,
        )
      else if (isStanding(operation) && (flags.watch === true || flags.wait === true))
        await followMigration(
          { operation, input, client, flags: { json: flags.json === true, wait: flags.wait === true } },
          shell,
        )
      else if (operation.csv !== undefined && flags.json !== true && (flags.csv === true || operation.csv.always))
        await printCsv(client, { operation, input, csv: operation.csv }, terminal)
      else {
        const output = await everyPage(client, operation, input)
        if (operation.file !== undefined && flags['out'] !== undefined)
          await writeOut(operation.file(output), flags, shell)
        if (flags.json === true) terminal.json(output)
        else if (operation.file === undefined || (operation.fileOnRequest === true && flags['out'] === undefined))
          show(operation, output, terminal)
        tellWarnings(operation, output, terminal)
        failWhere(operation, output)
      }
    } finally {
      await client.close()
    }
  })
  return command
}

/** `logs` lists, `rerate` runs: the noun says it. */
const isWholeNoun = ({ verb }: Operation): boolean => verb === 'list' || verb === 'run'

/** Other names of nouns: what others call the trail. */
const nounAliases: Readonly<Record<string, string>> = { trail: 'audit-log' }

/**
 * One command a noun, with one below it for each verb. A noun with a `list` does that when no verb is given; a noun with
 * a list and nothing else is the command itself.
 */
export const operationCommands = (operations: readonly Operation[], shell: Shell): readonly Command[] => {
  // Not `Map.groupBy`: the commands that need no server run on Node 20 as well.
  const nouns = new Map<string, Operation[]>()
  // What programs tell, and what people do who are signed in, is no command.
  const isCommand = (one: Operation): boolean =>
    one.forCallers !== true && one.apiOnly !== true && !['self', 'everybody'].includes(reachOf(one))
  for (const operation of operations.filter(isCommand))
    nouns.set(operation.noun, [...(nouns.get(operation.noun) ?? []), operation])
  return [...nouns].map(([noun, list]) => {
    const [only, ...others] = list
    if (only !== undefined && others.length === 0 && isWholeNoun(only)) return operationCommand(only, noun, shell)
    const command = new Command(noun).description(`${list.map(({ verb }) => verb).join(', ')} ${noun}`)
    for (const operation of list) {
      const below = operationCommand(operation, operation.verb, shell)
      command.addCommand(below, { isDefault: operation.verb === 'list' })
    }
    const alias = nounAliases[noun]
    return alias === undefined ? command : command.alias(alias)
  })
}
