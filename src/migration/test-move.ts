/** A migration of the model `m` to `beta/beta-1`, for tests. */

import type { CallFacts, Move } from './traffic.ts'

export const sampleMove = (changes: Partial<Move> = {}): Move => ({
  id: 'mig_1',
  name: 'move',
  epoch: 1,
  step: 0,
  phase: 'ramping',
  split: 'relay',
  weightBasisPoints: 5_000,
  nextWeightBasisPoints: 10_000,
  isWatched: true,
  salt: 'salt',
  match: { models: ['m'], callSites: null, keys: null, projects: null, shareBasisPoints: 10_000 },
  keyOrder: null,
  candidate: { provider: 'beta', model: 'beta-1', params: 'shim' },
  pinIdleMs: 60_000,
  pins: true,
  pinnedShareMax: 1,
  testerHeader: 'x-drover-arm',
  recalls: true,
  breaker: { window: 5, failures: 3 },
  drift: [],
  columns: [{ kind: 'mark', metric: 'error-rate', above: null, compared: false }],
  shadow: null,
  ...changes,
})

export const sampleFacts = (changes: Partial<CallFacts> = {}): CallFacts => ({
  call: 'call_1',
  models: ['m'],
  callSite: null,
  keyNames: ['key_1', 'prod-web'],
  project: null,
  unit: 'one',
  headers: {},
  ...changes,
})
