import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitHeaders, limitRefusal, ticketsFor, tokensAtAdmission } from './rate.ts'
import { sampleKey } from './sample-key.ts'
import type { LimitState, Ticket } from './ticket.ts'

const rate = (
  unit: 'requests' | 'tokens',
  limit: number,
  changes: Partial<Extract<Ticket, { kind: 'rate' }>> = {},
): Ticket => ({
  kind: 'rate',
  bucket: `key:key_sample:${unit}`,
  group: 'acc_sample',
  unit,
  limit,
  periodMs: 60_000,
  amount: 1,
  owner: 'key "ci"',
  ...changes,
})
const state = (ticket: Ticket, remaining: number, resetMs: number): LimitState => ({ ticket, remaining, resetMs })

test('admission counts the input and at most 4,096 tokens of output', () => {
  const cases: readonly [number, number | null, number][] = [
    [100, null, 4196],
    [100, 50, 150],
    [100, 0, 100],
    [100, 100_000, 4196],
    [1.2, 8, 10],
  ]
  for (const [inputTokens, outputTokensMax, expected] of cases)
    assert.equal(tokensAtAdmission({ inputTokens, outputTokensMax }), expected)
})

test('a key without limits takes no tickets; with all three it takes three', () => {
  const estimate = { inputTokens: 10, outputTokensMax: 20 }
  assert.deepEqual(ticketsFor(sampleKey(), estimate), [])
  const limited = sampleKey({ requestsPerMinute: 3, tokensPerMinute: 1000, concurrency: 2 })
  assert.deepEqual(ticketsFor(limited, estimate), [
    rate('requests', 3),
    rate('tokens', 1000, { amount: 30 }),
    { kind: 'concurrency', bucket: 'key:key_sample:concurrency', group: 'acc_sample', limit: 2, owner: 'key "ci"' },
  ])
})

test('headers name the tightest limit of each unit, and none where there is none', () => {
  assert.deepEqual(limitHeaders([]), {})
  const concurrency: Ticket = { kind: 'concurrency', bucket: 'c', group: 'acc', limit: 2, owner: 'key "ci"' }
  assert.deepEqual(limitHeaders([state(concurrency, 1, 0)]), {})
  const states = [
    state(rate('requests', 60), 59, 1000),
    state(rate('requests', 100, { periodMs: 86_400_000 }), 7, 360_000),
    state(rate('tokens', 150_000), 149_984, 6),
  ]
  assert.deepEqual(limitHeaders(states), {
    'x-ratelimit-limit-requests': '100',
    'x-ratelimit-remaining-requests': '7',
    'x-ratelimit-reset-requests': '6m0s',
    'x-ratelimit-limit-tokens': '150000',
    'x-ratelimit-remaining-tokens': '149984',
    'x-ratelimit-reset-tokens': '6ms',
  })
})

test('of two limits with the same remaining, the one that resets later is the tightest', () => {
  const states = [
    state(rate('requests', 5), 0, 10),
    state(rate('requests', 9), 0, 20),
    state(rate('requests', 7), 0, 15),
  ]
  assert.equal(limitHeaders(states)['x-ratelimit-limit-requests'], '9')
})

test('a refusal names the limit, its owner and the wait', () => {
  const refused = rate('requests', 3)
  const problem = limitRefusal({ ok: false, refused, retryAfterMs: 20_000, states: [state(refused, 0, 60_000)] })
  assert.equal(problem.code, 'rate_limit_exceeded')
  assert.equal(problem.status, 429)
  assert.equal(problem.detail.retryAfterMs, 20_000)
  assert.equal(problem.message, 'Rate limit reached for key "ci": 3 requests per minute. Please try again in 20s.')
  assert.equal(problem.detail.headers?.['x-ratelimit-remaining-requests'], '0')
  assert.equal(problem.detail.headers?.['x-should-retry'], undefined)
})

test('refusals name every kind of limit', () => {
  const concurrency: Ticket = { kind: 'concurrency', bucket: 'c', group: 'acc', limit: 1, owner: 'key "ci"' }
  const cases: readonly [Ticket, RegExp][] = [
    [concurrency, /: 1 call at the same time/],
    [{ ...concurrency, limit: 4 }, /: 4 calls at the same time/],
    [rate('tokens', 500, { periodMs: 86_400_000, owner: 'plan "free"' }), /plan "free": 500 tokens per day/],
    [rate('requests', 5, { periodMs: 3_600_000 }), /5 requests per hour/],
    [rate('requests', 5, { periodMs: 10_000 }), /5 requests per 10s/],
  ]
  for (const [refused, message] of cases)
    assert.match(limitRefusal({ ok: false, refused, retryAfterMs: 1, states: [] }).message, message)
})

test('what no wait will mend is not worth a retry', () => {
  const large = limitRefusal({
    ok: false,
    refused: rate('tokens', 100, { amount: 5000 }),
    retryAfterMs: null,
    states: [],
  })
  assert.equal(large.code, 'invalid_request_error')
  assert.equal(large.status, 400)
  assert.match(large.message, /counts as 5000 tokens.*100 tokens per minute/)
  const zero = limitRefusal({ ok: false, refused: rate('requests', 0), retryAfterMs: null, states: [] })
  assert.equal(zero.code, 'rate_limit_exceeded')
  assert.equal(zero.detail.retryAfterMs, undefined)
  for (const problem of [large, zero]) assert.equal(problem.detail.headers?.['x-should-retry'], 'false')
})
