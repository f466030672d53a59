/** `drover probe`: whether an endpoint behaves as clients of its API expect. Works without a relay. */

import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { nearestOf } from '#base/nearest.ts'
import type { Report } from '#probe/report.ts'
import { Failure, usageFailure } from './failure.ts'
import type { ProbeFlags } from './probe-flags.ts'
import { agreement, progressBar } from './probe-talk.ts'
import type { Shell } from './shell.ts'

/** The exit code is that of the check, not of the wish: within half a minute it has passed or failed. */
const quickMs = 30_000

const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
    throw new Failure({ what: `${file} cannot be read.`, why, next: 'Check the name.', code: 'unreadable' }, 1, thrown)
  }
}

const writeText = async (file: string, text: string): Promise<void> => {
  try {
    await writeFile(file, text)
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
    const next = 'Check the folder and its permissions.'
    throw new Failure({ what: `${file} cannot be written.`, why, next, code: 'unwritable' }, 1, thrown)
  }
}

const chosen = <T>(name: string, table: Readonly<Record<string, T>>, flag: string): T => {
  const found = Object.hasOwn(table, name) ? table[name] : undefined
  if (found !== undefined) return found
  const [nearest] = nearestOf(name, Object.keys(table))
  const next = nearest === undefined ? '' : `Did you mean '${nearest}'? `
  throw usageFailure(`'${name}' is nothing that ${flag} takes.`, `${next}It takes ${Object.keys(table).join(', ')}.`)
}

const list = async ({ terminal }: Shell, asJson: boolean): Promise<number> => {
  const { probes } = await import('#probe/group/index.ts')
  const { profiles } = await import('#probe/profile/index.ts')
  if (asJson)
    terminal.json({
      probes: probes.map(({ id, group, wire, level, title, rule }) => ({
        id,
        group,
        protocol: wire,
        level,
        title,
        rule,
      })),
      profiles: profiles.map(({ name, title }) => ({ name, title })),
    })
  else {
    for (const { id, wire, level, title, group } of probes)
      terminal.data(`${id.padEnd(26)} ${wire.padEnd(10)} ${level.padEnd(9)} ${group.padEnd(13)} ${title}\n`)
    terminal.data(`\nProfiles: ${profiles.map(({ name, title }) => `${name} (${title})`).join(', ')}\n`)
  }
  return 0
}

const emit = async (flags: ProbeFlags, { ports, terminal }: Shell): Promise<number> => {
  const { emitters } = await import('#probe/emit/index.ts')
  const { readManifest } = await import('#probe/manifest.ts')
  const emitter = chosen(flags.emit ?? '', emitters, '--emit')
  if (flags.baseUrl === undefined || flags.model === undefined)
    throw usageFailure(
      '--base-url and --model are missing.',
      'The tests begin with them; DROVER_BASE_URL replaces the address when they run.',
    )
  const at = (file: string): string => resolve(ports.workingFolder, file)
  const manifest = flags.manifest === undefined ? null : readManifest(await textOf(at(flags.manifest)), flags.manifest)
  const key = flags.apiKey ?? 'env:DROVER_API_KEY'
  if (!key.startsWith('env:'))
    throw usageFailure('Tests take their key from the environment.', "Write '--api-key env:NAME'.")
  const text = emitter({
    baseUrl: flags.baseUrl.replace(/\/+$/, ''),
    model: flags.model,
    keyVariable: key.slice(4),
    manifest,
  })
  if (flags.output === undefined) terminal.data(text)
  else await writeText(at(flags.output), text)
  return 0
}

const write = async (report: Report, flags: ProbeFlags, { ports, terminal }: Shell): Promise<number> => {
  const { writers } = await import('#probe/writer/index.ts')
  const { driftOf, hasRegressed, readBaseline } = await import('#probe/drift.ts')
  const { summaryText } = await import('#probe/writer/words.ts')
  const at = (file: string): string => resolve(ports.workingFolder, file)
  const format = flags.json === true ? 'json' : (flags.format ?? 'text')
  const drift =
    flags.baseline === undefined
      ? null
      : driftOf(readBaseline(await textOf(at(flags.baseline)), flags.baseline), report)
  const text = chosen(format, writers, '--format')(report, drift)
  if (flags.output === undefined) terminal.data(text)
  else await writeText(at(flags.output), text)
  if (format !== 'text' || flags.output !== undefined) terminal.talk(summaryText(report))
  const isWorse = drift !== null && hasRegressed(drift)
  if (isWorse) terminal.talk('It has become worse since the baseline.')
  // Against a baseline only what has become worse fails: the rest was known.
  if (drift !== null) return isWorse ? 1 : 0
  return report.summary.verdict === 'fail' ? 1 : 0
}

