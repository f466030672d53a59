import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Column } from './column.ts'
import { countedArm, joinTallies, tallyOf } from './tally.ts'
import { sampleTurn } from './test-turn.ts'

const columns: readonly Column[] = [
  { kind: 'mark', metric: 'error-rate', above: null, compared: false },
  { kind: 'size', metric: 'completion-tokens' },
  { kind: 'mark', metric: 'error-rate', above: null, compared: true },
]
const tokens = (output: number | null) => ({ input: 1, cachedInput: null, output, reasoning: null })
const size = (output: number): number => Math.round(Math.log1p(output) * 1e6)

test('a turn says of each column whether it was looked at, whether it was hit, and how large it was', () => {
  const good = tallyOf(sampleTurn({ tokens: tokens(9), startMs: 5 }), { step: 2, columns })
  assert.deepEqual(good, { candidate: { firstMs: 5, step: 2, seen: 0b101, hit: 0, sizes: [[1, size(9)]] } })
  const bad = tallyOf(sampleTurn({ tokens: tokens(null), outcome: 'cut', arm: 'baseline' }), { step: 0, columns })
  assert.deepEqual(bad.baseline?.sizes, [[0, 0]])
  assert.deepEqual([bad.baseline?.seen, bad.baseline?.hit, bad.candidate], [0b101, 0b101, undefined])
  const sizeFirst = tallyOf(sampleTurn({ tokens: tokens(9) }), { step: 0, columns: columns.slice(1) })
  assert.deepEqual([sizeFirst.candidate?.seen, sizeFirst.candidate?.hit], [0b10, 0], 'a size has no mark')
})

test('a conversation counts where it was first, and where both began at once, at the baseline', () => {
  const at = (arm: 'baseline' | 'candidate', startMs: number) =>
    tallyOf(sampleTurn({ arm, startMs }), { step: 0, columns })
  assert.equal(countedArm(at('candidate', 7)), 'candidate')
  assert.equal(countedArm(at('baseline', 7)), 'baseline')
  assert.equal(countedArm(joinTallies(at('candidate', 7), at('baseline', 8))), 'candidate')
  assert.equal(countedArm(joinTallies(at('candidate', 7), at('baseline', 7))), 'baseline')
  assert.equal(countedArm({}), 'baseline')
})

test('tallies are joined: marks by or, numbers by addition, the first time with its step; of one time the earlier step', () => {
  const of = (startMs: number, step: number, changes = {}) =>
    tallyOf(sampleTurn({ startMs, tokens: tokens(9), ...changes }), { step, columns })
  const joined = joinTallies(of(8, 0), of(7, 3, { outcome: 'cut' }))
  assert.deepEqual(joined.candidate, { firstMs: 7, step: 3, seen: 0b101, hit: 0b101, sizes: [[1, size(9)]] })
  assert.deepEqual(joinTallies(of(8, 0), of(9, 0)).candidate?.sizes, [[2, 2 * size(9)]])
  assert.deepEqual(joinTallies(of(7, 3), of(7, 1)).candidate?.step, 1)
  assert.deepEqual(joinTallies(of(7, 1), of(7, 3)).candidate?.step, 1)
  const short = { candidate: { firstMs: 9, step: 0, seen: 0, hit: 0, sizes: [] } }
  assert.deepEqual(joinTallies(of(7, 1), short).candidate?.sizes, [[1, size(9)]], 'what was not counted adds nothing')
  assert.deepEqual(joinTallies({}, {}), {})
})
