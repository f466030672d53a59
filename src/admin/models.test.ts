import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PriceRule } from '#base/price-rule.ts'
import { samplePriceRow } from '#base/sample-price-row.ts'
import type { Actor } from './operation.ts'
import { operations } from './operations.ts'
import { runOperation } from './run.ts'
import { testContext } from './test-store.ts'

const paid = samplePriceRow(
  { input: 1_000_000_000n, output: 4_000_000_000n },
  { model: 'kimi-k2.6', vendor: 'moonshot', source: 'https://vendor.example/pricing', read: '2026-11-01' },
)

const markup: PriceRule = {
  name: 'ours',
  kind: 'markup',
  basisPoints: 2_500,
  scope: { account: null, plan: null, model: null, families: null, vendor: null },
  volumeMinNanoUsd: null,
  fromMs: null,
  untilMs: null,
}

const customer: Actor = {
  name: 'person:per_1',
  scopes: ['read'],
  role: 'owner',
  tenant: { organisation: 'org_1', account: 'acc_1' },
}

test('customers see what they are charged, and never the rates and the source under it', async () => {
  const { context, ports } = testContext()
  const models = ports.models().map((row) => ({ ...row, priceRows: [paid] }))
  const { pricing, ...rest } = ports.prices.snapshot()
  const snapshot = () => ({ ...rest, pricing: { ...pricing, rules: [markup] } })
  const selling = { ...ports, models: () => models, prices: { ...ports.prices, snapshot } }
  const ask = async (verb: string, input: object, actor: Actor = customer) => {
    const operation = operations.find((one) => one.noun === 'models' && one.verb === verb)
    assert.ok(operation !== undefined)
    return JSON.stringify(await runOperation(operation, input, { ...context, actor, ports: selling }))
  }
  const price = { currency: 'USD', input: '1.25', cached_input: null, output: '5.00', per_call: null, from: null }
  for (const told of [await ask('list', {}), await ask('show', { id: 'kimi-k2' })]) {
    assert.ok(told.includes(JSON.stringify({ ...price, source: 'this server' })), told)
    assert.ok(!told.includes('vendor.example') && !told.includes('"targets":[{'), told)
  }
  assert.match(await ask('list', {}, context.actor), /"input":"1.00".*vendor\.example/)
})

test('everybody sees what the vendor asks, what is saved against it, and whether the model is there, by its targets and by its calls, as the public page has it', async () => {
  const { context, ports } = testContext()
  const models = ports.models().map((row) => ({
    ...row,
    priceRows: [paid],
    officialRows: [{ ...paid, rates: { ...paid.rates, input: 2_000_000_000n } }],
  }))
  const away = (reason: 'failing' | null) => ({ away: reason })
  const standing = (reasons: readonly ('failing' | null)[]) => [{ targets: reasons.map(away) }] as never
  for (const [reasons, failed, state] of [
    [[null, null], 0, 'up'],
    [[null, 'failing'], 0, 'degraded'],
    [['failing', 'failing'], 0, 'down'],
    [[null, null], 1, 'degraded'],
    [[null, null], 12, 'down'],
  ] as const) {
    const availability = { recent: () => ({ answered: 12, failed }) }
    const routing = { ...ports.routing, routes: () => standing(reasons) }
    const operation = operations.find((one) => one.noun === 'models' && one.verb === 'list')
    assert.ok(operation !== undefined)
    const told = await runOperation(
      operation,
      {},
      { ...context, actor: customer, ports: { ...ports, models: () => models, routing, availability } },
    )
    const [first] = (told as { readonly data: readonly Record<string, unknown>[] }).data
    assert.equal(first?.['state'], state)
    const official = first?.['official'] as Readonly<Record<string, Readonly<Record<string, unknown>>>>
    assert.deepEqual([official['usd']?.['input'], official['saving_percent']?.['input']], ['2.00', '50.00'])
  }
})
