/**
 * The fault tables: each fault of a provider met under each strategy, and in each protocol in front and behind, by a streaming caller and by
 * one who wants a whole answer. `bin/drover-node test/load/faults.ts` writes docs/operate/faults.md; `--seed N` moves the places where
 * answers break off; `--print` writes to stdout instead; `--behind NAME` makes the table of one protocol only, and prints it.
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Caller } from '../e2e/caller.ts'
import { callersOf, chatCaller } from '../e2e/caller.ts'
import type { Case } from '../e2e/fault-bench.ts'
import { askOnce, deadlines, startFaultBench } from '../e2e/fault-bench.ts'
import { checkout } from '../e2e/harness.ts'
import type { FaultName } from '../fake/fault.ts'
import { faultNames, faultOf } from '../fake/fault.ts'
import type { Voice } from '../fake/voice.ts'
import { openaiChatVoice, voices } from '../fake/voice.ts'
import type { Mode, Shown } from './fault-row.ts'
import { answeredBy, costOf, dollars, meet, modes, roundedMs, sawText, triedText } from './fault-row.ts'

const strategies: Readonly<Record<string, string>> = {
  fallback: 'strategy: fallback',
  weighted: 'strategy: weighted',
  least_latency: 'strategy: least_latency',
  cheapest: 'strategy: cheapest',
  'fallback, hedged': 'strategy: fallback, hedge_after: 100ms',
}

/** Cases that run side by side: each has its own providers. */
const parallelMax = 3

const isMetIn = (fault: FaultName, mode: Mode): boolean => {
  const { only } = faultOf(fault)
  return only === undefined || only === mode
}

const titleOf = (mode: Mode): string => (mode === 'stream' ? 'streams' : 'whole answers')

/** Runs all, a few at a time; results in order. */
async function inTurn<In, Out>(all: readonly In[], run: (one: In) => Promise<Out>): Promise<readonly Out[]> {
  const results: Out[] = []
  const entries = all.entries()
  const worker = async (): Promise<void> => {
    for (const [index, one] of entries) results[index] = await run(one)
  }
  await Promise.all(Array.from({ length: parallelMax }, worker))
  return results
}

type Row = {
  readonly fault: FaultName
  readonly column: string
  readonly caller: Caller
  readonly mode: Mode
  readonly route: string
}

const nameOf = ({ fault, column, mode }: Row): string => `${fault}-${column.replace(/\W+/g, '-')}-${mode}`

const rowsFor = (columns: readonly Omit<Row, 'fault' | 'mode'>[]): readonly Row[] =>
  modes.flatMap((mode) =>
    faultNames
      .filter((fault) => isMetIn(fault, mode))
      .flatMap((fault) => columns.map((column) => ({ ...column, fault, mode }))),
  )

/** Meets every row with providers that speak so. */
async function meetAll(rows: readonly Row[], voice: Voice, seed: number): Promise<readonly (readonly [Row, Shown])[]> {
  const cases = rows.map((row): Case => ({ name: nameOf(row), fault: row.fault, route: row.route }))
  const bench = await startFaultBench(
    [...cases, { name: 'warm', fault: 'cut-after', route: 'strategy: fallback' }],
    voice,
    seed,
  )
  try {
    for (const caller of new Set(rows.map((row) => row.caller)))
      await askOnce(bench, caller, { model: 'warm', stream: true })
    return await inTurn(rows, async (row) => [row, await meet(bench, { ...row, name: nameOf(row) })] as const)
  } finally {
    await bench.close()
  }
}

async function strategyTables(seed: number): Promise<string> {
  const columns = Object.entries(strategies).map(([column, route]) => ({ column, route, caller: chatCaller }))
  const met = await meetAll(rowsFor(columns), openaiChatVoice, seed)
  const head = `| the provider … | strategy | the caller saw | after | answered by | tried | charged | cost |
|---|---|---|---|---|---|---|---|
`
  const line = ([row, shown]: readonly [Row, Shown]): string => {
    const { record, tookMs } = shown
    const cells = [sawText(shown), roundedMs(tookMs), answeredBy(record), triedText(record)]
    return `| ${faultOf(row.fault).title} | ${row.column} | ${cells.join(' | ')} | ${dollars(record['cost_nano_usd'])} | ${costOf(record)} |`
  }
  return modes
    .map(
      (mode) =>
        `## By strategy: ${titleOf(mode)}\n\n${head}${met
          .filter(([row]) => row.mode === mode)
          .map(line)
          .join('\n')}\n`,
    )
    .join('\n')
}

