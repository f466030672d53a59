/**
 * `npm run mutation [-- --room NAME …] [--files PATH …] [--sample N [--from N]] [--seed S] [--minutes M]`: changes one place of a file at a time
 * and runs those tests of its room that go through that place, the quickest first, until one fails. A change that no test notices is printed.
 * Exit 1 where fewer than 90 % are noticed in a room. A sample can be tried in parts: `--from 20 --sample 40` is the second score of what
 * `--sample 60` draws. What is no change in what the code does stands in `alike.ts`, with its reason.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isAlike } from './alike.ts'
import type { Mutant } from './mutants.ts'
import { changed, mutantsOf } from './mutants.ts'
import { inTurns, readReach, testsThrough, urlOf } from './reach.ts'
import type { Reach } from './reach-hook.ts'
import type { Room } from './rooms.ts'
import { rooms, root, testsOf } from './rooms.ts'
import type { Outcome } from './run-tests.ts'
import { runTests } from './run-tests.ts'

const { values } = parseArgs({
  options: {
    room: { type: 'string', multiple: true },
    files: { type: 'string', multiple: true },
    sample: { type: 'string' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
  },
})
const noticedPercentMin = 90
/** Of a room's tests as they are. */
const testsTimeoutMs = 300_000
/** A turn of tests may take so many times as long as before, and so much besides: a busy machine is no endless loop. */
const [slowdownMax, startMs] = [10, 10_000]
const endMs = performance.now() + Number(values.minutes) * 60_000
const folder = mkdtempSync(join(tmpdir(), 'drover-mutation-'))
const mutantFile = join(folder, 'mutant.json')
const reachFile = join(folder, 'reach.json')

type Place = { readonly file: string; readonly text: string; readonly mutant: Mutant }

/** A number in [0, 1) that hangs on the seed and its place alone. */
const chanceAt = (seed: number, at: number): number => {
  let state = (seed * 2_654_435_761 + at * 40_503) >>> 0
  state = Math.imul(state ^ (state >>> 15), 2_246_822_519) >>> 0
  state = Math.imul(state ^ (state >>> 13), 3_266_489_917) >>> 0
  return ((state ^ (state >>> 16)) >>> 0) / 4_294_967_296
}

const placesOf = async ({ files }: Room): Promise<readonly Place[]> => {
  const places: Place[] = []
  for (const file of files.filter((one) => values.files === undefined || values.files.includes(one))) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const mutant of await mutantsOf(text)) places.push({ file, text, mutant })
  }
  const meant = places.filter(({ file, text, mutant }) => !isAlike(file, text, mutant))
  if (values.sample === undefined) return meant
  return meant
    .map((place, at) => ({ place, order: chanceAt(Number(values.seed), at) }))
    .toSorted((one, other) => one.order - other.order)
    .slice(Number(values.from), Number(values.sample))
    .map(({ place }) => place)
}

/** Which tests go through what; `null` = one fails as it is, so that nothing would be shown. */
const reachOf = async (room: Room): Promise<readonly Reach[] | null> => {
  const outcome = await runTests({
    files: testsOf(room),
    names: [],
    hook: 'reach-hook.ts',
    environment: { DROVER_REACH: JSON.stringify({ urls: room.files.map(urlOf), result: reachFile }) },
    timeoutMs: testsTimeoutMs,
  })
  return outcome === 'passed' ? readReach(reachFile) : null
}

const outcomeOf = async ({ file, text, mutant }: Place, reaches: readonly Reach[]): Promise<Outcome> => {
  writeFileSync(mutantFile, JSON.stringify({ url: urlOf(file), text: changed(text, mutant) }))
  for (const turn of inTurns(testsThrough(reaches, file, mutant))) {
    const usualMs = turn.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)
    const outcome = await runTests({
      files: [...new Set(turn.map((one) => one.file))],
      names: turn.map(({ test }) => test),
      hook: 'in-place.ts',
      environment: { DROVER_MUTANT: mutantFile },
      timeoutMs: startMs + slowdownMax * usualMs,
    })
    if (outcome !== 'passed') return outcome
  }
  return 'passed'
}

const shown = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 100)

const play = async (room: Room): Promise<boolean> => {
  const startedMs = performance.now()
  const places = await placesOf(room)
  if (places.length === 0) return true
  const reaches = await reachOf(room)
  if (reaches === null) {
    console.log(`${room.name}: its tests fail as it is`)
    return false
  }
  const count = { noticed: 0, endless: 0, passed: 0 }
  for (const place of places) {
    if (performance.now() > endMs) break
    const outcome = await outcomeOf(place, reaches)
    count[outcome] += 1
    const { file, mutant } = place
    const said = { noticed: null, passed: 'not noticed', endless: 'noticed by its time' }[outcome]
    if (said !== null) console.log(`${file}:${mutant.line} ${said}: ${shown(mutant.was)} -> ${shown(mutant.becomes)}`)
  }
  const played = count.noticed + count.endless + count.passed
  const percent = (100 * (count.noticed + count.endless)) / played
  const seconds = Math.round((performance.now() - startedMs) / 1_000)
  const asked = { room: room.name, seed: Number(values.seed), changes: places.length, played }
  console.log(JSON.stringify({ ...asked, ...count, percent: Number(percent.toFixed(1)), seconds }))
  return percent >= noticedPercentMin
}

const held: boolean[] = []
for (const room of rooms.filter(({ name }) => values.room === undefined || values.room.includes(name)))
  held.push(await play(room))
rmSync(folder, { recursive: true })
process.exitCode = held.length > 0 && held.every(Boolean) ? 0 : 1
