import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { AdmissionFacts, Policy } from './admission.ts'
import { decideAdmission } from './admission.ts'
import { policies } from './index.ts'
import { sampleKey } from './sample-key.ts'

const facts = (key: AdmissionFacts['key']): AdmissionFacts => ({
  key,
  plan: null,
  limits: [],
  models: ['m'],
  estimate: { inputTokens: 10, outputTokensMax: null },
})

test('a refusal comes before any ticket is asked for, the first one first', () => {
  const refusing = (name: string): Policy => ({
    name,
    refusal: () => new Problem('content_blocked', { message: name }),
    tickets: () => assert.fail('a refused call takes nothing'),
  })
  const decided = decideAdmission(
    [...policies, refusing('a'), refusing('b')],
    facts(sampleKey({ requestsPerMinute: 3 })),
  )
  assert.equal(decided.refusal?.message, 'a')
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
