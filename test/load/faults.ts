/**
 * The fault table: each fault of a provider met under each strategy, by a streaming caller and by one who wants a whole answer.
 * `bin/drover-node test/load/faults.ts` writes docs/operate/faults.md; `--seed N` moves the places where answers break off;
 * `--print` writes to stdout instead.
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openCall } from '../e2e/call.ts'
import type { Case, FaultBench } from '../e2e/fault-bench.ts'
import { attemptsOf, deadlines, startFaultBench } from '../e2e/fault-bench.ts'
import type { CallLine } from '../e2e/harness.ts'
import { checkout } from '../e2e/harness.ts'
import type { FaultName } from '../fake/fault.ts'
import { faultNames, faultOf } from '../fake/fault.ts'
import { openaiChatVoice } from '../fake/voice.ts'

const strategies: Readonly<Record<string, string>> = {
  fallback: 'strategy: fallback',
  weighted: 'strategy: weighted',
  least_latency: 'strategy: least_latency',
  cheapest: 'strategy: cheapest',
  'fallback, hedged': 'strategy: fallback, hedge_after: 100ms',
}
const modes = ['stream', 'whole'] as const
type Mode = (typeof modes)[number]

/** Calls of a case before the one that is shown: what changes from call to call needs some. */
const callsBefore: Readonly<Partial<Record<FaultName, number>>> = { 'slow-step': 3, 'slow-ramp': 5 }
const targetsTriedMax = 12

type Outcome = { readonly saw: string; readonly tookMs: number; readonly record: CallLine }

const nameOf = (fault: FaultName, strategy: number, mode: Mode): string => `${fault}-${strategy}-${mode}`

const casesFor = (): readonly Case[] =>
  faultNames.flatMap((fault) =>
    Object.values(strategies).flatMap((route, index) =>
      modes.map((mode): Case => ({ name: nameOf(fault, index, mode), fault, route })),
    ),
  )

/** One call, read to its end. */
async function callOnce(bench: FaultBench, model: string, mode: Mode): Promise<Outcome> {
  const body = openaiChatVoice.body(model, mode === 'stream')
  const started = performance.now()
  const open = await openCall(bench.relay.url, { key: bench.key, body })
  let text = ''
  let saw = `${open.status}`
  try {
    for (let piece = await open.next(); piece !== null; piece = await open.next()) text += piece.toString()
  } catch (fault) {
    // The relay closes the connection of a cut answer.
    saw = fault instanceof Error ? `${open.status}, cut with an error event` : saw
  }
  const tookMs = performance.now() - started
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  return { saw: code === undefined ? saw : `${saw} \`${code}\``, tookMs, record: await bench.relay.recordOf(open) }
}

/** The call of a case that meets the fault: strategies that choose by chance may pass it by at first. */
async function meet(bench: FaultBench, one: Case, mode: Mode): Promise<Outcome> {
  for (let index = 0; index < (callsBefore[one.fault] ?? 0); index += 1) await callOnce(bench, one.name, mode)
  let outcome = await callOnce(bench, one.name, mode)
  for (let tries = 1; tries < targetsTriedMax && !meets(outcome); tries += 1)
    outcome = await callOnce(bench, one.name, mode)
  return outcome
}

const meets = ({ record }: Outcome): boolean =>
  attemptsOf(record).some(({ provider }) => String(provider).endsWith('-faulty'))

const dollars = (nano: unknown): string =>
  nano === null || nano === undefined ? 'unknown' : `${Number(nano) / 1_000} µ$`

/** The operator's cost over all attempts; what is not known is not zero. */
const costOf = (record: CallLine): string => {
  const known = attemptsOf(record).flatMap(({ cost_nano_usd: cost }) => (cost === null ? [] : [Number(cost)]))
  return dollars(known.reduce((sum, cost) => sum + cost, 0))
}

const rounded = (tookMs: number): number => Math.round(tookMs / 10) * 10

const rowOf = (fault: FaultName, strategy: string, { saw, tookMs, record }: Outcome): string => {
  const tried = attemptsOf(record).map(({ provider, left, reason }) => {
    const which = String(provider).endsWith('-faulty') ? 'faulty' : 'sound'
    return left === null ? `${which} (${reason})` : `${which} (${reason}; left: ${left})`
  })
  const provider = record['provider'] === null ? 'none' : String(record['provider']).split('-').at(-1)
  const charge = dollars(record['cost_nano_usd'])
  return `| ${faultOf(fault).title} | ${strategy} | ${saw} | ${rounded(tookMs)} ms | ${provider} | ${tried.join(' → ')} | ${charge} | ${costOf(record)} |`
}

const header = (seed: number, day: string): string => `# Faults

What a caller sees when a provider fails: every fault that our own fake provider knows, met by a real relay over real sockets
under every strategy. Written by \`bin/drover-node test/load/faults.ts\` (seed ${seed}, ${day}); nothing here is typed by hand.

Two targets stand behind each model: one fails in the way that the row names, the other is sound and answers at once. The
faulty one is the cheaper one and comes first. Deadlines are short, so that the table is made in a minute: headers
${deadlines.headersMs} ms, first token ${deadlines.firstTokenMs} ms, idle ${deadlines.idleMs} ms, total ${deadlines.totalMs} ms. Times are rounded to 10 ms.
*Tried* lists the attempts as the call's record has them, each with why it was made and why it was left. The last two columns are what the
caller's account was charged and what is known of the operator's own cost, in millionths of a dollar.

What to read from it:

- Before the first part the caller notices nothing but time: the sound target answers.
- A silent target is left at its deadline (streams) or at its share of the total (whole answers); with hedging the sound one is asked long before.
- After the first part nobody else is asked. The answer is cut, with an error event, and what was delivered is charged.

`

const tableHead = `| the provider … | strategy | the caller saw | after | answered by | tried | charged | cost |
|---|---|---|---|---|---|---|---|
`

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, print: { type: 'boolean', default: false } },
})
const seed = Number(values.seed)
const cases = casesFor()
const bench = await startFaultBench(cases, openaiChatVoice, seed)
const sections: string[] = []
try {
  for (const mode of modes) {
    const rows: string[] = []
    for (const fault of faultNames) {
      const { only } = faultOf(fault)
      if (only !== undefined && only !== mode) continue
      for (const [index, strategy] of Object.keys(strategies).entries()) {
        const one = cases.find(({ name }) => name === nameOf(fault, index, mode))
        if (one !== undefined) rows.push(rowOf(fault, strategy, await meet(bench, one, mode)))
      }
    }
    sections.push(`## ${mode === 'stream' ? 'Streams' : 'Whole answers'}\n\n${tableHead}${rows.join('\n')}\n`)
  }
} finally {
  await bench.close()
}
const day = new Date().toISOString().slice(0, 10)
const page = `${header(seed, day)}${sections.join('\n')}`
if (values.print) process.stdout.write(page)
else await writeFile(join(checkout, 'docs', 'operate', 'faults.md'), page)
