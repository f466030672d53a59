import assert from 'node:assert/strict'
import { test } from 'node:test'
import { candidatesPerHour } from './standing.ts'

test('how fast the gate fills is told by all traffic and the weight now, and not by the smaller weights before', () => {
  const units = { baseline: 9_500, candidate: 500 }
  const at = (weightBasisPoints: number): number =>
    candidatesPerHour({ units }, { startedMs: 1_000, weightBasisPoints }, 1_000 + 10 * 3_600_000)
  assert.deepEqual([at(0), at(2_500), at(10_000)], [0, 250, 1_000])
})
