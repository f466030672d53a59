import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDesk } from './test-desk.ts'

const free = { name: 'free', rpm: 3, signup_credit: '5.00', signup_credit_expires: '30d' }
const pro = { name: 'pro', rpm: 60, upgrade_at_paid_usd: '10.00' }
const team = { name: 'team', rpm: 600, upgrade_at_paid_usd: '100.00' }
const slow = { name: 'slow', rpm: 1, upgrade_at_paid_usd: '1.00' }

const open = async (context: Parameters<typeof openDesk>[0]) => {
  const desk = await openDesk(context)
  for (const plan of [free, pro, team, slow]) await desk.run('plans create', plan)
  return desk
}

test("a new account of a plan begins with the plan's credit, which ends", async (context) => {
  const { run, clock } = await open(context)
  const account = await run('accounts create', { name: 'new', billing: 'prepaid', plan: 'free' })
  assert.equal(account['plan'], 'free')
  assert.equal((await run('credits balance', { account: 'new' }))['balance_usd'], '5.00')
  clock.advance(31 * 86_400_000)
  assert.equal((await run('credits balance', { account: 'new' }))['balance_usd'], '0.00')
  await assert.rejects(run('accounts create', { name: 'x', billing: 'prepaid', plan: 'gold' }), {
    code: 'not_found',
    message: /no plan 'gold'.*free/,
  })
})

test('what is paid in all leads to the highest plan that it reaches; what is given does not; no limit is ever lowered', async (context) => {
  const { run, store } = await open(context)
  await run('accounts create', { name: 'new', billing: 'prepaid', plan: 'free' })
  const pay = async (input: object) => (await run('credits grant', { account: 'new', ...input }))['upgraded_to']
  assert.equal(await pay({ usd: '50.00', kind: 'promo' }), null)
  assert.equal(await pay({ usd: '9.00' }), null)
  assert.equal(await pay({ usd: '1.00' }), 'pro')
  assert.equal(await pay({ usd: '500.00' }), 'team')
  assert.equal(await pay({ usd: '500.00' }), null)
  assert.equal((await store.account('new'))?.plan, 'team')
  const trail = (await run('trail list'))['data'] as { operation: string; after: { plan?: string } }[]
  const upgrades = trail.filter(({ operation }) => operation === 'accounts.upgrade').map(({ after }) => after.plan)
  assert.deepEqual(upgrades, ['pro', 'team'])
  await run('accounts set', { account: 'acme' })
  assert.equal((await run('credits grant', { account: 'acme', usd: '500.00' }))['upgraded_to'], null)
})

test('a plan is changed in part; one that is there already is not made again', async (context) => {
  const { run } = await open(context)
  const changed = await run('plans set', { name: 'pro', concurrency: 5 })
  assert.deepEqual([changed['rpm'], changed['concurrency'], changed['upgrade_at_paid_usd']], [60, 5, '10.00'])
  const less = await run('plans set', { name: 'pro', tpm: 9, without: ['rpm', 'upgrade_at_paid_usd', 'open'] })
  assert.deepEqual([less['rpm'], less['tpm'], less['concurrency'], less['upgrade_at_paid_usd']], [null, 9, 5, null])
  await assert.rejects(run('plans set', { name: 'pro', rpm: 9, without: ['rpm'] }), /takes away 'rpm', which is given/)
  await assert.rejects(run('plans create', pro), { code: 'conflict' })
  await assert.rejects(run('plans set', { name: 'gold', rpm: 1 }), { code: 'not_found' })
})

test('a credit limit belongs to postpaid accounts and does not go below what is owed and held', async (context) => {
  const { run, store, clock } = await open(context)
  await run('accounts create', { name: 'post', billing: 'postpaid', credit_limit: '10.00' })
  const account = (await store.account('post'))?.id ?? ''
  const nowMs = clock.nowMs()
  const held = { call: 'call_1', account, key: null, nowMs, expiresMs: nowMs + 60_000, owner: 'n', budgets: [] }
  const amount = 4_000_000_000n
  await store.hold({ ...held, amountNanoUsd: amount, amountMinNanoUsd: amount, sliceNanoUsd: null })
  const set = (limit: string) => run('accounts set', { account: 'post', credit_limit: limit })
  await assert.rejects(set('3.99'), { code: 'conflict', message: /cannot be less than 4\.00 USD/ })
  assert.equal((await set('4.00'))['credit_limit_nano_usd'], amount.toString())
  await assert.rejects(run('accounts set', { account: 'acme', credit_limit: '1.00' }), { code: 'conflict' })
  assert.equal((await run('ledger verify'))['ok'], true)
})

test('a closed account: what was given ends, what was paid is to be paid back, calls under way are settled', async (context) => {
  const { run, store, clock } = await open(context)
  await run('credits grant', { account: 'acme', usd: '5.00', kind: 'promo' })
  await run('credits grant', { account: 'acme', usd: '10.00' })
  await run('credits adjust', { account: 'acme', usd: '1.00', reason: 'goodwill' })
  const account = (await store.account('acme'))?.id ?? ''
  const nowMs = clock.nowMs()
  const of = { call: 'call_1', account, key: null, nowMs }
  const amounts = { amountNanoUsd: 2_000_000_000n, amountMinNanoUsd: 2_000_000_000n, sliceNanoUsd: null }
  await store.hold({ ...of, ...amounts, expiresMs: nowMs + 60_000, owner: 'n', budgets: [] })
  const closed = await run('accounts close', { account: 'acme' })
  assert.deepEqual(
    [closed['state'], closed['refundable_usd'], closed['held_nano_usd']],
    ['closed', '10.00', '2000000000'],
  )
  await store.settle({ ...of, chargeNanoUsd: 500_000_000n, priceHash: null, rule: 'r', upstreamCosts: [] })
  await store.expireLots(nowMs, 10)
  assert.equal((await run('credits balance', { account: 'acme' }))['balance_usd'], '11.00')
  await assert.rejects(run('credits grant', { account: 'acme', usd: '1.00' }), { code: 'conflict' })
  await assert.rejects(run('accounts resume', { account: 'acme' }), { code: 'conflict' })
  assert.equal((await run('ledger verify'))['ok'], true)
})
