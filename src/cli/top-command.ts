/** `drover top`: what goes on now, again and again: on a terminal in place, elsewhere one table or one JSON line a round. */

import { setTimeout as wait } from 'node:timers/promises'
import { Command, Option } from 'commander'
import type { Operation } from '#admin/operation.ts'
import type { FigureView } from '#admin/stats.ts'
import { figureColumns, statsList } from '#admin/stats.ts'
import { connect } from './connection.ts'
import { usageFailure } from './failure.ts'
import { addConnectionFlags } from './operation-command.ts'
import type { Client } from './remote-client.ts'
import type { Shell } from './shell.ts'

type Flags = {
  readonly window: string
  readonly every: string
  readonly rounds?: string
  readonly json?: boolean
  readonly url?: string
  readonly config?: string
  readonly data?: string
}

const rowsEach = 10
const everyMinS = 1
const everyMaxS = 3600

const groups = ['all', 'provider', 'model', 'key'] as const
type Table = { readonly by: (typeof groups)[number]; readonly data: readonly FigureView[] }

const readAll = (client: Client, window: string): Promise<readonly Table[]> =>
  Promise.all(
    groups.map(async (by) => {
      const output = await client.run(statsList as unknown as Operation, { by, window, limit: rowsEach })
      return { by, data: (output as { readonly data: readonly FigureView[] }).data }
    }),
  )

const page = (tables: readonly Table[], { window, time }: { readonly window: string; readonly time: string }): string =>
  [
    `drover top  ${time}  last ${window}; times in ms; FAILED = by no fault of the caller\n`,
    ...tables
      .filter(({ by, data }) => by === 'all' || data.length > 0)
      .map(({ by, data }) => `\n${by === 'all' ? 'EVERYTHING' : `BY ${by.toUpperCase()}`}\n${figureColumns(data)}`),
  ].join('')

const wholeIn = (text: string, [min, max]: readonly [number, number], flag: string): number => {
  const value = Number(text)
  if (/^\d{1,6}$/.test(text) && value >= min && value <= max) return value
  throw usageFailure(
    `${flag} must be a whole number from ${min} to ${max}, not '${text}'.`,
    "'drover top --help' lists the flags.",
  )
}

const pause = async (delayMs: number, signal: AbortSignal): Promise<void> => {
  try {
    await wait(delayMs, undefined, { signal })
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}

/** Moves the cursor to the corner and clears what is below, so that a terminal shows one page that changes. */
const clear = '\u001b[H\u001b[2J'

/** The command. Runs until interrupted, or for `--rounds`; off a terminal one round unless told otherwise. */
export const topCommand = ({ ports, terminal }: Shell): Command => {
  const command = new Command('top')
    .description('What goes on now: calls, failures, times, tokens and cost by provider, model and key.')
    .allowExcessArguments(false)
    .addOption(new Option('--window <span>', 'How far back.').choices(['1m', '5m', '1h']).default('1m'))
    .option('--every <seconds>', `Seconds between rounds, ${everyMinS} to ${everyMaxS}.`, '2')
    .option('--rounds <n>', 'End after so many rounds (default: none on a terminal, 1 elsewhere).')
  addConnectionFlags(command).option('--json', 'One JSON object a round.')
  return command.action(async () => {
    const flags = command.opts<Flags>()
    const everyMs = 1000 * wholeIn(flags.every, [everyMinS, everyMaxS], '--every')
    const inPlace = flags.json !== true && ports.stdout.isTTY === true
    const rounds =
      flags.rounds === undefined
        ? inPlace
          ? Number.POSITIVE_INFINITY
          : 1
        : wholeIn(flags.rounds, [1, 999_999], '--rounds')
    const client = await connect(flags, ports)
    try {
      for (let round = 1; round <= rounds && !ports.signal.aborted; round += 1) {
        const tables = await readAll(client, flags.window)
        const time = new Date(ports.clock.nowMs()).toISOString()
        if (flags.json === true)
          terminal.json({ time, window: flags.window, ...Object.fromEntries(tables.map(({ by, data }) => [by, data])) })
        else terminal.data(`${inPlace ? clear : ''}${page(tables, { window: flags.window, time })}`)
        if (round < rounds) await pause(everyMs, ports.signal)
      }
    } finally {
      await client.close()
    }
  })
}
