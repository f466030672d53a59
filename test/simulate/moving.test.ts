/** Migrations for a simulated while; `test/simulate/run.ts --what moves` plays more of them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { playMoves } from './moving.ts'

test('twenty minutes of three nodes that move traffic, with all that may go wrong: each call goes where the decisions say', async () => {
  const figures = await playMoves({ seed: 4, hours: 1 / 3 })
  assert.ok(figures.toCandidate > 100 && figures.calmTurns > 100, JSON.stringify(figures))
  assert.ok(figures.rolledBack > 1 && figures.byItself > 0 && figures.killsOfLeaders > 0, JSON.stringify(figures))
})

test('the same seed is the same history', async () => {
  const settings = { seed: 7, hours: 0.05, nodes: 2 }
  assert.deepEqual(await playMoves(settings), await playMoves(settings))
})
