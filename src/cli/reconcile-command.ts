/** `drover reconcile usage`: a provider's own usage export beside Drover's figures. */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { operations } from '#admin/operations.ts'
import { table } from '#admin/render.ts'
import type { GroupView } from '#admin/usage-view.ts'
import { decimalOf } from '#base/money.ts'
import type { Comparison, DifferenceLine, ExportFilter, OwnDay } from '#report/reconcile/compare.ts'
import { compareUsage, rowsWithin } from '#report/reconcile/compare.ts'
import { readUsageExport } from '#report/usage-export/read.ts'
import type { UsageExportRow } from '#report/usage-export/row.ts'
import type { ConnectionFlags } from './connection.ts'
import { connect } from './connection.ts'
import { Failure, usageFailure } from './failure.ts'
import { addConnectionFlags, everyPage, operationCommand } from './operation-command.ts'
import { configSource } from './settings-source.ts'
import type { Shell } from './shell.ts'

type Flags = ConnectionFlags & {
  readonly file: readonly string[]
  readonly provider?: string
  readonly threshold: string
  readonly project?: string
  readonly key?: string
  readonly tier?: string
  readonly all?: boolean
  readonly json?: boolean
}

const dayMs = 86_400_000

const readFileText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
    throw new Failure({ what: `${file} cannot be read.`, why, next: 'Check the name.', code: 'unreadable' }, 1, thrown)
  }
}

const listOf = (text: string | undefined): readonly string[] | undefined =>
  text
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

const filterOf = ({ project, key, tier }: Flags): ExportFilter => {
  const [projects, keys, tiers] = [listOf(project), listOf(key), listOf(tier)]
  return {
    ...(projects === undefined ? {} : { project: projects }),
    ...(keys === undefined ? {} : { key: keys }),
    ...(tiers === undefined ? {} : { serviceTier: tiers }),
  }
}

/** Hundredths of a percent. */
const thresholdOf = (text: string): number => {
  if (/^\d{1,3}(\.\d{1,2})?$/.test(text)) return Math.round(Number(text) * 100)
  throw usageFailure(`'${text}' is no percentage.`, 'Give --threshold as 1 or 0.25.')
}

const readExports = async (
  files: readonly string[],
  { ports, terminal }: Shell,
): Promise<readonly UsageExportRow[]> => {
  const rows: UsageExportRow[] = []
  for (const file of files) {
    const found = readUsageExport(await readFileText(resolve(ports.workingFolder, file)), file)
    terminal.talk(`${file}: ${found.title}, ${found.rows.length} rows`)
    if (found.incomplete)
      terminal.talk(`${terminal.paint('doubtful', 'warning:')} ${file} says that further pages follow: fetch them too`)
    rows.push(...found.rows)
  }
  return rows
}

/** The names of the providers that are accounts at the export's vendor. */
const providersOf = async (
  rows: readonly UsageExportRow[],
  flags: Flags,
  { ports }: Shell,
): Promise<readonly string[]> => {
  if (flags.provider !== undefined) return flags.provider.split(',').map((name) => name.trim())
  const vendors = new Set<string>(rows.map(({ vendor }) => vendor))
  const loaded = await (await configSource(flags, ports)).load()
  const configured = loaded.ok ? loaded.config.providers.filter(({ vendor }) => vendors.has(vendor)) : []
  return configured.length === 0 ? [...vendors] : configured.map(({ name }) => name)
}

const ownDay = (group: GroupView): OwnDay => ({
  day: group.day ?? '',
  model: group.upstream_model ?? null,
  calls: group.attempts - group.failed_attempts,
  input: group.input,
  cachedInput: group.cached_input,
  output: group.output,
  costNanoUsd: BigInt(group.upstream_cost_nano_usd),
  failedAttempts: group.failed_attempts,
  unknownCalls: Math.max(group.unknown.input, group.unknown.output),
  unpricedAttempts: group.upstream_unpriced,
  estimatedCalls: group.estimated,
})

const shown = ({ metric }: DifferenceLine, amount: bigint): string =>
  metric === 'cost' ? decimalOf(amount) : amount.toString()

