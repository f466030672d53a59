import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleRecord } from '#base/sample-record.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const acme = { account: 'acme' }
const dollar = 1_000_000_000n

type Wanted = { readonly call: string; readonly usd: bigint; readonly model?: string }

const holdFor = async ({ store, clock }: Desk, { call, usd, model = 'kimi-k2' }: Wanted) => {
  const account = (await store.account('acme'))?.id ?? ''
  const nowMs = clock.nowMs()
  const amounts = { sliceNanoUsd: null, amountNanoUsd: usd * dollar, amountMinNanoUsd: usd * dollar }
  const of = { call, account, key: null, nowMs, expiresMs: nowMs + 60_000, owner: 'node_1', budgets: [] }
  return store.hold({ ...of, ...amounts, models: [[model]] })
}

const lotsOf = async (desk: Desk): Promise<readonly Record<string, unknown>[]> =>
  (await desk.run('credits list', acme))['data'] as Record<string, unknown>[]

test('credit for some models pays for those only, and is listed with what is left', async (context) => {
  const desk = await openDesk(context)
  await desk.run('credits grant', { ...acme, usd: '5.00', kind: 'promo', models: ['kimi-*'], expires: '30d' })
  assert.equal((await holdFor(desk, { call: 'call_1', usd: 1n, model: 'gpt-4.1' })).ok, false)
  assert.equal((await holdFor(desk, { call: 'call_2', usd: 4n })).ok, true)
  assert.equal((await holdFor(desk, { call: 'call_3', usd: 2n })).ok, false)
  desk.clock.advance(1)
  await desk.run('credits grant', { ...acme, usd: '1.00' })
  assert.equal((await holdFor(desk, { call: 'call_4', usd: 2n })).ok, true)
  assert.equal((await holdFor(desk, { call: 'call_5', usd: 1n, model: 'gpt-4.1' })).ok, false)
  const [scoped, paid] = await lotsOf(desk)
  assert.deepEqual([scoped?.['models'], scoped?.['state'], scoped?.['remaining_usd']], [['kimi-*'], 'open', '5.00'])
  assert.deepEqual([paid?.['models'], paid?.['paid_nano_usd']], [null, dollar.toString()])
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('what is taken back is what nobody holds; the rest when they have ended', async (context) => {
  const desk = await openDesk(context)
  const { lot } = await desk.run('credits grant', { ...acme, usd: '10.00' })
  await holdFor(desk, { call: 'call_1', usd: 4n })
  const first = await desk.run('credits revoke', { lot, reason: 'charged back' })
  assert.deepEqual([first['revoked_nano_usd'], first['kept_nano_usd']], [6n * dollar, 4n * dollar].map(String))
  const account = (await desk.store.account('acme'))?.id ?? ''
  const end = { call: 'call_1', account, key: null, nowMs: desk.clock.nowMs(), rule: 'r', upstreamCosts: [] }
  await desk.store.settle({ ...end, chargeNanoUsd: dollar, priceHash: null })
  const second = await desk.run('credits revoke', { lot, reason: 'charged back' })
  assert.deepEqual([second['revoked_nano_usd'], second['balance_usd']], [(3n * dollar).toString(), '0.00'])
  assert.equal((await lotsOf(desk))[0]?.['state'], 'revoked')
  await assert.rejects(desk.run('credits revoke', { lot: 'lot_none', reason: 'x' }), { code: 'not_found' })
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('a correction needs a reason, takes what is free and makes the rest debt, which the next credit pays', async (context) => {
  const desk = await openDesk(context)
  await desk.run('credits grant', { ...acme, usd: '2.00' })
  await assert.rejects(desk.run('credits adjust', { ...acme, usd: '-3.00' }), /'reason' is missing/)
  await assert.rejects(
    desk.run('credits adjust', { ...acme, usd: '0.00', reason: 'x' }),
    /'usd' must be more or less than nothing/,
  )
  assert.equal((await desk.run('credits adjust', { ...acme, usd: '-3.00', reason: 'fraud' }))['balance_usd'], '-1.00')
  assert.equal((await holdFor(desk, { call: 'call_1', usd: 1n })).ok, false)
  assert.equal((await desk.run('credits adjust', { ...acme, usd: '+1.50', reason: 'goodwill' }))['balance_usd'], '0.50')
  const trail = (await desk.run('trail list'))['data'] as { operation: string; after: { reason?: string } }[]
  const reasons = trail.filter(({ operation }) => operation === 'credits.adjust').map(({ after }) => after.reason)
  assert.deepEqual(reasons, ['fraud', 'goodwill'])
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('a bundle is worth more than was paid for it, and says so', async (context) => {
  const desk = await openDesk(context)
  const bundle = { ...acme, usd: '100.00', kind: 'bundle', models: ['kimi-k2'] }
  await desk.run('credits grant', { ...bundle, paid: '85.00' })
  const [lot] = await lotsOf(desk)
  assert.deepEqual([lot?.['kind'], lot?.['paid_nano_usd']], ['bundle', (85n * dollar).toString()])
  await assert.rejects(desk.run('credits grant', { ...bundle, paid: '101.00' }), /not more than the credit/)
  await assert.rejects(desk.run('credits grant', { ...acme, usd: '1', paid: '1' }), /belongs to a bundle/)
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('a call that is not in the log is told of by the books: that it runs, or what it came to', async (context) => {
  const desk = await openDesk(context)
  await desk.run('credits grant', { ...acme, usd: '5.00' })
  const explain = (id: string) => desk.run('explain list', { id })
  await holdFor(desk, { call: 'call_1', usd: 4n })
  await assert.rejects(explain('call_1'), {
    code: 'not_found',
    message: /'call_1' is under way, and 4\.00 USD is held/,
  })
  const account = (await desk.store.account('acme'))?.id ?? ''
  const end = { call: 'call_1', account, key: null, nowMs: desk.clock.nowMs(), rule: 'r', upstreamCosts: [] }
  await desk.store.settle({ ...end, chargeNanoUsd: dollar, priceHash: null })
  await assert.rejects(explain('call_1'), { message: /settled, 1\.00 USD charged of 4\.00 USD that was held/ })
  const { organisation = '' } = (await desk.store.account('acme')) ?? {}
  const others = await desk.run('accounts create', { name: 'other', billing: 'prepaid' })
  const seenBy = (tenant: { organisation: string; account: string }) =>
    desk.with({ name: 'person', scopes: ['read'], role: 'owner', tenant }, 'explain list', { id: 'call_1' })
  await assert.rejects(seenBy({ organisation, account }), /settled, 1\.00 USD charged/)
  const stranger = { organisation: String(others['organisation']), account: String(others['id']) }
  await assert.rejects(seenBy(stranger), /There is no call 'call_1'/)
  await assert.rejects(explain('call_2'), { code: 'not_found', message: /There is no call 'call_2'/ })
  await desk.store.append(sampleRecord({ id: 'call_1', account, organisation, timeMs: desk.clock.nowMs() }))
  const { books } = (await seenBy({ organisation, account })) as { books: Readonly<Record<string, unknown>> }
  assert.deepEqual([books['state'], books['charged_nano_usd']], ['settled', dollar.toString()])
})
