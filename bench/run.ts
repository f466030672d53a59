/**
 * Benchmarks of the house, side by side in one run: `npm run bench -- --suite calls [--rounds 5] [--seconds 3] [--gateways a,b]
 * [--json FILE] [--html FILE]`; `--suite all` runs every suite that starts gateways, `--suite translate` measures translation
 * within this process; `--from a.json,b.json` makes one page of what was saved. Exit code 1 where the books of a run differ from what was answered: such a run is void.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import type { Gateway } from './gateway/gateway.ts'
import { grownRelays } from './gateway/grown.ts'
import { absentPeers, parts as partsOn, peers } from './gateway/index.ts'
import { onOtherRuntimes } from './gateway/runtimes.ts'
import { threeNodes } from './gateway/three-nodes.ts'
import { pageOf } from './page/page.ts'
import type { Report } from './page/report.ts'
import { byName, joined, thisMachine } from './page/report.ts'
import { markdownOf } from './page/table.ts'
import type { Effort } from './suite/effort.ts'
import { suites } from './suite/index.ts'
import type { Outcome, Suite } from './suite/suite.ts'
import { measureTranslation } from './translate/measure.ts'
import { translationTable } from './translate/table.ts'

const roundsMax = 1_000
const secondsMax = 600
const warmShare = 0.5

const { values } = parseArgs({
  options: {
    suite: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    gateways: { type: 'string' },
    json: { type: 'string' },
    html: { type: 'string' },
    only: { type: 'string' },
    trace: { type: 'string' },
    from: { type: 'string' },
  },
})

function usage(why: string): never {
  const list = suites.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')
  console.error(
    `${why}\nusage: npm run bench -- --suite SUITE[,SUITE] [--rounds N] [--seconds N] [--gateways a,b] [--trace FILE] [--json FILE] [--html FILE]\n       npm run bench -- --from a.json,b.json [--html FILE]\n${list}\n  all        all of these\n  translate  CPU of translation without sockets [--only FROM:TO]`,
  )
  process.exit(2)
}

const whole = (name: string, text: string, most: number): number => {
  const value = Number(text)
  return Number.isInteger(value) && value >= 1 && value <= most
    ? value
    : usage(`--${name} is a whole number from 1 to ${most}`)
}

/** What was asked, without where it is written, and without the folders of who asked. */
const shownCommand = (words: readonly string[]): string => {
  const isShown = (word: string, at: number): boolean =>
    !['--json', '--html'].includes(word) && !['--json', '--html'].includes(words[at - 1] ?? '')
  return ['npm run bench --', ...words.filter(isShown).map((word) => basename(word))].join(' ')
}

const save = (result: unknown): void => {
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
}

/** Runs one suite after the other, each with gateways and stores of its own; what is there is saved after each. */
async function measure(chosen: readonly Suite[], effort: Effort): Promise<Report> {
  const machine = thisMachine()
  const made = new Date().toISOString()
  const wanted = values.gateways?.split(',')
  const parts: Outcome[] = []
  // What is added is over the provider itself: it is measured whoever else is.
  const isWanted = ({ name, isOnRequest }: Gateway): boolean =>
    name === 'direct' || (wanted?.includes(name) ?? isOnRequest !== true)
  const reportSoFar = (): Report => ({
    made,
    command: shownCommand(process.argv.slice(2)),
    machine,
    gateways: byName(parts.flatMap(({ gateways }) => gateways)),
    missing: byName([...parts.flatMap(({ missing }) => missing), ...absentPeers]),
    sections: parts.flatMap(({ sections }) => sections),
    goals: parts.flatMap(({ goals }) => goals),
    parity: parts.flatMap(({ parity }) => parity),
  })
  for (const suite of chosen) {
    parts.push(await suite.run(effort, isWanted))
    save(reportSoFar())
  }
  return reportSoFar()
}

const show = (report: Report): void => {
  console.log(markdownOf(report))
  save(report)
  if (values.html !== undefined) writeFileSync(values.html, pageOf(report))
}

if (values.from !== undefined) {
  const files = values.from.split(',')
  show(joined(files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report)) ?? usage('--from names no file'))
} else if (values.suite === 'translate') {
  const result = measureTranslation({
    rounds: whole('rounds', values.rounds ?? '15', roundsMax),
    only: values.only ?? null,
  })
  console.log(translationTable(result))
  save(result)
} else {
  const asked = values.suite?.split(',') ?? usage('which suite?')
  const unknown = asked.find((name) => name !== 'all' && !suites.some((suite) => suite.name === name))
  if (unknown !== undefined) usage(`there is no suite ${unknown}`)
  const chosen = suites.filter(({ name }) => asked.includes('all') || asked.includes(name))
  const known = new Set([...peers, ...partsOn, threeNodes, ...onOtherRuntimes, ...grownRelays].map(({ name }) => name))
  for (const name of values.gateways?.split(',') ?? [])
    if (!known.has(name)) usage(`there is no gateway '${name}': there are ${[...known].join(', ')}`)
  const turnMs = whole('seconds', values.seconds, secondsMax) * 1000
  const say = (progress: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${progress}`)
  }
  const rounds = whole('rounds', values.rounds ?? '5', roundsMax)
  const report = await measure(chosen, { rounds, turnMs, warmMs: turnMs * warmShare, trace: values.trace ?? null, say })
  say('')
  show(report)
  const void_ = report.parity.filter(({ answered, booked }) => answered !== booked)
  for (const { gateway, answered, booked } of void_)
    console.error(`void: ${gateway} answered ${answered} calls and booked ${booked}`)
  if (void_.length > 0) process.exitCode = 1
}
