/** `drover roi`: what a move saves, from usage and prices; and afterwards what it did save. Works without a relay. */

import { resolve } from 'node:path'
import { Command } from 'commander'
import { actualReport, baselineOf } from '#report/roi/actual.ts'
import { actualText } from '#report/roi/actual-text.ts'
import type { RoiFlags } from '#report/roi/flags.ts'
import { focusCsv } from '#report/roi/focus.ts'
import { forecastPage } from '#report/roi/page.ts'
import type { Read } from '#report/roi/quantity.ts'
import { readDay } from '#report/roi/quantity.ts'
import type { ForecastReport } from '#report/roi/report.ts'
import { forecastFor } from '#report/roi/run.ts'
import { forecastText } from '#report/roi/text.ts'
import type { ConnectionFlags } from './connection.ts'
import { usageFailure } from './failure.ts'
import { chosenOf, parsedJson, readTextFile, writeTextFile } from './file.ts'
import { addConnectionFlags } from './operation-command.ts'
import type { Shell } from './shell.ts'
import { collected, readBooks, readUsageFiles, usageHelp } from './usage-files.ts'

type Flags = RoiFlags &
  ConnectionFlags & {
    readonly usage?: readonly string[]
    readonly format?: string
    readonly json?: boolean
    readonly output?: string
    readonly actual?: boolean
    readonly forecast?: string
    readonly since?: string
  }

const writers: Readonly<Record<string, (report: ForecastReport) => string>> = {
  text: forecastText,
  json: (report) => `${JSON.stringify(report)}\n`,
  csv: focusCsv,
  html: forecastPage,
}

/** The value, or the refusal as wrong usage. @throws Failure */
const takenOf = <T>(read: Read<T>): T => {
  if (read.ok) return read.value
  throw usageFailure(read.what, read.next)
}

const give = async (text: string, output: string | undefined, { ports, terminal }: Shell): Promise<void> => {
  if (output === undefined) terminal.data(text)
  else await writeTextFile(resolve(ports.workingFolder, output), text)
}

const usageOf = ({ usage }: Flags, { ports }: Shell) =>
  readUsageFiles((usage ?? []).map((name) => ({ name, path: resolve(ports.workingFolder, name) })))

const runForecast = async (flags: Flags, shell: Shell): Promise<void> => {
  const { ports, terminal } = shell
  const format = flags.json === true ? 'json' : (flags.format ?? 'text')
  const writer = chosenOf(format, writers, '--format')
  if (flags.forecast !== undefined || flags.since !== undefined)
    throw usageFailure(
      '--forecast and --since belong to --actual.',
      'Add --actual to compare a forecast with the books.',
    )
  const usage = await usageOf(flags, shell)
  const { catalogFolder, clock } = ports
  const report = takenOf(await forecastFor({ flags, catalogFolder, usage, nowMs: clock.nowMs() }))
  await give(writer(report), flags.output, shell)
  if (flags.output !== undefined) terminal.talk(`Saves ${report.monthly_saving_usd} USD a month: ${flags.output}.`)
  if (format !== 'text') for (const asked of report.questions) terminal.talk(asked)
}

/** Forecast against books: those of the relay, or records in files. */
const runActual = async (flags: Flags, shell: Shell): Promise<void> => {
  const { ports } = shell
  const file = flags.forecast
  if (file === undefined)
    throw usageFailure(
      '--actual needs --forecast.',
      "Give the file that 'drover roi … --json --output forecast.json' wrote.",
    )
  const baseline = takenOf(baselineOf(parsedJson(await readTextFile(resolve(ports.workingFolder, file)), file), file))
  const sinceMs = takenOf(readDay('--since', flags.since ?? baseline.start))
  const nowMs = ports.clock.nowMs()
  const files = await usageOf(flags, shell)
  const rows = files.length > 0 ? files.flatMap((one) => one.rows) : (await readBooks(sinceMs, flags, ports)).rows
  const report = actualReport(baseline, { rows, sinceMs, nowMs })
  const isJson = flags.json === true || flags.format === 'json'
  await give(isJson ? `${JSON.stringify(report)}\n` : actualText(report), flags.output, shell)
}

