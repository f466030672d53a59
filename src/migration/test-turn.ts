/** Turns for tests. */

import type { Observation } from './observation.ts'

export const sampleTurn = (changes: Partial<Observation> = {}): Observation => ({
  id: 'call_1',
  arm: 'candidate',
  unit: 'one',
  startMs: 1_000,
  durationMs: 900,
  callSite: null,
  stream: true,
  outcome: 'ok',
  status: 200,
  ttftMs: 300,
  tpotMicros: 12_000,
  longestGapMs: 80,
  tokens: { input: 100, cachedInput: 0, output: 50, reasoning: null },
  usageMissing: false,
  truncated: false,
  toolCalled: null,
  toolArgumentsValid: null,
  jsonValid: null,
  refused: null,
  costNanoUsd: 1_000n,
  ...changes,
})
