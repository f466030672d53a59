/** A few simulated hours; `test/simulate/run.ts` plays more of them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { play } from './world.ts'

test('a quarter of an hour of three nodes, with all that may go wrong: no promise about money or limits is broken', async () => {
  const figures = await play({ seed: 2, hours: 0.25 })
  assert.ok(figures.calls > 20 && figures.settled > 10, JSON.stringify(figures))
  assert.ok(figures.faults > 2, JSON.stringify(figures))
})

test('the same seed is the same history', async () => {
  const settings = { seed: 7, hours: 0.02, nodes: 2 }
  assert.deepEqual(await play(settings), await play(settings))
})
