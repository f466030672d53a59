/** `drover audit`: what in a codebase calls which LLM API with which parameters. Works without a relay. */

import { statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { Command } from 'commander'
import type { Progress } from '#audit/audit.ts'
import { baselineOf, readBaseline } from '#audit/baseline.ts'
import type { Level } from '#audit/finding.ts'
import type { Plan } from '#audit/fix/plan.ts'
import type { UsageGiven } from '#audit/usage/join.ts'
import { bytesLike, textOf } from '#audit/walk/encoding.ts'
import { writers } from '#audit/writer/index.ts'
import { kindsText, reaches } from '#audit/writer/summary.ts'
import { Problem } from '#base/problem.ts'
import { usageFailure } from './failure.ts'
import { chosenOf, readBytes, readTextFile, writeTextFile } from './file.ts'
import type { CommandLinePorts } from './ports.ts'
import type { Shell } from './shell.ts'
import { collected, readUsageFiles, usageHelp } from './usage-files.ts'

type Flags = {
  readonly format?: string
  readonly json?: boolean
  readonly target?: string
  readonly failOn?: string
  readonly output?: string
  readonly manifest?: string
  readonly baseline?: string
  readonly writeBaseline?: string
  readonly fix?: boolean
  readonly apply?: boolean
  readonly relay: string
  readonly usage?: readonly string[]
}

const levels: Readonly<Record<string, Level>> = { error: 'error', warning: 'warning', note: 'note', any: 'note' }
const barCharacters = 28

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

const checkFix = ({ fix, apply, relay }: Flags): void => {
  if (apply === true && fix !== true) throw usageFailure('--apply needs --fix.', "Give both: '--fix --apply'.")
  if (!/^https?:\/\/[^/\s]+\/v1\/?$/.test(relay))
    throw usageFailure(
      `'${relay}' is no address of a relay.`,
      "Give it with its version: '--relay http://127.0.0.1:4000/v1'.",
    )
}

/** Prints the plan as diffs, and carries it out when that is wanted. Files that changed since they were read are left alone. */
const runFix = async (
  plan: Plan,
  { folder, flags }: { readonly folder: string; readonly flags: Flags },
  { terminal }: Shell,
): Promise<number> => {
  const { changes, left, keyVariables } = plan
  if (flags.json === true)
    terminal.json({
      schema: 1,
      applied: flags.apply === true,
      changes: changes.map(({ path, edits, diff }) => ({
        path,
        edits: edits.map(({ line, weight, why }) => ({ line, weight, why })),
        diff,
      })),
      left,
      key_variables: keyVariables,
    })
  else for (const { diff } of changes) terminal.data(diff)
  for (const { path, edits } of changes)
    for (const { line, weight, why } of edits)
      terminal.talk(`[${weight === 'blocks' ? 'BLOCKS' : 'TUNE'}] ${path}:${line} ${why}.`)
  for (const { path, line, why } of left)
    terminal.talk(`Left alone: ${line === undefined ? path : `${path}:${line}`}, because ${why}.`)
  if (keyVariables.length > 0)
    terminal.talk(
      `The relay's key belongs into ${keyVariables.join(', ')}${keyVariables.length === 1 ? '; setting it and the address back is the way back' : ': let them all read one variable, so that the way back is one flip'}.`,
    )
  if (flags.apply !== true) {
    terminal.talk(
      changes.length === 0
        ? 'There is nothing to change.'
        : `${changes.length} files would change; --apply changes them.`,
    )
    return 0
  }
  let stale = 0
  for (const { path, before, after } of changes) {
    const file = statSync(folder).isDirectory() ? join(folder, path) : folder
    const bytes = await readBytes(file)
    if (textOf(bytes) === before) await writeTextFile(file, bytesLike(bytes, after))
    else {
      stale += 1
      terminal.talk(`Left alone: ${path}, which changed while it was read.`)
    }
  }
  terminal.talk(`${changes.length - stale} files were changed.`)
  return stale === 0 ? 0 : 1
}

/** What was used, to be joined to the call sites. */
const usageOf = async ({ usage }: Flags, at: (file: string) => string): Promise<UsageGiven | undefined> => {
  if (usage === undefined) return undefined
  const exports = await readUsageFiles(usage.map((name) => ({ name, path: at(name) })))
  return {
    sources: exports.map(({ title }) => title),
    rows: exports.flatMap(({ rows }) => rows),
    spans: exports.flatMap(({ spans }) => spans),
  }
}

const runAudit = async (path: string, flags: Flags, shell: Shell): Promise<number> => {
  const { ports, terminal } = shell
  checkFix(flags)
  const format = flags.json === true ? 'json' : (flags.format ?? 'text')
  const writer = chosenOf(format, writers, '--format')
  const failOn = flags.failOn === undefined ? null : chosenOf(flags.failOn, levels, '--fail-on')
  const at = (file: string): string => resolve(ports.workingFolder, file)
  const folder = at(path)
  const baseline =
    flags.baseline === undefined
      ? new Set<string>()
      : readBaseline(await readTextFile(at(flags.baseline)), flags.baseline)
  const usage = await usageOf(flags, at)
  const bar = progressBar(ports)
  const { auditFolder } = await import('#audit/audit-folder.ts')
  const { report, plan } = await auditFolder({
    path: folder,
    shown: relative(ports.workingFolder, folder) || '.',
    catalogFolder: ports.catalogFolder,
    target: flags.target ?? null,
    atMs: ports.clock.nowMs(),
    baseline,
    progress: bar.show,
    usage,
  }).catch((thrown: unknown): never => {
    bar.end()
    const isTarget = thrown instanceof Problem && thrown.code === 'model_not_found'
    throw isTarget ? usageFailure(thrown.message, "Name a model for --target as the catalog does: 'kimi-k2'.") : thrown
  })
  bar.end()
  if (flags.fix === true) return runFix(plan(flags.relay), { folder, flags }, shell)
  const text = writer(report, ports.version)
  if (flags.output === undefined) terminal.data(text)
  else await writeTextFile(at(flags.output), text)
  if (flags.manifest !== undefined)
    await writeTextFile(at(flags.manifest), chosenOf('manifest', writers, '--format')(report, ports.version))
  if (flags.writeBaseline !== undefined) await writeTextFile(at(flags.writeBaseline), baselineOf(report))
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
    .option('--usage <file>', `Say what each call site uses. ${usageHelp}`, collected)
    .option('--baseline <file>', 'Leave out what this file accepts.')
    .option('--write-baseline <file>', 'Write a file that accepts everything found.')
    .option('--fix', 'Print as diffs what would move the code to the relay, and with --target to that model.')
    .option('--apply', 'With --fix: change the files.')
    .option('--relay <url>', 'The address of the relay.', 'http://127.0.0.1:4000/v1')
  return command.action(async (path: string) => exited(await runAudit(path, command.opts<Flags>(), shell)))
}
