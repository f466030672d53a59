/** Writes the golden files anew: run it after a fixture was added, and read the difference before it is kept. */

import { writeFileSync } from 'node:fs'
import { goldenFile, readFixtures, readPieces } from './fixture.ts'

for (const fixture of readFixtures())
  writeFileSync(goldenFile(fixture), `${JSON.stringify(readPieces(fixture, [fixture.bytes]), null, 2)}\n`)
