/** `drover fit`: one page on whether a move makes sense at all. Works without a relay. */

import { resolve } from 'node:path'
import { Command } from 'commander'
import { isObject } from '#base/json-type.ts'
import type { Said } from '#report/fit/fit.ts'
import { fitReport } from '#report/fit/fit.ts'
import { fitManifestOf } from '#report/fit/manifest.ts'
import { fitWriters } from '#report/fit/write.ts'
import { dayOf, readDay } from '#report/roi/quantity.ts'
import { usageFailure } from './failure.ts'
import { chosenOf, parsedJson, readTextFile, writeTextFile } from './file.ts'
import type { Shell } from './shell.ts'

type Flags = {
  readonly roi?: string
  readonly latencyBudgetMs?: string
  readonly ttftBudgetMs?: string
  readonly relayOverheadMs: string
  readonly boundUntil?: string
  readonly needs?: string
  readonly holds?: string
  readonly format?: string
  readonly json?: boolean
  readonly output?: string
}

const millisecondsOf = (flag: string, text: string | undefined): number | null => {
  if (text === undefined) return null
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(?:ms)?$/.exec(text)
  if (match === null) throw usageFailure(`${flag} '${text}' is no time.`, "Write milliseconds: '800'.")
  return Number(match[1])
}

const boundOf = (text: string | undefined): string | null => {
  if (text === undefined || text === 'none') return text ?? null
  const day = readDay('--bound-until', text)
  if (!day.ok) throw usageFailure(day.what, `${day.next} Or write 'none'.`)
  return text
}

/** `SOC 2`, `soc2` and `SOC-2` are one certificate. */
const namesOf = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((name) => name.toLowerCase().replace(/[\s_-]/g, ''))
    .filter((name) => name !== '')

const savingOf = (document: unknown, file: string): Said['saving'] => {
  const isForecast = isObject(document) && typeof document['monthly_saving_usd'] === 'string'
  if (!isForecast) throw usageFailure(`${file} is no forecast.`, "Give what 'drover roi … --json' wrote.")
  const days = document['payback_days']
  return { monthlyUsd: String(document['monthly_saving_usd']), paybackDays: typeof days === 'number' ? days : null }
}

const runFit = async (file: string, flags: Flags, { ports, terminal }: Shell): Promise<void> => {
  const writer = chosenOf(flags.json === true ? 'json' : (flags.format ?? 'text'), fitWriters, '--format')
  const at = (name: string): string => resolve(ports.workingFolder, name)
  const manifest = fitManifestOf(parsedJson(await readTextFile(at(file)), file))
  if (manifest === null)
    throw usageFailure(
      `${file} is no manifest.`,
      "Write one: 'drover audit . --usage FILE --manifest migration-manifest.json'.",
    )
  const { roi } = flags
  const report = fitReport(manifest, {
    latencyBudgetMs: millisecondsOf('--latency-budget-ms', flags.latencyBudgetMs),
    ttftBudgetMs: millisecondsOf('--ttft-budget-ms', flags.ttftBudgetMs),
    overheadMs: millisecondsOf('--relay-overhead-ms', flags.relayOverheadMs) ?? 0,
    boundUntil: boundOf(flags.boundUntil),
    today: dayOf(ports.clock.nowMs()),
    needs: namesOf(flags.needs),
    holds: namesOf(flags.holds),
    saving: roi === undefined ? null : savingOf(parsedJson(await readTextFile(at(roi)), roi), roi),
  })
  if (flags.output === undefined) terminal.data(writer(report))
  else await writeTextFile(at(flags.output), writer(report))
  if (flags.output !== undefined) terminal.talk(`The answer is ${report.decision}: ${flags.output}.`)
}

/** The command. */
export const fitCommand = (shell: Shell): Command => {
  const command = new Command('fit')
    .description('Whether a move makes sense at all: one page for whoever approves, from the manifest of the audit.')
    .argument('[manifest]', 'What the audit wrote with --manifest.', 'migration-manifest.json')
    .allowExcessArguments(false)
    .option('--roi <file>', "The forecast that 'drover roi … --json' wrote.")
    .option('--latency-budget-ms <ms>', 'How long a call may take, p99.')
    .option('--ttft-budget-ms <ms>', 'How long it may take to the first token, p99; goes before the other.')
    .option('--relay-overhead-ms <ms>', 'What the way through the relay adds.', '20')
    .option('--bound-until <day>', "A contract binds you to one vendor until then, YYYY-MM-DD; or 'none'.")
    .option('--needs <a,b>', "Certificates that the data asks for, 'soc2,iso27001'; or 'none'.")
    .option('--holds <a,b>', 'Certificates that the operator of the relay and the vendor hold.')
    .option('--format <form>', `How to write it: ${Object.keys(fitWriters).join(', ')} (default: text).`)
    .option('--json', 'The same as --format json.')
    .option('--output <file>', 'Write to a file instead of stdout.')
  return command.action(async (file: string) => runFit(file, command.opts<Flags>(), shell))
}