type Row = readonly [flags: string, description: string]

const volumeRows: readonly Row[] = [
  ['--tokens-per-month <n>', 'Tokens a month: 10000000, 10_000_000 or 10M.'],
  ['--tokens-per-day <n>', 'Tokens a day instead; a month is 365/12 days.'],
  ['--calls-per-month <n>', 'Calls a month, for prices by the call.'],
  ['--output-share <share>', 'How much of the tokens is output (default: 25%, where it matters).'],
  ['--cached-share <share>', 'How much of the input is read from a cache now (default: 0%).'],
  ['--days <n>', 'How many days the usage covers (default: from its first to its last day).'],
]

const priceRows: readonly Row[] = [
  ['--from <model>', 'What is used now, PROVIDER/MODEL; prices from the catalog.'],
  ['--to <model>', 'What is to be used, PROVIDER/MODEL.'],
  ['--from-price <price>', "USD per million tokens now; other units are written out: '$0.0000073/token', 'CNY 16/M'."],
  ['--from-cached-price <price>', 'Of cached input now.'],
  ['--from-output-price <price>', 'Of output now.'],
  ['--to-price <price>', 'USD per million tokens then.'],
  ['--to-cached-price <price>', 'Of cached input then.'],
  ['--to-output-price <price>', 'Of output then.'],
  ['--fx <rate>', 'Yuan for one dollar, for prices in yuan.'],
]

const factorRows: readonly Row[] = [
  ['--growth <ratio>', "Next months' tokens over these; each ratio and share may be a range low..high (P10 to P90)."],
  ['--tokenizer-ratio <ratio>', 'Tokens of the new model for the same text, over those of the old.'],
  ['--output-ratio <ratio>', "Length of the new model's answers over the old one's, as text."],
  ['--to-cached-share <share>', 'How much of the input will be read from a cache (default: as much as now).'],
  ['--from-retries <share>', 'Tokens paid again for retries and errors now, where the usage lacks them.'],
  ['--to-retries <share>', 'The same on the new side.'],
  ['--from-fee <share>', 'Paid on top of the price now: card, top-up, exchange, tax.'],
  ['--to-fee <share>', 'Paid on top of the price then.'],
  ['--relay-fee <share>', 'What the relay takes of the new cost.'],
  ['--hosting-usd <usd>', 'What running the relay costs a month.'],
]

const onceRows: readonly Row[] = [
  ['--hours <n>', 'Hours of work for the move, with --hourly-usd.'],
  ['--hourly-usd <usd>', 'What an hour costs.'],
  ['--one-off-usd <usd>', 'What else is paid once: shadow traffic, running both.'],
  ['--start <day>', 'When the new side takes over, YYYY-MM-DD (default: today).'],
  ['--committed-usd <usd>', 'What is still to be spent with the old vendor, with --committed-until.'],
  ['--committed-until <day>', 'Until when.'],
  ['--seed <n>', 'Of the draws behind P10 to P90.'],
]

/** The command. */
export const roiCommand = (shell: Shell): Command => {
  const command = new Command('roi')
    .description('What a move saves, from usage and dated prices; with --actual what it did save.')
    .allowExcessArguments(false)
    .option('--usage <file>', usageHelp, collected)
  for (const [flags, description] of [...volumeRows, ...priceRows, ...factorRows, ...onceRows])
    command.option(flags, description)
  command
    .option('--actual', "Compare a forecast with the relay's records, or with those given by --usage.")
    .option('--forecast <file>', 'With --actual: what roi --json wrote before the move.')
    .option('--since <day>', "With --actual: the day of the cut-over (default: the forecast's start).")
    .option('--format <form>', `How to write it: ${Object.keys(writers).join(', ')} (default: text).`)
    .option('--json', 'The same as --format json.')
    .option('--output <file>', 'Write to a file instead of stdout.')
  addConnectionFlags(command)
  return command.action(async () => {
    const flags = command.opts<Flags>()
    await (flags.actual === true ? runActual(flags, shell) : runForecast(flags, shell))
  })
}
