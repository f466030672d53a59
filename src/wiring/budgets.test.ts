import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '#base/event.ts'
import { silentLog } from '#base/log.ts'
import { keepBooks } from '#job/keep-books.ts'
import type { Budget } from '#ledger/port.ts'
import { sampleKey } from '#policy/sample-key.ts'
import { budgetsFor } from '#relay/paying.ts'
import { makeSeal } from '#secret/seal.ts'
import { credentialVault } from './credential-vault.ts'
import { loadCustomers } from './customers.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const acme = { account: 'acme' }
const cent = 10_000_000n

/** Holds and settles one call of this many cents against the budgets. */
const spend = async (
  { store, clock }: Desk,
  call: string,
  { cents, budgets }: { cents: bigint; budgets: Budget[] },
) => {
  const account = (await store.account('acme'))?.id ?? ''
  const nowMs = clock.nowMs()
  const amounts = { amountNanoUsd: cents * cent, amountMinNanoUsd: cents * cent, sliceNanoUsd: null }
  const of = { call, account, key: null, nowMs }
  const held = await store.hold({ ...of, ...amounts, expiresMs: nowMs + 60_000, owner: 'node_1', budgets })
  if (held.ok) await store.settle({ ...of, chargeNanoUsd: cents * cent, priceHash: null, rule: 'r', upstreamCosts: [] })
  return held
}

const budgetOf = async ({ store }: Desk, id: unknown): Promise<Budget> => {
  const found = await store.budget(String(id))
  assert.ok(found)
  return { ...found, name: found.id, label: 'the test' }
}

