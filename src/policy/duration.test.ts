import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationText } from './duration.ts'

test('durations as OpenAI spells them', () => {
  const cases: readonly [number, string][] = [
    [0, '0s'],
    [-5, '0s'],
    [0.2, '1ms'],
    [20, '20ms'],
    [999.5, '1s'],
    [1000, '1s'],
    [7660, '7.66s'],
    [59_999, '59.999s'],
    [60_000, '1m0s'],
    [86_400, '1m26.4s'],
    [360_000, '6m0s'],
    [3_600_000, '1h0m0s'],
    [86_400_000, '24h0m0s'],
  ]
  for (const [durationMs, text] of cases) assert.equal(durationText(durationMs), text)
})
