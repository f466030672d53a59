import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { planOfLitellm } from './litellm.ts'

const hash = (letter: string): string => letter.repeat(64)

const tables = {
  LiteLLM_TeamTable: [{ team_id: 't1', team_alias: 'search', max_budget: '10.5', spend: '0.25', blocked: 'f' }],
  LiteLLM_BudgetTable: [{ budget_id: 'b1', max_budget: 3, budget_duration: '7d' }],
  LiteLLM_UserTable: [{ user_id: 'u1', user_email: 'a@example.com' }],
  LiteLLM_VerificationToken: [
    {
      token: hash('a'),
      key_alias: 'ci',
      team_id: 't1',
      models: '{kimi,gpt-4o}',
      rpm_limit: '60',
      tpm_limit: null,
      max_parallel_requests: 4,
      budget_id: 'b1',
      expires: '2027-01-01 00:00:00',
    },
    {
      token: hash('b'),
      key_name: 'sk-...abcd',
      user_id: 'u1',
      models: '{all-team-models}',
      max_budget: 5,
      budget_duration: '45d',
    },
    { token: hash('c'), blocked: 't', user_id: 'u1' },
    { token: 'plain', user_id: 'u1' },
  ],
}

test('teams and users become accounts; keys come by their SHA-256, with limits and budgets', () => {
  const { accounts, notCarried } = planOfLitellm(tables, null)
  assert.deepEqual(
    accounts.map(({ ref, name, billing, openingNanoUsd }) => [ref, name, billing, openingNanoUsd]),
    [
      ['team-t1', 'search', 'prepaid', 10_250_000_000n],
      ['user-u1', 'a@example.com', 'unlimited', 0n],
    ],
  )
  const [ci] = accounts[0]?.keys ?? []
  assert.deepEqual(
    [ci?.sha256, ci?.key, ci?.rpm, ci?.tpm, ci?.concurrency, ci?.budget, ci?.budgetPeriod, ci?.expires],
    [hash('a'), null, 60, null, 4, '3.00', 'week', '2027-01-01T00:00:00.000Z'],
  )
  assert.deepEqual(ci?.models, ['kimi', 'gpt-4o'])
  assert.equal(accounts[1]?.keys[0]?.models, null)
  const told = notCarried.map(({ what, why }) => `${what}: ${why}`).join('\n')
  assert.match(told, /keys: they are blocked/)
  assert.match(told, /neither a SHA-256/)
  assert.match(told, /a budget for 45d/)
})

test('proxy_config.yaml becomes providers and models, secrets as references', () => {
  const config = {
    model_list: [
      {
        model_name: 'gpt',
        litellm_params: { model: 'openai/gpt-4o', api_key: 'os.environ/OPENAI_API_KEY', weight: 2 },
      },
      {
        model_name: 'gpt',
        litellm_params: { model: 'azure/dep', api_key: 'sk-literal', api_base: 'https://x.example.com' },
      },
      { model_name: 'odd', litellm_params: { model: 'nobody/model' } },
    ],
    router_settings: { routing_strategy: 'simple-shuffle' },
  }
  const { yaml, notCarried } = planOfLitellm({}, config)
  assert.doesNotMatch(yaml, /literal/)
  const read = parse(yaml) as {
    providers: Record<string, unknown>
    models: Record<string, { targets: readonly unknown[] }>
  }
  assert.equal(Object.keys(read.providers).length, 2)
  assert.equal(read.models['gpt']?.targets.length, 2)
  const told = notCarried.map(({ what }) => what)
  for (const expected of ['secrets of models', 'models', 'router_settings'])
    assert.ok(told.includes(expected), expected)
})