test('thresholds are written once a period, told once, and again in the next', async (context) => {
  const desk = await openDesk(context)
  await desk.run('credits grant', { ...acme, usd: '100.00' })
  const set = await desk.run('budgets set', { ...acme, usd: '1.00', period: 'day', thresholds: [50, 80, 100] })
  const budgets = [await budgetOf(desk, set['id'])]
  for (const call of ['call_1', 'call_2', 'call_3']) await spend(desk, call, { cents: 30n, budgets })
  const refused = await spend(desk, 'call_4', { cents: 30n, budgets })
  assert.ok(!refused.ok && refused.reason === 'budget' && refused.availableNanoUsd === 10n * cent)
  const reached = async () =>
    ((await desk.run('budgets events', acme))['data'] as Record<string, unknown>[]).map(
      ({ threshold, spent_usd, told }) => [threshold, spent_usd, told !== null],
    )
  assert.deepEqual((await reached()).sort(), [
    [50, '0.60', false],
    [80, '0.90', false],
  ])
  const told: Pick<Event, 'id' | 'object' | 'figure'>[] = []
  const emit = (event: Pick<Event, 'object' | 'figure'> & { id?: string }): void =>
    void told.push({ id: event.id ?? '', object: event.object, figure: event.figure })
  const { store, clock } = desk
  const keeping = await keepBooks({ books: store, owner: 'node_1', emit, clock, log: silentLog })
  context.after(() => keeping.close())
  const round = async (): Promise<void> => {
    clock.advance(10_000)
    while ((await store.untoldCrossings(10)).length > 0) await new Promise(setImmediate)
  }
  await round()
  await round()
  assert.deepEqual(told.map(({ object, figure }) => [object, figure]).sort(), [
    [set['id'], 50],
    [set['id'], 80],
  ])
  assert.equal(new Set(told.map(({ id }) => id)).size, 2)
  clock.advance(86_400_000)
  await spend(desk, 'call_5', { cents: 100n, budgets })
  assert.equal((await reached()).length, 5)
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('a lower limit tells at once what it finds reached; the count stays with the budget', async (context) => {
  const desk = await openDesk(context)
  await desk.run('credits grant', { ...acme, usd: '100.00' })
  const first = await desk.run('budgets set', { ...acme, usd: '10.00', period: 'total' })
  await spend(desk, 'call_1', { cents: 400n, budgets: [await budgetOf(desk, first['id'])] })
  assert.deepEqual((await desk.run('budgets events'))['data'], [])
  const second = await desk.run('budgets set', { ...acme, usd: '5.00', period: 'total' })
  assert.deepEqual([second['id'], second['left_usd'], second['resets']], [first['id'], '1.00', null])
  assert.equal(((await desk.run('budgets events'))['data'] as unknown[]).length, 2)
  const refused = await spend(desk, 'call_2', { cents: 101n, budgets: [await budgetOf(desk, first['id'])] })
  assert.ok(!refused.ok && refused.reason === 'budget' && refused.resetsMs === null)
  await desk.run('budgets remove', { id: first['id'] })
  assert.deepEqual((await desk.run('budgets list'))['data'], [])
  await assert.rejects(desk.run('budgets remove', { id: first['id'] }), { code: 'not_found' })
})

test('what is under way while a limit is lowered is measured by the lower one: what more it may hold, and what its end reaches', async (context) => {
  const desk = await openDesk(context)
  const { store, clock } = desk
  await desk.run('credits grant', { ...acme, usd: '100.00' })
  const day = await desk.run('budgets set', { ...acme, usd: '10.00', period: 'day' })
  const total = await desk.run('budgets set', { ...acme, usd: '50.00', period: 'total' })
  const budgets = [await budgetOf(desk, day['id']), await budgetOf(desk, total['id'])]
  const account = (await store.account('acme'))?.id ?? ''
  const nowMs = clock.nowMs()
  const of = { call: 'call_1', account, key: null, nowMs }
  const amounts = { amountNanoUsd: 300n * cent, amountMinNanoUsd: 0n, sliceNanoUsd: null }
  await store.hold({ ...of, ...amounts, expiresMs: nowMs + 60_000, owner: 'node_1', budgets })
  await store.hold({ ...of, ...amounts, call: 'call_2', expiresMs: nowMs + 60_000, owner: 'node_1', budgets: [] })
  await desk.run('budgets set', { ...acme, usd: '5.00', period: 'day' })
  const more = { ...of, addNanoUsd: 400n * cent, addMinNanoUsd: 0n, expiresMs: null, begun: true, provenNanoUsd: null }
  const extended = await store.extend(more)
  assert.ok(extended.ok)
  assert.deepEqual([extended.amountNanoUsd, extended.cappedBy], [500n * cent, 'budget'])
  const other = await store.extend({ ...more, call: 'call_2' })
  assert.ok(other.ok && other.amountNanoUsd === 700n * cent, 'a call without this budget is not touched')
  await store.settle({ ...of, chargeNanoUsd: 450n * cent, priceHash: null, rule: 'r', upstreamCosts: [] })
  const events = (await desk.run('budgets events'))['data'] as readonly Record<string, unknown>[]
  assert.deepEqual(
    events.map((one) => [one['budget'], one['threshold'], one['limit_usd']]).sort(),
    [
      [day['id'], 50, '5.00'],
      [day['id'], 80, '5.00'],
    ].sort(),
  )
  await desk.run('budgets set', { ...acme, usd: '4.50', period: 'day' })
  assert.equal(((await desk.run('budgets events'))['data'] as unknown[]).length, 3, 'the whole of it is reached')
  assert.equal((await desk.run('ledger verify'))['ok'], true)
})

test('a call is held against every budget that it falls under, and none else', async (context) => {
  const desk = await openDesk(context)
  const { run, store } = desk
  await run('projects create', { ...acme, name: 'search' })
  await run('members add', { ...acme, mail: 'ana@example.com' })
  const key = await run('keys create', { ...acme, name: 'one', project: 'search', member: 'ana@example.com' })
  const wanted = { ...acme, usd: '1.00', period: 'day' }
  const ids = {
    all: await run('budgets set', wanted),
    project: await run('budgets set', { ...wanted, project: 'search' }),
    other: await run('budgets set', { ...wanted, project: 'default' }),
    member: await run('budgets set', { ...wanted, member: 'ana@example.com' }),
    key: await run('budgets set', { ...wanted, key: String(key['id']) }),
    kimi: await run('budgets set', { ...wanted, model: 'kimi-*' }),
    gpt: await run('budgets set', { ...wanted, model: 'gpt-4.1' }),
  }
  await assert.rejects(run('budgets set', { ...wanted, key: 'one', project: 'search' }), /name one of them/)
  const facts = (await store.load()).values().toArray()[0]
  assert.ok(facts)
  const vault = credentialVault(
    makeSeal(new Uint8Array(32), { bytes: (size) => new Uint8Array(size) }, 'own credentials'),
  )
  const { budgets } = await loadCustomers({ store, vault }, silentLog)
  const tables = Map.groupBy(budgets, ({ subject }) => subject)
  const row = { id: 'kimi-k2', aliases: [], targets: [], origin: 'catalog' } as never
  const names = budgetsFor(facts, [row], tables).map(({ name }) => name)
  const expected = [ids.all, ids.project, ids.member, ids.key, ids.kimi].map(({ id }) => id)
  assert.deepEqual(names.sort(), expected.sort())
  assert.deepEqual(budgetsFor(sampleKey(), [row], tables), [])
})

test('a key that is rotated goes on in its budgets where the one before it stands', async (context) => {
  const desk = await openDesk(context)
  await desk.run('credits grant', { ...acme, usd: '100.00' })
  const budget = { budget: '1.00', budget_period: 'day' }
  const first = await desk.run('keys create', { ...acme, name: 'ci', ...budget })
  const set = await desk.run('budgets set', { ...acme, key: 'ci', usd: '0.50', period: 'total' })
  const budgetsOf = async (id: unknown): Promise<Budget[]> => {
    const key = await desk.store.key(String(id))
    assert.ok(key)
    const budgets = await desk.store.budgets({ limit: 10, after: null, organisation: null })
    return [...budgetsFor(key, [], new Map([[budgets[0]?.subject ?? '', budgets]]))]
  }
  await spend(desk, 'call_1', { cents: 40n, budgets: await budgetsOf(first['id']) })
  const second = await desk.run('keys rotate', { id: 'ci' })
  const third = await desk.run('keys rotate', { id: second['id'] })
  assert.deepEqual((await desk.store.key(String(third['id'])))?.earlier, [first['id'], second['id']])
  const budgets = await budgetsOf(third['id'])
  assert.deepEqual(
    budgets.map(({ name, limitNanoUsd }) => [name, limitNanoUsd]),
    [
      [`key:${String(first['id'])}`, 100n * cent],
      [set['id'], 50n * cent],
    ],
  )
  const refused = await spend(desk, 'call_2', { cents: 20n, budgets })
  assert.ok(!refused.ok && refused.reason === 'budget' && refused.availableNanoUsd === 10n * cent)
  const again = await desk.run('budgets set', { ...acme, key: String(third['id']), usd: '2.00', period: 'total' })
  assert.equal(again['id'], set['id'], 'the same subject, and so the same budget')
})