const textOf = ({ lines, alarms, days }: Comparison, all: boolean): string => {
  const told = all ? lines : lines.filter(({ difference }) => difference !== 0n)
  const rows = told.map((line) => [
    line.alarm ? '!' : '',
    line.day,
    line.model ?? '(all)',
    line.metric === 'cost' ? 'cost USD' : line.metric,
    shown(line, line.ours),
    shown(line, line.theirs),
    shown(line, line.difference),
    line.percent === null ? null : `${line.percent}%`,
    line.reasons.join('; '),
  ])
  const headings = ['', 'DAY', 'MODEL', 'WHAT', 'OURS', 'THEIRS', 'DIFFERENCE', '%', 'WHY']
  const same = lines.length - told.length
  return `${rows.length === 0 ? '' : table(headings, rows)}${lines.length} figures of ${days} days: ${alarms} alarms${same > 0 ? `, ${same} exactly the same` : ''}\n`
}

const lineView = (line: DifferenceLine) => ({
  ...line,
  metric: line.metric === 'cost' ? 'cost_nano_usd' : line.metric,
  ours: line.ours.toString(),
  theirs: line.theirs.toString(),
  difference: line.difference.toString(),
})

const runReconcile = async (flags: Flags, shell: Shell): Promise<number> => {
  const { ports, terminal } = shell
  const basisPointsMax = thresholdOf(flags.threshold)
  const read = await readExports(flags.file, shell)
  const rows = rowsWithin(read, filterOf(flags))
  if (rows.length === 0 && read.length > 0)
    throw new Failure({
      what: 'No row of the export is of what --project, --key and --tier name.',
      why: 'The export may not have been grouped by it.',
      next: 'Group the export by project, key or tier, or leave the flag out.',
      code: 'empty',
    })
  if (rows.length === 0)
    throw new Failure({
      what: 'The export holds no usage.',
      why: null,
      next: 'Export a period in which there was some.',
      code: 'empty',
    })
  const providers = await providersOf(rows, flags, shell)
  const operation = operations.find(({ noun, verb }) => noun === 'usage' && verb === 'list')
  if (operation === undefined) throw new Error('there is no operation usage list')
  const floor = (ms: number): string => new Date(ms - (ms % dayMs)).toISOString().slice(0, 10)
  const from = floor(rows.reduce((least, { startMs }) => Math.min(least, startMs), Number.POSITIVE_INFINITY))
  const to = floor(rows.reduce((most, { endMs }) => Math.max(most, endMs - 1), 0) + dayMs)
  const client = await connect(flags, ports)
  try {
    const own: OwnDay[] = []
    for (const provider of providers) {
      const input = { by: ['day', 'upstream_model'], provider, from, to, test: false }
      const { data } = (await everyPage(client, operation, input)) as { readonly data: readonly GroupView[] }
      own.push(...data.map(ownDay))
    }
    const today = new Date(ports.clock.nowMs()).toISOString().slice(0, 10)
    const comparison = compareUsage(own, rows, { basisPointsMax, today })
    if (flags.json === true)
      terminal.json({
        ok: comparison.alarms === 0,
        providers,
        from,
        to,
        ...comparison,
        lines: comparison.lines.map(lineView),
      })
    else terminal.data(`providers ${providers.join(', ')}, ${from} to ${to}\n${textOf(comparison, flags.all === true)}`)
    return comparison.alarms === 0 ? 0 : 1
  } finally {
    await client.close()
  }
}

/** The command; 1 goes to `exited` where something differs by more than the threshold. */
export const reconcileCommand = (shell: Shell, exited: (code: number) => void): Command => {
  const usage = new Command('usage')
    .description("Compare a provider's usage export with Drover's figures, by day and model. Exits 1 on an alarm.")
    .allowExcessArguments(false)
    .requiredOption(
      '--file <file...>',
      'The export: JSON of the OpenAI usage or costs API, of the Anthropic usage or cost report, or OpenRouter activity (JSON or CSV).',
    )
    .option('--provider <a,b>', "Drover's providers that the export is about (default: all of its vendor).")
    .option('--project <a,b>', "Only rows of these projects or workspaces of the provider: those of Drover's keys.")
    .option('--key <a,b>', 'Only rows of these keys, by the ids that the provider gives them.')
    .option('--tier <a,b>', 'Only rows of these service tiers, such as default or batch.')
    .option('--threshold <percent>', 'What is an alarm.', '1')
    .option('--all', 'Show figures that agree as well.')
  addConnectionFlags(usage).option('--json', 'Print JSON.')
  usage.action(async () => exited(await runReconcile(usage.opts<Flags>(), shell)))
  const payments = operations.find(({ noun, verb }) => noun === 'payments' && verb === 'reconcile')
  if (payments === undefined) throw new Error('there is no operation payments reconcile')
  return new Command('reconcile')
    .description('compare the books with what others say')
    .addCommand(usage)
    .addCommand(operationCommand(payments, 'payments', shell))
}
