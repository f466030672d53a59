/** A key with nothing special about it, for tests to vary. */

import type { KeyFacts } from './key-facts.ts'
import { unlimitedKey } from './key-facts.ts'

/** A model key of the account `acc_sample`, without limits, as of time 0. */
export const sampleKey = (changes: Partial<KeyFacts> = {}): KeyFacts => ({
  ...unlimitedKey,
  id: 'key_sample',
  name: 'ci',
  organisation: 'org_sample',
  project: 'prj_sample',
  member: null,
  account: 'acc_sample',
  purpose: 'model',
  test: false,
  createdMs: 0,
  ending: 'wxyz',
  ...changes,
})
