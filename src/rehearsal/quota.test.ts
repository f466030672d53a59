import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMigrationFile } from '#migration/compiled.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import type { Looking } from './looking.ts'
import { checkQuota } from './quota.ts'

const file = readMigrationFile(`migration: move
match: { models: [m] }
baseline: { route: alpha/m }
candidate: { route: beta/n }
steps: [{ set_weight: 10, pause: { duration: 1h }, min_sample: 50 }, { set_weight: 50, pause: { duration: 1h }, min_sample: 50 }]
`)

const lookedAt = async (
  headers: Readonly<Record<string, string>>,
  {
    requests,
    keys = 1,
    startStep = 0,
    percent = 100,
  }: { readonly requests: number; readonly keys?: number; readonly startStep?: number; readonly percent?: number },
): Promise<PreflightCheck | undefined> => {
  const upstreams = new Map([['beta', { provider: { credentials: Array(keys).fill('secret') } }]])
  const looking = {
    file: { ...file, match: { ...file.match, percent } },
    startStep,
    need: { requestsPerMinute: requests, tokensPerMinute: 1_000 },
    ports: { snapshot: () => ({ upstreams }) },
  } as unknown as Looking
  return (await checkQuota(looking, [headers])).checks[0]
}

test('limits are held against the busiest minute: too little for the first step refuses, too little for all of it warns', async () => {
  const limit = { 'x-ratelimit-limit-requests': '100', 'x-ratelimit-limit-tokens': '50000' }
  assert.equal((await lookedAt(limit, { requests: 90 }))?.outcome, 'passed')
  const some = await lookedAt(limit, { requests: 400 })
  assert.deepEqual([some?.outcome, some?.says.match(/enough for (\d+) %/)?.[1]], ['warned', '25'])
  const none = await lookedAt(limit, { requests: 4_000 })
  assert.deepEqual([none?.outcome, /not even the first step/.test(none?.says ?? '')], ['failed', true])
  assert.equal(
    (await lookedAt(limit, { requests: 400, keys: 4 }))?.outcome,
    'passed',
    'every key has limits of its own',
  )
  assert.equal((await lookedAt(limit, { requests: 400, startStep: 1 }))?.outcome, 'failed', 'it starts with a half')
  assert.equal((await lookedAt(limit, { requests: 400, percent: 25 }))?.outcome, 'passed', 'a quarter is in scope')
  assert.equal((await lookedAt({}, { requests: 400 }))?.outcome, 'skipped')
  assert.equal((await lookedAt({ 'anthropic-ratelimit-requests-limit': '50' }, { requests: 60 }))?.outcome, 'warned')
})