const cellOf = (shown: Shown): string => {
  const { record, tookMs } = shown
  return `${sawText(shown)}; ${roundedMs(tookMs)}; ${answeredBy(record)}; ${costOf(record)}`
}

/** One protocol behind: a row for each fault, a column for each protocol in front. */
async function protocolTables(voice: Voice, seed: number): Promise<string> {
  const columns = callersOf(voice.protocol).map((caller) => ({
    column: caller.protocol,
    route: 'strategy: fallback',
    caller,
  }))
  const met = await meetAll(rowsFor(columns), voice, seed)
  const head = `| the provider … | ${columns.map(({ column }) => `caller of ${column}`).join(' | ')} |\n|---|${'---|'.repeat(columns.length)}\n`
  const line = (fault: FaultName, mode: Mode): string => {
    const cells = met.filter(([row]) => row.fault === fault && row.mode === mode).map(([, shown]) => cellOf(shown))
    return `| ${faultOf(fault).title} | ${cells.join(' | ')} |`
  }
  const tables = modes.map((mode) => {
    const lines = faultNames.filter((fault) => isMetIn(fault, mode)).map((fault) => line(fault, mode))
    return `${mode === 'stream' ? 'Streams' : 'Whole answers'}:\n\n${head}${lines.join('\n')}\n`
  })
  return `## A provider that speaks ${voice.protocol}\n\n${tables.join('\n')}`
}

const header = (seed: number, day: string): string => `# Faults

What a caller sees when a provider fails: every fault that our own fake provider knows, met by a real relay over real sockets
under every strategy, and in every protocol in front and behind. Written by \`bin/drover-node test/load/faults.ts\` (seed ${seed}, ${day});
nothing here is typed by hand. \`test/e2e/long-faults.test.ts\` holds all of it, and breaks streams off at each of their events.

Two targets stand behind each model: one fails in the way that the row names, the other is sound and answers at once. The
faulty one is the cheaper one and comes first. Deadlines are short, so that the tables are made in minutes: headers
${deadlines.headersMs} ms, first token ${deadlines.firstTokenMs} ms, idle ${deadlines.idleMs} ms, total ${deadlines.totalMs} ms. Times are rounded to 10 ms and come from a
machine with other work to do.
*Tried* lists the attempts as the call's record has them, each with why it was made and why it was left. *Charged* is what the
caller's account paid, *cost* what is known of the operator's own cost, in millionths of a dollar.

What to read from it:

- Before the first part the caller notices nothing but time: the sound target answers.
- A silent target is left at its deadline (streams) or at its share of the total (whole answers); with hedging the sound one is asked long before.
- After the first part nobody else is asked. The answer is cut, with an error event, and what was delivered is charged.
- The protocols differ in nothing but where their first part lies.

`

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    print: { type: 'boolean', default: false },
    behind: { type: 'string' },
  },
})
const seed = Number(values.seed)
const behind = voices.filter(({ protocol }) => values.behind === undefined || values.behind === protocol)
const sections: string[] = values.behind === undefined ? [await strategyTables(seed)] : []
if (values.behind === undefined)
  sections.push(`## By protocol

Strategy \`fallback\`. Each field: what the caller saw; after how long; who answered; what it cost the operator. OpenAI is asked in chat by all but
callers of Responses, Cohere by callers of chat: those pairs are in the tables of chat.
`)
for (const voice of behind) sections.push(await protocolTables(voice, seed))
const day = new Date().toISOString().slice(0, 10)
const page = `${header(seed, day)}${sections.join('\n')}`
if (values.print || values.behind !== undefined) process.stdout.write(page)
else await writeFile(join(checkout, 'docs', 'operate', 'faults.md'), page)
