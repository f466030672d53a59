/**
 * `npm run coverage [-- --room NAME …]`: runs the tests of the rooms that money and safety hang on, and says which of their branches and functions
 * nothing went through. Exit 1 where there is one that `unreached.ts` does not give a reason for, or where a test fails.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { allTestsOf, rooms, root } from './rooms.ts'
import { unreached } from './unreached.ts'

const { values } = parseArgs({ options: { room: { type: 'string', multiple: true } } })
const chosen = rooms.filter(({ name }) => values.room === undefined || values.room.includes(name))
if (chosen.length === 0) throw new Error(`no such room; there are ${rooms.map(({ name }) => name).join(', ')}`)

type Seen = { branches: number; open: number; readonly gaps: string[] }

/** What `lcov` says of each file: `BRDA` is a branch with its count, `FN` and `FNDA` a function with its own. */
const read = (report: string): ReadonlyMap<string, Seen> => {
  const files = new Map<string, Seen>()
  for (const record of report.split('end_of_record')) {
    const file = /^SF:(.+)$/m.exec(record)?.[1]
    if (file === undefined) continue
    const source = readFileSync(join(root, file), 'utf8').split('\n')
    const seen: Seen = { branches: 0, open: 0, gaps: [] }
    const note = (line: number, count: number, what: string): void => {
      seen.branches += 1
      const text = source[line - 1]?.trim() ?? ''
      if (count > 0 || unreached.some((one) => one.file === file && text.startsWith(one.text))) return
      seen.open += 1
      seen.gaps.push(`${file}:${line} ${what}: ${text}`)
    }
    for (const [, line, count] of record.matchAll(/^BRDA:(\d+),\d+,\d+,(\d+|-)$/gm))
      note(Number(line), Number(count) || 0, 'branch')
    const lines = new Map([...record.matchAll(/^FN:(\d+),(.+)$/gm)].map(([, line, name]) => [name, Number(line)]))
    for (const [, count, name] of record.matchAll(/^FNDA:(\d+),(.+)$/gm))
      note(lines.get(name) ?? 0, Number(count), 'function')
    files.set(file, seen)
  }
  return files
}

/** A reason whose line is gone would let the next one that begins so pass. */
const stale = unreached.filter(
  ({ file, text }) =>
    !readFileSync(join(root, file), 'utf8')
      .split('\n')
      .some((line) => line.trim().startsWith(text)),
)
for (const { file, text } of stale) console.log(`${file}: no line begins so any more: ${text}`)

const folder = mkdtempSync(join(tmpdir(), 'drover-coverage-'))
const report = join(folder, 'report.lcov')
const files = chosen.flatMap((room) => room.files)
const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-isolation=none',
    '--experimental-test-coverage',
    // Else those that are called after the tests of statistics are taken for tests of ours.
    '--test-coverage-exclude=**/*.test.ts',
    ...files.map((file) => `--test-coverage-include=${file}`),
    '--test-reporter=lcov',
    `--test-reporter-destination=${report}`,
    '--test-reporter=dot',
    '--test-reporter-destination=stdout',
    ...new Set(chosen.flatMap(allTestsOf)),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, NODE_ENV: 'test' } },
)
const found = read(readFileSync(report, 'utf8'))
rmSync(folder, { recursive: true })
let open = 0
for (const room of chosen) {
  const seen = room.files.map((file) => found.get(file) ?? { branches: 0, open: 1, gaps: [`${file} was never loaded`] })
  const [all, missing] = [seen, seen].map((list, at) =>
    list.reduce((sum, one) => sum + (at === 0 ? one.branches : one.open), 0),
  )
  open += missing ?? 0
  for (const gap of seen.flatMap(({ gaps }) => gaps)) console.log(gap)
  console.log(
    `${room.name}: ${(all ?? 0) - (missing ?? 0)} of ${all} branches and functions in ${room.files.length} files`,
  )
}
console.log(`${unreached.length} branches cannot be gone through, each with its reason in tools/proof/unreached.ts`)
process.exitCode = open === 0 && stale.length === 0 && status === 0 ? 0 : 1
