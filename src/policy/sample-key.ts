/** A key with nothing special about it, for tests to vary. */

import type { KeyFacts } from './key-facts.ts'

/** A model key of the account `acc_sample`, without limits, as of time 0. */
export const sampleKey = (changes: Partial<KeyFacts> = {}): KeyFacts => ({
  id: 'key_sample',
  name: 'ci',
  organisation: 'org_sample',
  project: 'prj_sample',
  member: null,
  account: 'acc_sample',
  purpose: 'model',
  test: false,
  environment: null,
  models: null,
  regions: null,
  cacheMs: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  requestsPerDay: null,
  tokensPerDay: null,
  concurrency: null,
  addresses: null,
  defaultProvider: null,
  usageCost: false,
  createdMs: 0,
  expiresMs: null,
  revokedMs: null,
  ending: 'wxyz',
  budgetNanoUsd: null,
  budgetPeriod: null,
  ...changes,
})
