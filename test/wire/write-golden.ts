/** Writes the golden files anew: run it after a fixture was added, and read the difference before it is kept. */

import { writeFileSync } from 'node:fs'
import { crossedReplies, crossingFile, crossings, crossRequest, readRequests } from './crossing.ts'
import { goldenFile, readFixtures, readPieces } from './fixture.ts'

const write = (file: string, value: unknown): void => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)

for (const fixture of readFixtures()) write(goldenFile(fixture), readPieces(fixture, [fixture.bytes]))
for (const fixture of readRequests()) write(crossingFile(fixture), crossRequest(fixture))
for (const fixture of crossedReplies()) write(crossingFile(fixture), crossings(fixture))
