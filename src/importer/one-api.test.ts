// Rows as the projects' published models make them; nothing in here is from anybody's database.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { tablesOfDump } from './dump.ts'
import { planOfOneApi } from './one-api.ts'

const key = 'A'.repeat(48)
const tables = {
  users: [
    { id: 1n, username: 'root', status: 1n, quota: 1_250_000n, password: 'x', group: 'default' },
    { id: 2n, username: 'debtor', status: 2n, quota: -5n },
    { id: 3n, username: 'gone', status: 1n, quota: 7n, deleted_at: '2026-01-01' },
  ],
  tokens: [
    {
      id: 7n,
      user_id: 1n,
      key,
      status: 1n,
      name: 'ci',
      expired_time: -1n,
      unlimited_quota: 1n,
      models: 'kimi,gpt-4o',
      subnet: '10.0.0.0/8',
    },
    { id: 8n, user_id: 1n, key: 'short', status: 1n, name: 'bad', expired_time: -1n, unlimited_quota: 1n },
    { id: 9n, user_id: 1n, key: 'B'.repeat(48), status: 2n, name: 'off', expired_time: -1n, unlimited_quota: 1n },
    {
      id: 10n,
      user_id: 2n,
      key: 'C'.repeat(48),
      status: 1n,
      name: 'limited',
      expired_time: 1_800_000_000n,
      remain_quota: 500_000n,
    },
    { id: 11n, user_id: 3n, key: 'D'.repeat(48), status: 1n, name: 'orphan', expired_time: -1n },
  ],
  channels: [
    {
      id: 1n,
      type: 25n,
      name: 'Kimi 主',
      key: 'sk-provider-secret',
      status: 1n,
      models: 'kimi,moonshot-v1-8k',
      priority: 5n,
      weight: 3n,
      model_mapping: '{"kimi":"kimi-k2.6"}',
    },
    {
      id: 2n,
      type: 8n,
      name: 'local',
      key: 'secret-two',
      status: 1n,
      base_url: 'http://10.1.1.1/v1',
      models: 'kimi',
      priority: 0n,
    },
    { id: 3n, type: 18n, name: 'xunfei', key: 'secret-three', status: 1n, models: 'spark' },
  ],
  options: [
    { key: 'ModelRatio', value: '{"kimi":0.475,"spark":1}' },
    { key: 'CompletionRatio', value: '{"kimi":4.2105}' },
    { key: 'GroupRatio', value: '{"default":1,"vip":0.8}' },
  ],
  redemptions: [{ id: 1n }, { id: 2n }],
}

test('users become accounts, quota becomes an opening balance, tokens keys that still work', () => {
  const { accounts } = planOfOneApi(tables, 'one-api')
  assert.deepEqual(
    accounts.map(({ name, openingNanoUsd, suspended, keys }) => [name, openingNanoUsd, suspended, keys.length]),
    [
      ['root', 2_500_000_000n, false, 1],
      ['debtor', 0n, true, 1],
    ],
  )
  const [first] = accounts[0]?.keys ?? []
  assert.equal(first?.key, `sk-${key}`)
  assert.deepEqual(first?.models, ['kimi', 'gpt-4o'])
  assert.deepEqual(first?.addresses, ['10.0.0.0/8'])
  assert.equal(accounts[1]?.keys[0]?.expires, '2027-01-15T08:00:00.000Z')
})

test('what is not carried is told, with its reason', () => {
  const told = planOfOneApi(tables, 'one-api')
    .notCarried.map(({ what, count, why }) => `${what} ${count}: ${why}`)
    .join('\n')
  for (const expected of [
    /^keys 1: the key is shorter/m,
    /^keys 1: they are disabled/m,
    /^keys 1: their user is gone/m,
    /^debts 1/m,
    /group vip, ratio 0.8/,
    /^redemptions 2/m,
    /^channels 1: type 18/m,
    /^secrets of channels/m,
    /limits of keys for good/,
    /^passwords/m,
  ])
    assert.match(told, expected)
})

test('channels become a configuration that can be read, without any secret in it', () => {
  const { yaml } = planOfOneApi(tables, 'one-api')
  assert.doesNotMatch(yaml, /secret/)
  const config = parse(yaml) as Record<string, Record<string, Record<string, unknown>>>
  assert.deepEqual(config['providers']?.['kimi-1'], { vendor: 'moonshot', api_key: 'env:KIMI_1_API_KEY' })
  const kimi = config['models']?.['kimi']
  assert.deepEqual(kimi?.['targets'], [
    { provider: 'kimi-1', model: 'kimi-k2.6', weight: 3 },
    { provider: 'local-2', model: 'kimi', tier: 2 },
  ])
  assert.deepEqual(kimi?.['price'], { input: '0.95', output: '3.999975' })
})

test('the forks number their channels differently, and quota may have another unit', () => {
  const plan = planOfOneApi(
    {
      ...tables,
      channels: [{ id: 1, type: 43, name: 'd', status: 1, models: 'deepseek-chat' }],
      options: [{ key: 'QuotaPerUnit', value: '1000000' }],
    },
    'new-api',
  )
  assert.match(plan.yaml, /vendor: deepseek/)
  assert.equal(plan.accounts[0]?.openingNanoUsd, 1_250_000_000n)
})

test('dumps of three programs read alike: COPY, INSERT with columns, INSERT after CREATE TABLE', () => {
  const postgres = 'COPY public.users (id, username, quota) FROM stdin;\n1\ta\\tb\t5\n2\t\\N\t-1\n\\.\n'
  assert.deepEqual(tablesOfDump(postgres)['users'], [
    { id: '1', username: 'a\tb', quota: '5' },
    { id: '2', username: null, quota: '-1' },
  ])
  const mysql = "INSERT INTO `users` (`id`,`username`,`quota`) VALUES (1,'it''s, (x)',5),\n(2,NULL,-1);\n"
  assert.deepEqual(tablesOfDump(mysql)['users'], [
    { id: '1', username: "it's, (x)", quota: '5' },
    { id: '2', username: null, quota: '-1' },
  ])
  const sqlite =
    "CREATE TABLE `users` (\n`id` integer,\n`username` text,\nPRIMARY KEY (`id`)\n);\nINSERT INTO users VALUES(1,'semi;colon');\n"
  assert.deepEqual(tablesOfDump(sqlite)['users'], [{ id: '1', username: 'semi;colon' }])
})
