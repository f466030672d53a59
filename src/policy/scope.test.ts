import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Guard } from './guard.ts'
import { guardsFor } from './guard.ts'
import { earlierOf, lineOf } from './key-facts.ts'
import type { LimitFacts } from './limit.ts'
import { limitTickets } from './limit.ts'
import { demandFor } from './region.ts'
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

test('what names a key by an id that it had before it was rotated holds for it, whatever is named', () => {
  const first = sampleKey({ id: 'key_1', name: 'web' })
  const rotated = (key: typeof first, id: string) =>
    sampleKey({ ...key, id, line: lineOf(key), earlier: earlierOf(key) })
  const key = rotated(rotated(first, 'key_2'), 'key_3')
  const nobody = { keys: null, projects: null, accounts: null, plans: null, models: null }
  const guard = (keys: readonly string[]): Guard =>
    ({ name: 'g', scope: { ...nobody, keys }, finds: [], expressions: [] }) as unknown as Guard
  const limit = (keys: readonly string[]): LimitFacts => ({
    ...{ name: 'l', per: 'key', scope: { ...nobody, keys } },
    ...{ requestsPerMinute: 1, tokensPerMinute: null, requestsPerDay: null, tokensPerDay: null, concurrency: null },
  })
  const asked = { key, plan: null, models: [] }
  const bucketsOf = (of: typeof first, keys: readonly string[]): readonly string[] =>
    limitTickets([limit(keys)], { ...asked, key: of }, { inputTokens: 1, outputTokensMax: 1 }).map(
      ({ bucket }) => bucket,
    )
  for (const id of ['key_1', 'key_2', 'key_3', 'web']) {
    assert.ok(isInScope({ ...everything, keys: [id] }, { ...call, key }), id)
    assert.equal(guardsFor([guard([id])], asked).length, 1, id)
    assert.equal(demandFor([{ demand: 'zero', scope: { ...nobody, keys: [id] } }], key), 'zero', id)
    assert.equal(bucketsOf(key, [id]).length, 1, id)
  }
  assert.ok(!isInScope({ ...everything, keys: ['key_4'] }, { ...call, key }))
  assert.ok(!isInScope({ ...everything, keys: ['key_3'] }, { ...call, key: first }), 'not for the key before it')
  assert.deepEqual(bucketsOf(key, ['key_1']), bucketsOf(first, ['key_1']), 'they count on where it stood')
})
