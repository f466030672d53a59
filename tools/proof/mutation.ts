/**
 * `npm run mutation [-- --room NAME …] [--files PATH …] [--sample N] [--seed S] [--minutes M]`: changes one place of a file at a time and runs the
 * tests that belong to it, the quickest first, until one fails. A change that no test notices is printed. Exit 1 where fewer than 90 % are noticed
 * in a room. What is no change in what the code does stands in `alike.ts`, with its reason.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { alike } from './alike.ts'
import type { Mutant } from './mutants.ts'
import { changed, mutantsOf } from './mutants.ts'
import type { Room } from './rooms.ts'
import { rooms, root, testsOf } from './rooms.ts'

const { values } = parseArgs({
  options: {
    room: { type: 'string', multiple: true },
    files: { type: 'string', multiple: true },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
  },
})
const noticedPercentMin = 90
/** An endless loop is noticed too; a busy machine is no endless loop. */
const testsTimeoutMs = 180_000
const endMs = performance.now() + Number(values.minutes) * 60_000
const folder = mkdtempSync(join(tmpdir(), 'drover-mutation-'))
const mutantFile = join(folder, 'mutant.json')
const hook = pathToFileURL(join(import.meta.dirname, 'in-place.ts')).href

type Outcome = 'noticed' | 'endless' | 'passed'

/** Ends at the first test that fails. */
const runTests = (tests: readonly string[]): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [`--import=${hook}`, '--test', '--test-isolation=none', '--test-reporter=tap', ...tests],
      {
        cwd: root,
        env: {
          ...process.env,
          NODE_ENV: 'test',
          // With many of them every change would take minutes.
          DROVER_HISTORIES: '3',
          DROVER_MUTANT: mutantFile,
          NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
        },
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      },
    )
    let outcome: Outcome | null = null
    const end = (as: Outcome): void => {
      outcome ??= as
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    }
    const timer = setTimeout(() => end('endless'), testsTimeoutMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (/^\s*not ok /m.test(text)) end('noticed')
    })
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve(outcome ?? (code === 0 ? 'passed' : 'noticed'))
    })
  })

type Place = { readonly file: string; readonly text: string; readonly mutant: Mutant }

const isAlike = ({ file, text, mutant }: Place): boolean =>
  alike.some(
    (one) =>
      one.file === file &&
      one.line === text.split('\n')[mutant.line - 1]?.trim() &&
      one.was === mutant.was &&
      one.becomes.includes(mutant.becomes),
  )

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
  const meant = places.filter((place) => !isAlike(place))
  if (values.sample === undefined) return meant
  return meant
    .map((place, at) => ({ place, order: chanceAt(Number(values.seed), at) }))
    .toSorted((one, other) => one.order - other.order)
    .slice(0, Number(values.sample))
    .map(({ place }) => place)
}

const play = async (room: Room): Promise<boolean> => {
  const places = await placesOf(room)
  const tests = testsOf(room)
  if (places.length === 0) return true
  // Without any change they must pass, or nothing would be shown.
  writeFileSync(mutantFile, JSON.stringify({ url: '', text: '' }))
  for (const test of tests) {
    if ((await runTests([test])) === 'passed') continue
    console.log(`${room.name}: ${test} fails as it is`)
    return false
  }
  const count = { noticed: 0, endless: 0, passed: 0 }
  for (const { file, text, mutant } of places) {
    if (performance.now() > endMs) break
    writeFileSync(
      mutantFile,
      JSON.stringify({ url: pathToFileURL(join(root, file)).href, text: changed(text, mutant) }),
    )
    let outcome: Outcome = 'passed'
    for (const test of tests) {
      outcome = await runTests([test])
      if (outcome !== 'passed') break
    }
    count[outcome] += 1
    if (outcome === 'passed')
      console.log(`${file}:${mutant.line} not noticed: ${mutant.was.slice(0, 100)} -> ${mutant.becomes.slice(0, 100)}`)
  }
  const played = count.noticed + count.endless + count.passed
  const percent = (100 * (count.noticed + count.endless)) / played
  console.log(
    JSON.stringify({ room: room.name, seed: Number(values.seed), changes: places.length, played, ...count, percent }),
  )
  return percent >= noticedPercentMin
}

const held: boolean[] = []
for (const room of rooms.filter(({ name }) => values.room === undefined || values.room.includes(name)))
  held.push(await play(room))
rmSync(folder, { recursive: true })
process.exitCode = held.length > 0 && held.every(Boolean) ? 0 : 1
