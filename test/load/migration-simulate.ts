/**
 * The statistics of staged migration under known truths: how often a sound candidate is moved back, and after how many conversations a bad one is.
 * `bin/drover-node test/load/migration-simulate.ts [--runs 10000] [--seed 1] [--json]` prints the table with the figures that the design was worked out with beside it; exit 1
 * where a candidate within its limits is moved back more often than α allows, or a median lies further than 10 % from the design's.
 */

import { parseArgs } from 'node:util'
import { simulateAll, tableText } from './migration-truths.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})

const rows = simulateAll({ runs: Number(values.runs), seed: Number(values.seed) })
process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : tableText(rows))
process.exitCode = rows.some(({ ok }) => !ok) ? 1 : 0
