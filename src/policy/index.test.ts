import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AdmissionFacts } from './admission.ts'
import { decideAdmission } from './admission.ts'
import { policies } from './index.ts'
import { sampleKey } from './sample-key.ts'

const facts = (key: AdmissionFacts['key']): AdmissionFacts => ({
  key,
  presented: 'hs-live-whatever',
  purpose: 'model',
  nowMs: 1000,
  environment: 'production',
  address: '192.0.2.1',
  estimate: { inputTokens: 10, outputTokensMax: null },
})

test('the key is judged before any ticket is asked for', () => {
  assert.deepEqual(
    policies.map(({ name }) => name),
    ['key', 'rate'],
  )
  const decided = decideAdmission(policies, facts(sampleKey({ revokedMs: 1, requestsPerMinute: 3 })))
  assert.equal(decided.refusal?.code, 'invalid_api_key')
})

test('a good key is asked for the tickets of all policies', () => {
  const decided = decideAdmission(policies, facts(sampleKey({ requestsPerMinute: 3, concurrency: 1 })))
  assert.ok(decided.refusal === null)
  assert.deepEqual(
    decided.tickets.map(({ kind, limit }) => [kind, limit]),
    [
      ['rate', 3],
      ['concurrency', 1],
    ],
  )
})
