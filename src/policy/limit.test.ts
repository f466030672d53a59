import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LimitFacts } from './limit.ts'
import { limitTickets } from './limit.ts'
import { sampleKey } from './sample-key.ts'

const none = { requestsPerMinute: null, requestsPerDay: null, tokensPerMinute: null, tokensPerDay: null }
const limit = (name: string, changes: Partial<LimitFacts>): LimitFacts => ({
  name,
  per: 'all',
  ...none,
  concurrency: null,
  scope: { keys: null, projects: null, accounts: null, plans: null, models: null },
  ...changes,
})
const only = (scope: Partial<LimitFacts['scope']>): Pick<LimitFacts, 'scope'> => ({
  scope: { keys: null, projects: null, accounts: null, plans: null, models: null, ...scope },
})
const bucketsOf = (limits: readonly LimitFacts[], changes = {}, models = ['m']): readonly string[] =>
  limitTickets(limits, { key: sampleKey(changes), plan: 'free', models }, { inputTokens: 10, outputTokensMax: 5 }).map(
    ({ bucket }) => bucket,
  )

test('a limit holds for those whom each of its lists names', () => {
  const limits = [
    limit('big-model', { requestsPerMinute: 1, ...only({ models: ['m'] }) }),
    limit('team', { requestsPerMinute: 1, ...only({ projects: ['prj_sample'], models: ['m'] }) }),
    limit('free', { requestsPerMinute: 1, ...only({ plans: ['free'] }) }),
    limit('other', { requestsPerMinute: 1, ...only({ accounts: ['acc_other'] }) }),
  ]
  assert.deepEqual(bucketsOf(limits), ['limit:big-model:requests', 'limit:team:requests', 'limit:free:requests'])
  assert.deepEqual(bucketsOf(limits, { project: null }, ['n']), ['limit:free:requests'])
})

test('what counts together is what it says: all, an account, a project or a key; the sandbox is apart', () => {
  const per = (['all', 'account', 'project', 'key'] as const).map((one) =>
    limit(one, { per: one, tokensPerDay: 1_000, concurrency: 2 }),
  )
  assert.deepEqual(bucketsOf(per, { test: true }), [
    'limit:all:test:tokens-day',
    'limit:all:test:concurrency',
    'limit:account:test:acc_sample:tokens-day',
    'limit:account:test:acc_sample:concurrency',
    'limit:project:test:prj_sample:tokens-day',
    'limit:project:test:prj_sample:concurrency',
    'limit:key:test:key_sample:tokens-day',
    'limit:key:test:key_sample:concurrency',
  ])
  assert.deepEqual(bucketsOf([limit('p', { per: 'project', concurrency: 1 })], { project: null }), [
    'limit:p:none-of-org_sample:concurrency',
  ])
})
