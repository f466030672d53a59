/** Plays the matrix and writes its page: `bin/drover-node interop/matrix/write-table.ts [CLIENT [FEATURE]]`; with a client only tells what came of it. */

import { writeFileSync } from 'node:fs'
import { packagesOf, pageFile } from './page-file.ts'
import { playAll } from './play.ts'
import { startMatrix } from './stage.ts'
import { clientsPage } from './table.ts'

const [only, feature] = process.argv.slice(2)
const stage = await startMatrix()
const started = performance.now()
const played = await playAll(
  stage,
  (cell) => (only === undefined || cell.client.name === only) && (feature === undefined || cell.feature === feature),
)
await stage.close()
for (const { client, to, feature: name, verdict } of played)
  if (verdict.kind !== 'works' || only !== undefined)
    console.log(`${client.name} > ${to}, ${name}: ${JSON.stringify(verdict)}`)
console.log(`${played.length} cells in ${Math.round(performance.now() - started)} ms`)
if (only === undefined) writeFileSync(pageFile, clientsPage({ played, ...packagesOf() }))
