import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Column } from './column.ts'
import { driftAfter, driftWatchesOf, hasDrifted, watchRises } from './drift.ts'
import { addTurns } from './evidence.ts'
import { sampleTurn } from './test-turn.ts'

const columns: readonly Column[] = [{ kind: 'size', metric: 'completion-tokens' }]
const nothing = { known: new Map(), evidence: new Map() }
const turn = (output: number, ttftMs: number | null = 300) =>
  sampleTurn({ ttftMs, tokens: { input: 1, cachedInput: null, output, reasoning: null } })

test('a value counts by how many deviations it lies above the mean, less what is let pass, and never below nothing', () => {
  const base = { mean: 10, deviation: 2 }
  assert.equal(driftAfter(0, 14, base), 1.75)
  assert.equal(driftAfter(1.75, 12, base), 2.5)
  assert.equal(driftAfter(0.5, 10, base), 0.25)
  assert.equal(driftAfter(1, 0, base), 0)
  assert.deepEqual([hasDrifted(11.999), hasDrifted(12)], [false, true])
})

test('what a candidate showed is the base: mean and deviation of the logarithms; turns of one conversation are no news to each other', () => {
  const turns = Array.from({ length: 200 }, (_none, at) => ({
    step: 0,
    turn: { ...turn(at % 2 === 0 ? 9 : 99, at % 4 === 0 ? 100 : 1_000), unit: `u-${at % 50}` },
  }))
  const { cells } = addTurns(turns, { columns, ...nothing })
  const [tokens, first] = driftWatchesOf(columns, cells)
  assert.equal(tokens?.name, 'completion-tokens')
  assert.ok(Math.abs((tokens?.mean ?? 0) - (Math.log(10) + Math.log(100)) / 2) < 1e-6, `${tokens?.mean}`)
  // Of turns by themselves it were half of that: the four of a conversation are alike.
  assert.ok(Math.abs((tokens?.deviation ?? 0) - Math.log(10)) < 1e-5, `${tokens?.deviation}`)
  assert.equal(first?.name, 'first part of streams')
  // A quarter at 100 ms and the rest at a second, as far as the histogram tells them.
  assert.ok(Math.abs((first?.mean ?? 0) - (Math.log(101) + 3 * Math.log(1001)) / 4) < 0.05, `${first?.mean}`)
  assert.ok(Math.abs((first?.deviation ?? 0) - Math.log(10) * Math.sqrt(3 / 16)) < 0.03, `${first?.deviation}`)
  const baseline = addTurns(
    turns.map((one) => ({ ...one, turn: { ...one.turn, arm: 'baseline' as const } })),
    { columns, ...nothing },
  )
  assert.deepEqual(driftWatchesOf(columns, baseline.cells), [], 'only the candidate is a base')
  const [cell] = cells.values()
  const bare = cell === undefined ? assert.fail() : { ...cell, units: { ...cell.units, sizes: [] } }
  const names = driftWatchesOf(columns, new Map([['one', bare]])).map(({ name }) => name)
  assert.deepEqual(names, ['first part of streams'], 'of a figure that was not counted there is no base')
  const [besides] = driftWatchesOf(columns, new Map([...cells, ['bare', bare]]))
  assert.deepEqual(besides, tokens, 'and a step in which it was not counted changes none')
})

test('what did not vary is no base, however sums of it are rounded', () => {
  const watchesOf = (output: number, count: number): readonly string[] => {
    const turns = Array.from({ length: count }, (_none, at) => ({
      step: 0,
      turn: { ...turn(output), unit: `u-${at}` },
    }))
    return driftWatchesOf(columns, addTurns(turns, { columns, ...nothing }).cells).map(({ name }) => name)
  }
  for (const [output, count] of [
    [0, 100],
    [3, 1_000],
    [123, 137],
    [1_000, 1_000],
  ] as const)
    assert.deepEqual(watchesOf(output, count), [], `${count} of ${output}`)
})

test('what varies by little is held against that little', () => {
  const turns = Array.from({ length: 100 }, (_none, at) => ({
    step: 0,
    turn: { ...turn(1_000 + (at % 2)), unit: `u-${at}` },
  }))
  const [tokens] = driftWatchesOf(columns, addTurns(turns, { columns, ...nothing }).cells)
  assert.ok(Math.abs((tokens?.deviation ?? 0) - 0.0005) < 1e-5, `${tokens?.deviation}`)
})

test('a hundred values are a base, ninety-nine are none', () => {
  const of = (length: number) => {
    const turns = Array.from({ length }, (_none, at) => ({ step: 0, turn: { ...turn(at, 100 + at), unit: `u-${at}` } }))
    return driftWatchesOf(columns, addTurns(turns, { columns, ...nothing }).cells).length
  }
  assert.deepEqual([of(99), of(100)], [0, 2])
})

test('a figure that rises and stays so is told once and begins anew; what a turn does not show does not count', () => {
  const drift = [
    { name: 'completion-tokens', mean: Math.log(51), deviation: 0.1 },
    { name: 'first part of streams', mean: Math.log1p(300), deviation: 0.1 },
    { name: 'a figure of no column', mean: 0, deviation: 1 },
  ]
  const rises = watchRises()
  const see = (one: ReturnType<typeof turn>): void => rises.see({ drift, columns }, one)
  for (let count = 0; count < 2; count += 1) see(turn(101))
  assert.deepEqual(rises.take(), ['completion-tokens'])
  assert.deepEqual(rises.take(), [])
  for (let count = 0; count < 2; count += 1) see(turn(50, 900))
  assert.deepEqual(rises.take(), ['first part of streams'])
  for (let count = 0; count < 50; count += 1) {
    see(turn(50, null))
    see({ ...turn(50, 900), outcome: 'error' as never })
    see(sampleTurn({ tokens: { input: null, cachedInput: null, output: null, reasoning: null } }))
  }
  assert.deepEqual(rises.take(), [])
  see(turn(50, 900))
  for (let count = 0; count < 50; count += 1) see(turn(50, null))
  assert.deepEqual(rises.take(), [], 'half of what it takes')
  see(turn(50, 900))
  assert.deepEqual(rises.take(), ['first part of streams'], 'those between are not taken for a fall')
})
