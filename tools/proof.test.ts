// What `npm run coverage` and `npm run mutation` go by: reasons for lines that there are, and the tests that go through a place.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { alike, isAlike } from './proof/alike.ts'
import { inTurns, testsThrough, urlOf } from './proof/reach.ts'
import type { Reach, Stretch } from './proof/reach-hook.ts'
import { allTestsOf, rooms, root, testsOf } from './proof/rooms.ts'
import { unreached } from './proof/unreached.ts'

const linesOf = (file: string): readonly string[] =>
  readFileSync(join(root, file), 'utf8')
    .split('\n')
    .map((line) => line.trim())

const linesAlike = (file: string, line: string, above: string | undefined): number =>
  linesOf(file).filter((one, at, lines) => one === line && (above === undefined || lines[at - 1] === above)).length

test('a reason is of one line that there is: else the next that looks so would pass by it', () => {
  const gone = [
    ...unreached.filter(({ file, text }) => !linesOf(file).some((line) => line.startsWith(text))),
    ...alike.filter(({ file, line, above }) => linesAlike(file, line, above) !== 1),
  ]
  assert.deepEqual(gone, [])
})

test('each room has files and tests that there are', () => {
  for (const room of rooms) {
    assert.ok(room.files.length > 0 && testsOf(room).length > 0 && allTestsOf(room).length > 0, room.name)
    for (const file of room.files) assert.ok(linesOf(file).length > 0, file)
  }
})

const mutant = (at: number) => ({ line: 1, start: at, end: at + 1, at, was: '<', becomes: '<=' })

test('a change is like what was there by its file, its line, and what the whole line becomes', () => {
  const [one] = alike
  assert.ok(one !== undefined)
  const { file, line, becomes } = one
  const of = (text: string, was: string, other: string): boolean => {
    const start = text.indexOf(was)
    return isAlike(file, text, { ...mutant(start), end: start + was.length, was, becomes: other })
  }
  assert.deepEqual([line, becomes], ['const size = nano < 0n ? -nano : nano', [line.replace('<', '<=')]])
  assert.ok(of(`first\n  ${line}\nlast`, '<', '<='))
  assert.ok(!of(`first\n  ${line} // more\nlast`, '<', '<='))
  assert.ok(!of(line, '<', '>='))
  assert.ok(!of(line, '0n', '1n'), 'another place of the line')
  assert.ok(!isAlike('src/none.ts', line, { ...mutant(line.indexOf('<')), was: '<', becomes: '<=' }))
})

test('of lines that look alike the one below another is meant', () => {
  const one = alike.find(({ above }) => above !== undefined)
  assert.ok(one !== undefined)
  const { file, line, becomes } = one
  const under = (above: string): boolean => {
    const start = above.length + 1
    return isAlike(file, `${above}\n${line}`, { ...mutant(start), end: start + line.length, becomes: becomes[0] ?? '' })
  }
  assert.ok(under(`  ${one.above}`))
  assert.ok(!under('another'))
})

test('tests are chosen by the innermost stretch around a place, the quickest first; what is loaded is met by all', () => {
  const file = 'src/base/money.ts'
  const reach = (name: string | null, elapsedMs: number, ...stretches: readonly Stretch[]): Reach => ({
    ...{ file: 'a.test.ts', test: name, elapsedMs },
    through: { [urlOf(file)]: stretches },
  })
  const whole = { start: 0, end: 100, count: 1 }
  const reaches = [
    reach(null, 0, whole, { start: 20, end: 60, count: 0 }),
    reach('slow', 90, { start: 20, end: 60, count: 2 }),
    reach('quick', 5, { start: 20, end: 60, count: 1 }, { start: 40, end: 50, count: 0 }),
    reach('elsewhere', 1, { start: 70, end: 80, count: 1 }),
  ]
  const chosen = (at: number) => testsThrough(reaches, file, mutant(at)).map((one) => one.test)
  assert.deepEqual(chosen(30), ['quick', 'slow'])
  assert.deepEqual(chosen(45), ['slow'], 'a branch that the other leaves out')
  assert.deepEqual(chosen(10), ['elsewhere', 'quick', 'slow'], 'what stands outside of functions')
  assert.deepEqual(
    testsThrough(reaches, 'src/base/clock.ts', mutant(30)).map((one) => one.test),
    [],
  )
})

test('long tests are asked last, and the quickest always first', () => {
  const of = (...times: readonly number[]) =>
    inTurns(times.map((elapsedMs) => ({ file: 'f', test: `t${elapsedMs}`, elapsedMs }))).map((turn) =>
      turn.map(({ elapsedMs }) => elapsedMs),
    )
  assert.deepEqual(of(10, 200, 250, 300), [[10, 200, 250], [300]])
  assert.deepEqual(of(9_000, 9_001), [[9_000], [9_001]])
  assert.deepEqual(of(1), [[1]])
  assert.deepEqual(of(), [])
})
