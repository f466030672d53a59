import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlanFacts } from './plan.ts'
import { planOf, planTickets, upgradesFrom } from './plan.ts'

const plan = (name: string, changes: Partial<PlanFacts> = {}): PlanFacts => ({
  name,
  requestsPerMinute: null,
  requestsPerDay: null,
  tokensPerMinute: null,
  tokensPerDay: null,
  concurrency: null,
  signupCreditNanoUsd: null,
  signupCreditExpiresMs: null,
  upgradeAtPaidNanoUsd: null,
  origin: 'store',
  ...changes,
})
const free = plan('free', { requestsPerMinute: 3, tokensPerDay: 1000, concurrency: 1 })
const pro = plan('pro', { requestsPerMinute: 60, tokensPerDay: 1000, concurrency: 9, upgradeAtPaidNanoUsd: 10n })
const team = plan('team', { requestsPerMinute: 600, upgradeAtPaidNanoUsd: 100n })
const narrow = plan('narrow', { requestsPerMinute: 2, upgradeAtPaidNanoUsd: 5n })
const plans = new Map([team, narrow, free, pro].map((one) => [one.name, one]))

test('paying leads to plans that cost more and lower nothing, the nearest first', () => {
  const names = (from: PlanFacts) => upgradesFrom(plans, from).map(({ name }) => name)
  assert.deepEqual(names(free), ['pro', 'team'])
  assert.deepEqual(names(pro), ['team'])
  assert.deepEqual(names(team), [])
  assert.deepEqual(names(plan('own')), [])
})

test('the limits of a plan are counted by account, the sandbox apart, and say which plan comes next', () => {
  const estimate = { inputTokens: 10, outputTokensMax: 5 }
  const account = { id: 'acc_1', plan: 'free' }
  const of = (test: boolean) => {
    const found = planOf(plans, account, test)
    assert.ok(found)
    return planTickets(found, estimate)
  }
  assert.deepEqual(
    of(false).map((ticket) => [ticket.bucket, ticket.limit, ticket.kind === 'rate' ? ticket.amount : null]),
    [
      ['account:acc_1:requests', 3, 1],
      ['account:acc_1:tokens-day', 1000, 15],
      ['account:acc_1:concurrency', 1, null],
    ],
  )
  assert.match(of(true)[0]?.bucket ?? '', /^account:acc_1:test:/)
  assert.match(String(of(false)[0]?.advice), /Plan "pro" has 60 requests per minute, 1000 tokens per day, 9 calls/)
  assert.equal(planOf(plans, { id: 'acc_1', plan: null }, false), null)
  assert.equal(planOf(plans, { id: 'acc_1', plan: 'gone' }, false), null)
})
