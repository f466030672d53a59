/**
 * What becomes of a migration when things go well, badly and wrong: three relays on one Postgres and one Redis, two providers, the arrivals and lengths of a real workload at
 * twelve times its speed, or as fast as the machine keeps up. `bin/drover-node test/load/migration-scenarios.ts [--only WORD,WORD] [--short] [--json]` prints the table; exit 1 where a verdict is another than expected, a node
 * takes more than two seconds to come back, or a call is lost. Needs Postgres; Redis where it is to be part of it.
 */

import { parseArgs } from 'node:util'
import type { Row } from './run-scenario.ts'
import { brokenOff, edgeName, runAtTheEdge, runScenario, tableOf } from './run-scenario.ts'
import { scenarios } from './scenario-list.ts'
import { startStage } from './scenario-stage.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const words = values.only?.split(',') ?? null
const isWanted = (name: string): boolean => words === null || words.some((word) => name.includes(word))
const wanted = scenarios.filter(({ name, isShort }) => isWanted(name) && (!values.short || isShort === true))
await using stage = await startStage([...scenarios.map(({ model }) => model), 'edge'])
const rows: Row[] = []
const left: string[] = []
const add = (row: Row): void => {
  rows.push(row)
  process.stderr.write(
    `${row.ok ? 'ok' : 'NOT OK'}  ${row.scenario}: ${row.verdict}, ${row.lost} lost, back after ${row.rollback_ms?.join(' / ') ?? '–'} ms. ${row.why}\n`,
  )
}
for (const scenario of wanted) {
  const lack = scenario.lacks?.(stage) ?? null
  if (lack === null)
    add(await runScenario(stage, scenario).catch((thrown: unknown) => brokenOff(scenario, String(thrown))))
  else left.push(`${scenario.name}: ${lack}`)
}
if (!values.short && isWanted(`split ${edgeName}`)) add(await runAtTheEdge(stage))
if (values.json) console.log(JSON.stringify({ workload: stage.workload, rows, left }))
else
  console.log(
    [
      `Workload: ${stage.workload}, twelve times as fast where the machine keeps up.`,
      '',
      tableOf(rows),
      ...left.map((one) => `\nNot run: ${one}`),
    ].join('\n'),
  )
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1
