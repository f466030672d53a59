/** `drover audit`: what in a codebase calls which LLM API with which parameters. Works without a relay. */

import { readFile, writeFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { Command } from 'commander'
import type { Progress } from '#audit/audit.ts'
import { baselineOf, readBaseline } from '#audit/baseline.ts'
import type { Level } from '#audit/finding.ts'
import { writers } from '#audit/writer/index.ts'
import { kindsText, reaches } from '#audit/writer/summary.ts'
import { nearestOf } from '#base/nearest.ts'
import { Failure, usageFailure } from './failure.ts'
import type { Shell } from './operation-command.ts'
import type { CommandLinePorts } from './ports.ts'

type Flags = {
  readonly format?: string
  readonly json?: boolean
  readonly target?: string
  readonly failOn?: string
  readonly output?: string
  readonly manifest?: string
  readonly baseline?: string
  readonly writeBaseline?: string
}

const levels: Readonly<Record<string, Level>> = { error: 'error', warning: 'warning', note: 'note', any: 'note' }
const barCharacters = 28

const chosen = <T>(name: string, table: Readonly<Record<string, T>>, flag: string): T => {
  const found = Object.hasOwn(table, name) ? table[name] : undefined
  if (found !== undefined) return found
  const [nearest] = nearestOf(name, Object.keys(table))
  const next = nearest === undefined ? '' : `Did you mean '${nearest}'? `
  throw usageFailure(`'${name}' is nothing that ${flag} takes.`, `${next}It takes ${Object.keys(table).join(', ')}.`)
}

/** A bar on stderr, drawn anew for each percent; nothing where nobody looks. */
const progressBar = ({
  stderr,
}: CommandLinePorts): { readonly show: (progress: Progress) => void; readonly end: () => void } => {
  if (stderr.isTTY !== true) return { show: () => undefined, end: () => undefined }
  let last = ''
  return {
    show: ({ done, all, step }) => {
      const part = all === 0 ? 1 : done / all
      const bar = '#'.repeat(Math.round(part * barCharacters)).padEnd(barCharacters, '.')
      const line = `${step === 'read' ? 'Reading  ' : 'Following'} ${bar} ${Math.round(part * 100)} % of ${all} files`
      if (line === last) return
      last = line
      stderr.write(`\r${line}`)
    },
    end: () => void stderr.write(`\r${' '.repeat(last.length)}\r`),
  }
}

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
    throw new Failure({ what: `${file} cannot be read.`, why, next: 'Check the name.', code: 'unreadable' }, 1, thrown)
  }
}

const write = async (file: string, text: string): Promise<void> => {
  try {
    await writeFile(file, text)
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
    const next = 'Check the folder and its permissions.'
    throw new Failure({ what: `${file} cannot be written.`, why, next, code: 'unwritable' }, 1, thrown)
  }
}

const runAudit = async (path: string, flags: Flags, { ports, terminal }: Shell): Promise<number> => {
  const format = flags.json === true ? 'json' : (flags.format ?? 'text')
  const writer = chosen(format, writers, '--format')
  const failOn = flags.failOn === undefined ? null : chosen(flags.failOn, levels, '--fail-on')
  const at = (file: string): string => resolve(ports.workingFolder, file)
  const folder = at(path)
  const baseline =
    flags.baseline === undefined ? new Set<string>() : readBaseline(await readText(at(flags.baseline)), flags.baseline)
  const bar = progressBar(ports)
  const { auditFolder } = await import('#audit/audit-folder.ts')
  const report = await auditFolder({
    path: folder,
    shown: relative(ports.workingFolder, folder) || '.',
    catalogFolder: ports.catalogFolder,
    target: flags.target ?? null,
    atMs: ports.clock.nowMs(),
    baseline,
    progress: bar.show,
  })
  bar.end()
  const text = writer(report, ports.version)
  if (flags.output === undefined) terminal.data(text)
  else await write(at(flags.output), text)
  if (flags.manifest !== undefined)
    await write(at(flags.manifest), chosen('manifest', writers, '--format')(report, ports.version))
  if (flags.writeBaseline !== undefined) await write(at(flags.writeBaseline), baselineOf(report))
  if (format !== 'text' || flags.output !== undefined)
    terminal.talk(`Found ${kindsText(report.call_sites)}; credentials: ${report.secrets.length}.`)
  return failOn !== null && reaches(report, failOn) ? 1 : 0
}

/** The command; whether findings are to fail it goes to `exited`. */
export const auditCommand = (shell: Shell, exited: (code: number) => void): Command => {
  const command = new Command('audit')
    .description('Find what in a codebase calls which LLM API with which parameters. Runs nothing, sends nothing.')
    .argument('[path]', 'The folder or file.', '.')
    .allowExcessArguments(false)
    .option('--format <form>', `How to write it: ${Object.keys(writers).join(', ')} (default: text).`)
    .option('--json', 'The same as --format json.')
    .option('--target <model>', 'Say for each call site what breaks or changes on this model.')
    .option('--fail-on <level>', 'Exit with 1 when something as bad is found: error, warning, note, any.')
    .option('--output <file>', 'Write the report to a file instead of stdout.')
    .option('--manifest <file>', 'Also write migration-manifest.json here, for probes and migrations.')
    .option('--baseline <file>', 'Leave out what this file accepts.')
    .option('--write-baseline <file>', 'Write a file that accepts everything found.')
  return command.action(async (path: string) => exited(await runAudit(path, command.opts<Flags>(), shell)))
}
