/**
 * `bin/drover-node test/simulate/run.ts [--what money|moves] [--seed 1] [--hours 10] [--seeds 1] [--nodes 3]`: plays so many simulated hours of
 * each of so many seeds, counted up from the first, and checks after every step: of ledger, leases and limits, or of migrations. A line of JSON for
 * each; exit 1 at the first seed that breaks a promise, with the command that plays it again.
 */

import { parseArgs } from 'node:util'
import { playMoves } from './moving.ts'
import { play } from './world.ts'

const { values } = parseArgs({
  options: {
    what: { type: 'string', default: 'money' },
    seed: { type: 'string', default: '1' },
    hours: { type: 'string', default: '10' },
    seeds: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '3' },
  },
})
const [first, hours, seeds, nodes] = [
  Number(values.seed),
  Number(values.hours),
  Number(values.seeds),
  Number(values.nodes),
]
const plays = { money: play, moves: playMoves }
const { what } = values
if (what !== 'money' && what !== 'moves') throw new Error(`--what is money or moves, not ${what}`)
const begunMs = performance.now()
const used = process.cpuUsage()
for (let seed = first; seed < first + seeds; seed += 1) {
  try {
    const figures = await plays[what]({ seed, hours, nodes })
    process.stdout.write(`${JSON.stringify(figures)}\n`)
  } catch (fault) {
    process.stderr.write(`${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}\n`)
    process.stderr.write(
      `Again: bin/drover-node test/simulate/run.ts --what ${what} --seed ${seed} --hours ${hours} --nodes ${nodes}\n`,
    )
    process.exit(1)
  }
}
const seconds = (performance.now() - begunMs) / 1000
const usage = process.cpuUsage(used)
const processorSeconds = (usage.user + usage.system) / 1_000_000
const perSecond = (hours * seeds) / processorSeconds
process.stdout.write(
  `${JSON.stringify({ hours: hours * seeds, seconds: Math.round(seconds), processor_seconds: Math.round(processorSeconds * 10) / 10, hours_per_processor_second: Math.round(perSecond * 100) / 100 })}\n`,
)