const runProbe = async (flags: ProbeFlags, shell: Shell): Promise<number> => {
  const { ports, terminal } = shell
  if (flags.list === true) return list(shell, flags.json === true)
  if (flags.emit !== undefined) return emit(flags, shell)
  const { writers } = await import('#probe/writer/index.ts')
  chosen(flags.format ?? 'text', writers, '--format')
  const { readManifest } = await import('#probe/manifest.ts')
  const { readBaseline } = await import('#probe/drift.ts')
  const { probeEndpoint } = await import('#probe/session.ts')
  const { sessionOptionsOf } = await import('./probe-flags.ts')
  const at = (file: string): string => resolve(ports.workingFolder, file)
  const manifest = flags.manifest === undefined ? null : readManifest(await textOf(at(flags.manifest)), flags.manifest)
  // A baseline that cannot be read is said before anything is spent.
  if (flags.baseline !== undefined) readBaseline(await textOf(at(flags.baseline)), flags.baseline)
  const options = await sessionOptionsOf(flags, { ports, readText: (file) => textOf(at(file)), manifest })
  const late = new AbortController()
  const cancel = flags.quick === true ? ports.clock.after(quickMs, () => late.abort()) : () => undefined
  const bar = progressBar(ports)
  try {
    const report = await probeEndpoint(options, {
      catalogFolder: ports.catalogFolder,
      clock: ports.clock,
      version: ports.version,
      nonce: ports.ids.next('call'),
      signal: AbortSignal.any([ports.signal, late.signal]),
      agree: agreement(flags, options, shell),
      progress: bar.show,
    })
    bar.end()
    if (report === null) {
      terminal.talk('Nothing was sent.')
      return 1
    }
    const code = await write(report, flags, shell)
    // The check before a switch has not passed while any of its three was not made.
    return flags.quick === true && report.summary.not_run > 0 ? 1 : code
  } finally {
    bar.end()
    cancel()
  }
}

/** The command; whether the endpoint passed goes to `exited`. */
export const probeCommand = (shell: Shell, exited: (code: number) => void): Command => {
  const command = new Command('probe')
    .description(
      'Probe an endpoint: does it behave as clients of its API expect? Costs a little; shows how much before.',
    )
    .allowExcessArguments(false)
    .option('--base-url <url>', 'The endpoint, with its version: https://api.example.com/v1.')
    .option('--model <id>', 'The model, as the endpoint names it.')
    .option(
      '--api-key <reference>',
      "Its key: env:NAME or file:PATH. Left out: the vendor's usual variable, else none.",
    )
    .option('--against <url>', 'A reference endpoint, for the comparison of tool calls.')
    .option('--against-model <id>', 'Its model (default: the same).')
    .option('--against-key <reference>', 'Its key: env:NAME or file:PATH.')
    .option('--other-key <reference>', "A key of the vendor's other site, which this one must refuse.")
    .option(
      '--profile <name>',
      'What deviations are known: kimi, openai, drover … (default: by the address, else strict).',
    )
    .option('--protocol <name>', 'openai, anthropic or gemini (default: as the profile has it).')
    .option('--only <ids>', 'Only these probes or groups, with commas.')
    .option('--list', 'List the probes and the profiles, and send nothing.')
    .option('--quick', 'The check before a switch: three completions, within 30 s.')
    .option('--repeat <n>', 'Run each probe so many times in each mode.')
    .option('--max-usd <amount>', 'Spend no more.', '1.00')
    .option('--max-calls <n>', 'Make no more calls.', '2000')
    .option('--price <in,out>', 'USD per million tokens, where the catalog has no price: 0.60,2.50.')
    .option('--yes', 'Do not ask, and go on until a cap is reached.')
    .option('--concurrency <n>', 'Calls at once, outside of the probes that want many.', '4')
    .option('--parallel <n>', 'Streams at once in streams-at-once.', '100')
    .option('--timeout <seconds>', 'Of one call.', '60')
    .option('--context-tokens <n>', 'The context of the model, where neither the endpoint nor the catalog says.')
    .option('--image-url <url>', 'An image on the web, for image-remote.')
    .option('--manifest <file>', 'migration-manifest.json: names the call sites that depend on what fails.')
    .option('--baseline <file>', 'An earlier JSON report: tells what has changed, and fails only on what became worse.')
    .option('--fail-on <level>', 'Exit with 1 on failures from this level on: blocking, warning, info.', 'blocking')
    .option('--format <form>', 'text, json, junit or html (default: text).')
    .option('--json', 'The same as --format json.')
    .option('--output <file>', 'Write the report to a file instead of stdout.')
    .option('--emit <framework>', 'Write staging tests instead, for pytest or vitest; sends nothing.')
  return command.action(async () => exited(await runProbe(command.opts<ProbeFlags>(), shell)))
}
