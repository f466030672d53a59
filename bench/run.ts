/** Benchmarks of the house: `npm run bench -- --suite translate [--rounds 15] [--json FILE] [--only FROM:TO]`. */

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measureTranslation } from './translate/measure.ts'
import { translationTable } from './translate/table.ts'

const roundsMax = 1_000

const { values } = parseArgs({
  options: {
    suite: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'string' },
    only: { type: 'string' },
  },
})

const rounds = Number(values.rounds)
if (values.suite !== 'translate' || !Number.isInteger(rounds) || rounds < 1 || rounds > roundsMax) {
  console.error(`usage: npm run bench -- --suite translate [--rounds 1..${roundsMax}] [--json FILE] [--only FROM:TO]`)
  process.exit(2)
}
const result = measureTranslation({ rounds, only: values.only ?? null })
console.log(translationTable(result))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
