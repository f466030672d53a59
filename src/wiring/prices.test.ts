/** The price book as operators use it: over a real store and the tables that a relay would have. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { PricePorts } from '#admin/operation.ts'
import { firstIdAt } from '#base/id.ts'
import { nanoOf } from '#base/money.ts'
import { usageOf } from '#base/usage.ts'
import { catalogOf } from '#catalog/load.ts'
import { priceBookOf } from '#catalog/price-book.ts'
import { fxRatesOf, noWorld } from '#catalog/world.ts'
import { liveTable, testTable } from '#relay/model-rows.ts'
import { monthVolumes } from '#relay/month-volumes.ts'
import { sampleRoute } from '#relay/test-stage.ts'
import { sampleCall } from '#store/sample-rows.ts'
import type { Desk } from './test-desk.ts'
import { deskStartMs, openDesk } from './test-desk.ts'

const page = { url: 'https://acme.example/prices', read: '2026-11-01' }
const price = (input: string, output: string, more: object = {}) => ({
  currency: 'USD',
  input,
  output,
  source: 'page',
  ...more,
})
const acme = {
  vendor: 'acme',
  name: 'Acme',
  docs: page.url,
  sources: { page },
  models: [
    { id: 'anvil', family: 'iron', prices: [price('1.00', '4.00', { cached_input: '0.10' })], source: 'page' },
    { id: 'yuan', prices: [price('7.10', '71', { currency: 'CNY' })], source: 'page' },
    { id: 'bare', source: 'page' },
  ],
}
const fxRates = fxRatesOf({ source: page, per_usd: { CNY: [{ from: '2026-01-01', rate: '7.1' }] } })
const catalog = catalogOf([{ name: 'acme.json', text: JSON.stringify(acme) }], { ...noWorld, fxRates })

const openPrices = async (context: TestContext): Promise<Desk> => {
  let entries: Parameters<typeof priceBookOf>[0] = []
  const book = () => priceBookOf(entries, { world: catalog.world, rules: [], fxRates: [] })
  const input = () => ({
    catalog,
    providers: [{ name: 'acme', vendor: 'acme', region: null, price: null }],
    declared: [],
    route: sampleRoute,
    nowMs: deskStartMs,
    book: book(),
  })
  const volumes = monthVolumes()
  const accounts = new Map()
  const snapshot = () => ({
    accounts,
    pricing: { rules: book().rules, volumes },
    live: liveTable(input()),
    test: testTable(input()),
    keepBodies: false,
    limits: [],
    guards: [],
    keepDigests: false,
  })
  const prices: PricePorts = {
    catalog,
    snapshot,
    book,
    bookChanged: async () => {
      entries = await desk.store.priceEntries()
    },
  }
  const desk: Desk = await openDesk(context, { prices, models: () => [...new Set(snapshot().live.byName.values())] })
  return desk
}

type Explained = {
  readonly cost_usd: string | null
  readonly why: readonly string[]
  readonly example: readonly string[]
}

const explain = async (desk: Desk, model: string, more: object = {}): Promise<Explained> =>
  (await desk.run('prices explain', { model, ...more })) as unknown as Explained

test('a price that is set holds from its day on, stands above the list, and is taken back', async (context) => {
  const desk = await openPrices(context)
  // 1,000 x 1 + 500 x 4 dollars per million = 0.003
  assert.equal((await explain(desk, 'anvil')).cost_usd, '0.003')
  const set = await desk.run('prices set', {
    model: 'anvil',
    input: '2',
    output: '8',
    from: '2026-12-01',
    note: 'rise',
  })
  assert.equal((await explain(desk, 'anvil')).cost_usd, '0.003', 'not yet')
  const later = await explain(desk, 'anvil', { at: '2026-12-01' })
  assert.equal(later.cost_usd, '0.006')
  assert.ok(later.why.includes('a price that was set for the model'))
  await desk.run('prices set', { model: 'anvil', input: '3', output: '8', from: '2026-12-01', until: '2026-12-10' })
  assert.equal((await explain(desk, 'anvil', { at: '2026-12-09T23:59:59Z' })).cost_usd, '0.007', 'the newer revision')
  assert.equal((await explain(desk, 'anvil', { at: '2026-12-10' })).cost_usd, '0.006', 'what held before holds again')
  await desk.run('prices withdraw', { id: set['id'] })
  assert.equal((await explain(desk, 'anvil', { at: '2026-12-10' })).cost_usd, '0.003')
  const history = (await desk.run('prices history', { model: 'anvil' })) as { entries: { withdrawn: string | null }[] }
  assert.deepEqual(
    history.entries.map(({ withdrawn }) => withdrawn !== null),
    [true, false],
  )
  await assert.rejects(desk.run('prices withdraw', { id: set['id'] }), { code: 'not_found' })
})

test('an account pays its own price, a plan its own, and everybody else the list', async (context) => {
  const desk = await openPrices(context)
  await desk.run('prices set', { model: 'anvil', input: '0.5', output: '2', account: 'acme', from: '2026-01-01' })
  assert.equal((await explain(desk, 'anvil', { account: 'acme' })).cost_usd, '0.0015')
  assert.equal((await explain(desk, 'anvil')).cost_usd, '0.003')
})

test('nothing, zero and slips of the point are no prices; free is a word of its own', async (context) => {
  const desk = await openPrices(context)
  const refused = async (input: object, param: string): Promise<void> => {
    await assert.rejects(
      desk.run('prices set', { model: 'anvil', ...input }),
      (thrown: { detail: { param: string } }) => {
        assert.equal(thrown.detail.param, param)
        return true
      },
    )
  }
  await refused({}, 'input')
  await refused({ input: '0', output: '0' }, 'input')
  await refused({ input: '600', output: '2500' }, 'output')
  await refused({ input: '1', free: true }, 'free')
  await refused({ input: '1', from: '2026-12-02', until: '2026-12-01' }, 'until')
  await refused({ input: '1', account: 'acme', plan: 'pro' }, 'plan')
  await refused({ input: '1', list: 'nobody' }, 'list')
  await desk.run('prices set', { model: 'anvil', input: '600', output: '2500', yes: true })
  await desk.run('prices set', { model: 'anvil', free: true })
  assert.equal((await explain(desk, 'anvil')).cost_usd, '0.00')
  await assert.rejects(desk.run('prices set', { model: 'anvl', input: '1' }), /Did you mean anvil/)
})

test('a markup by an alias is of its model; one for what there is not is refused, or told', async (context) => {
  const desk = await openPrices(context)
  await desk.run('plans create', { name: 'pro', rpm: 5 })
  const set = (more: object) => desk.run('markups set', { name: 'm', percent: '20', ...more })
  const refused = (more: object, param: string) =>
    assert.rejects(set(more), (thrown: { detail: { param: string } }) => thrown.detail.param === param)
  await refused({ model: 'anvl' }, 'model')
  await refused({ plan: 'prp' }, 'plan')
  await refused({ from: '2026-12-02', until: '2026-12-01' }, 'until')
  assert.deepEqual((await set({ plan: 'pro', vendor: 'acme' }))['warnings'], [])
  const { warnings } = await set({ family: ['nothing-such'], vendor: 'nobody' })
  assert.match(String(warnings), /no model is of the family 'nothing-such'.*no model is of the vendor 'nobody'/is)
  const credit = { account: 'acme', usd: '1.00' }
  assert.deepEqual((await desk.run('credits grant', { ...credit, models: ['anvil', 'anv*'] }))['warnings'], [])
  assert.match(
    String((await desk.run('credits grant', { ...credit, models: ['anvl', 'zz*'] }))['warnings']),
    /no model 'anvl' here now.*Did you mean 'anvil'.*no model whose name begins with 'zz\*'/,
  )
  const budget = await desk.run('budgets set', { ...credit, period: 'day', model: 'anvl' })
  assert.match(String(budget['warnings']), /the budget holds for nothing/)
  const key = (more: object) => desk.run('keys create', { account: 'acme', name: 'k', ...more })
  assert.deepEqual((await key({ admin: true, expires: '1h' }))['warnings'], [])
  assert.match(
    String((await key({ admin: true, rpm: 4, models: ['anvil'] }))['warnings']),
    /models, rpm hold for nothing/,
  )
  assert.match(String((await key({ provider: 'nowhere' }))['warnings']), /no provider 'nowhere' here now/)
})

test('markups and discounts are shown with the arithmetic; a yuan list is turned into dollars', async (context) => {
  const desk = await openPrices(context)
  await desk.run('markups set', { name: 'resale', percent: '20', vendor: 'acme' })
  await desk.run('markups set', { name: 'friends', kind: 'discount', percent: '15', account: 'acme' })
  const own = await explain(desk, 'anvil', { account: 'acme' })
  // 0.003 x 1.2 x 0.85
  assert.equal(own.cost_usd, '0.00306')
  assert.ok(own.example.includes('markup resale: x (1 + 20%)'))
  assert.ok(own.example.includes('discount friends: x (1 - 15%)'))
  const yuan = await explain(desk, 'yuan')
  // (1,000 x 7.10 + 500 x 71) / 1,000,000 / 7.1 = 0.006 dollars
  assert.equal(yuan.cost_usd, '0.006')
  await desk.run('fx set', { per_usd: '7.0', from: '2026-11-01', source: 'the bank' })
  assert.equal((await explain(desk, 'yuan')).cost_usd, '0.006085714')
  await assert.rejects(desk.run('fx set', { per_usd: '0.14' }), /a slip/)
  assert.equal((await explain(desk, 'bare')).cost_usd, null)
})

test('compare: official and ours, the saving, in dollars and yuan', async (context) => {
  const desk = await openPrices(context)
  await desk.run('prices set', { model: 'anvil', input: '0.65', cached_input: '0.10', output: '5' })
  const { data } = (await desk.run('prices compare', { models: ['anvil'] })) as { data: readonly object[] }
  assert.deepEqual(data, [
    {
      model: 'anvil',
      vendor: 'acme',
      family: 'iron',
      official_usd: { input: '1.00', cached_input: '0.10', output: '4.00' },
      official_cny: null,
      ours_usd: { input: '0.65', cached_input: '0.10', output: '5.00' },
      ours_cny: { input: '4.615', cached_input: '0.71', output: '35.50' },
      saving_percent: { input: '35.00', cached_input: '0.00', output: '-25.00' },
      source: page.url,
      read: page.read,
    },
  ])
})

test('a model with a list in yuan is compared in the yuan of its list', async (context) => {
  const desk = await openPrices(context)
  const { data } = (await desk.run('prices compare', { models: ['yuan'] })) as {
    data: readonly { official_cny: object; ours_cny: object; ours_usd: object; saving_percent: object }[]
  }
  const yuan = { input: '7.10', cached_input: null, output: '71.00' }
  assert.deepEqual([data[0]?.official_cny, data[0]?.ours_cny], [yuan, yuan])
  assert.deepEqual(data[0]?.ours_usd, { input: '1.00', cached_input: null, output: '10.00' })
  assert.deepEqual(data[0]?.saving_percent, { input: '0.00', cached_input: null, output: '0.00' })
})

const genai = (input: number, output: number) =>
  JSON.stringify([
    { id: 'acme', models: [{ id: 'anvil', match: {}, prices: { input_mtok: input, output_mtok: output } }] },
  ])
const dev = (input: number, output: number) =>
  JSON.stringify({ acme: { models: { anvil: { cost: { input, output } }, bare: { cost: { input: 9, output: 9 } } } } })

type Applied = {
  readonly applied: { model: string }[]
  readonly left: { model: string; verdict: string; why: string }[]
}

test('tables are proposals: what two agree on is applied, what they differ on is left with the reason', async (context) => {
  const desk = await openPrices(context)
  const importing = (content: string) => desk.run('prices import', { content, read: '2026-11-20' })
  await assert.rejects(desk.run('prices diff'), { code: 'conflict' })
  await importing(genai(1.2, 4))
  await importing(dev(1.2, 6))
  const first = (await desk.run('prices apply')) as unknown as Applied
  assert.deepEqual(first.applied, [], 'they differ on the output')
  assert.match(first.left.find(({ model }) => model === 'anvil')?.why ?? '', /output: the tables differ/)
  assert.equal((await explain(desk, 'anvil')).cost_usd, '0.003')
  await importing(dev(1.2, 4.02))
  const second = (await desk.run('prices apply')) as unknown as Applied
  assert.deepEqual(
    second.applied.map(({ model }) => model),
    ['acme/anvil'],
  )
  assert.equal((await explain(desk, 'anvil')).cost_usd, '0.0032', '1,000 x 1.2 + 500 x 4')
  await assert.rejects(desk.run('prices apply', { models: ['acme/bare'] }), /--yes/)
  await assert.rejects(desk.run('prices apply', { models: ['acme/none'], yes: true }), { code: 'not_found' })
  const named = (await desk.run('prices apply', { models: ['acme/bare'], yes: true })) as unknown as Applied
  assert.deepEqual(
    named.applied.map(({ model }) => model),
    ['acme/bare'],
  )
  await importing(genai(1200, 4))
  await importing(dev(1200, 4))
  const slip = (await desk.run('prices apply', { models: ['acme/anvil'], yes: true })) as unknown as Applied
  assert.equal(slip.left.find(({ model }) => model === 'anvil')?.verdict, 'refuse', 'named or not')
  await assert.rejects(importing('{"a": 1}'), /no table that is known/)
})

const settled = async (desk: Desk, id: string, costUsd: string): Promise<void> => {
  const account = (await desk.store.account('acme'))?.id ?? ''
  const usage = usageOf({ input: 1_000, output: 500 })
  const chargeNanoUsd = nanoOf(costUsd)
  const call = sampleCall(id, {
    account,
    key: 'key_1',
    model: 'anvil',
    usage,
    costNanoUsd: chargeNanoUsd,
    timeMs: deskStartMs,
  })
  await desk.store.append(call)
  const facts = { account, key: null, nowMs: deskStartMs, priceHash: null, rule: 'r', upstreamCosts: [] }
  await desk.store.settle({ ...facts, call: id, chargeNanoUsd })
}

test('rerate: a dry run books nothing, applying books the difference once, and the books stay proven', async (context) => {
  const desk = await openPrices(context)
  await desk.run('credits grant', { account: 'acme', usd: '1.00' })
  await settled(desk, `${firstIdAt('call', deskStartMs)}a`, '0.003')
  await settled(desk, `${firstIdAt('call', deskStartMs)}b`, '0.005')
  const period = { from: '2026-11-22', until: '2026-11-23' }
  const balance = async () => (await desk.run('credits balance', { account: 'acme' }))['balance_nano_usd']
  const before = nanoOf('1') - nanoOf('0.008')
  assert.equal(await balance(), before.toString())
  const dry = await desk.run('rerate run', period)
  assert.deepEqual([dry['calls'], dry['changed'], dry['difference_usd']], [2, 1, '-0.002'])
  assert.equal(await balance(), before.toString(), 'nothing is booked')
  await desk.run('rerate run', { ...period, apply: true })
  assert.equal(await balance(), (before + nanoOf('0.002')).toString())
  const booksOf = async (call: string) =>
    (await desk.run('explain list', { id: `${firstIdAt('call', deskStartMs)}${call}` }))['books'] as Record<
      string,
      string
    >
  assert.equal((await booksOf('b'))['charged_nano_usd'], nanoOf('0.005').toString())
  assert.equal((await booksOf('b'))['rerated_nano_usd'], nanoOf('0.003').toString(), 'the story goes on')
  assert.equal((await booksOf('a'))['rerated_nano_usd'], null)
  const again = await desk.run('rerate run', { ...period, apply: true })
  assert.deepEqual([again['changed'], again['difference_usd']], [0, '0.00'], 'never twice')
  await desk.run('prices set', { model: 'anvil', input: '2', output: '8', from: '2026-11-01' })
  await Promise.all([1, 2, 3].map(() => desk.run('rerate run', { ...period, apply: true })))
  // Both calls cost 0.006 now.
  assert.equal(await balance(), (nanoOf('1') - nanoOf('0.012')).toString())
  assert.deepEqual((await desk.store.verifyBooks(deskStartMs)).problems, [])
})
