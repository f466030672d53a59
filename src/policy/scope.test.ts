import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleKey } from './sample-key.ts'
import type { ScopedCall, TargetScope } from './scope.ts'
import { isInScope } from './scope.ts'

const everything: TargetScope = {
  keys: null,
  projects: null,
  accounts: null,
  plans: null,
  tags: null,
  promptBytesMin: null,
  promptBytesMax: null,
}
const call: ScopedCall = { key: sampleKey(), plan: 'pro', tags: { stage: 'live', team: 'search' }, promptBytes: 1_000 }

test('a target is for those whom all of its conditions name', () => {
  const holds = (changes: Partial<TargetScope>): boolean => isInScope({ ...everything, ...changes }, call)
  assert.ok(holds({}))
  for (const named of [
    { keys: ['ci'] },
    { keys: ['key_sample'] },
    { projects: ['prj_sample'] },
    { accounts: ['acc_sample'] },
    { plans: ['free', 'pro'] },
    { tags: ['stage=dev', 'team=search'] },
    { promptBytesMin: 1_000, promptBytesMax: 1_000 },
  ])
    assert.ok(holds(named), JSON.stringify(named))
  for (const other of [
    { keys: ['other'] },
    { plans: ['free'] },
    { tags: ['stage=dev'] },
    { tags: ['stage'] },
    { promptBytesMin: 1_001 },
    { promptBytesMax: 999 },
    { keys: ['ci'], plans: ['free'] },
  ])
    assert.ok(!holds(other), JSON.stringify(other))
})
