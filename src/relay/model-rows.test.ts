import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { catalogOf } from '#catalog/load.ts'
import { priceBookOf } from '#catalog/price-book.ts'
import { noWorld } from '#catalog/world.ts'
import type { ModelTable } from '#policy/choose.ts'
import { chooseModel, findModel } from '#policy/choose.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { KnownProvider, TableInput } from './model-rows.ts'
import { liveTable, sandboxProvider, testTable } from './model-rows.ts'
import { sampleModel, samplePrice, sampleRoute } from './test-stage.ts'

const page = { url: 'https://acme.example', read: '2026-11-22' }
const end = { lifecycle_source: 'page', source: 'page' }
const price = (input: string, output: string) => [{ currency: 'USD', input, output, source: 'page' }]

const acme = {
  vendor: 'acme',
  name: 'Acme',
  docs: page.url,
  sources: { page },
  models: [
    {
      id: 'anvil-4',
      aliases: ['anvil'],
      other_ids: ['anvil-4-0101'],
      family: 'anvil-forged',
      context_tokens: 128_000,
      output_tokens_max: 8_000,
      prices: price('1.00', '4.00'),
      source: 'page',
    },
    { id: 'anvil-3', retires: '2026-06-01', successor: 'anvil-4', redirects: true, ...end },
    { id: 'anvil-2', retires: '2026-01-01', successor: 'anvil-3', ...end },
  ],
}
const barn = {
  vendor: 'barn',
  name: 'Barn',
  host: true,
  docs: page.url,
  sources: { page },
  models: [
    { id: 'anvil-4', prices: price('9.00', '9.00'), source: 'page' },
    { id: 'acme/anvil-4', source: 'page' },
    { id: 'acme/saw', source: 'page' },
    { id: 'plough', source: 'page' },
  ],
}
const catalog = catalogOf([acme, barn].map((file) => ({ name: `${file.vendor}.json`, text: JSON.stringify(file) })))

const provider = (name: string, changes: Partial<KnownProvider> = {}): KnownProvider => ({
  name,
  vendor: name,
  region: null,
  price: null,
  ...changes,
})

const input = (changes: Partial<TableInput> = {}): TableInput => ({
  catalog,
  providers: [provider('acme'), provider('barn')],
  declared: [],
  route: sampleRoute,
  nowMs: Date.parse('2026-11-22T00:00:00Z'),
  book: priceBookOf([], { world: noWorld, rules: [], fxRates: [] }),
  ...changes,
})

const everything = { models: null }
const rowOf = (table: ModelTable, name: string): ModelRow => {
  const row = findModel(table, name)
  assert.ok(row !== null, `${name} is unknown`)
  return row
}
const way = (table: ModelTable, name: string): string[] =>
  rowOf(table, name).targets.map((target) => `${target.provider}:${target.model}`)
const outputRate = (row: ModelRow): bigint | string | null | undefined =>
  row.priceRows === 'free' ? 'free' : row.priceRows[0]?.rates.output

test('every name of a configured vendor answers, an alias under the id that the vendor wants', () => {
  const table = liveTable(input({ providers: [provider('acme')] }))
  assert.deepEqual([...table.byName.keys()].sort(), ['anvil', 'anvil-3', 'anvil-4', 'anvil-4-0101'])
  assert.deepEqual(way(table, 'anvil'), ['acme:anvil-4'])
  assert.deepEqual(way(table, 'anvil-4-0101'), ['acme:anvil-4-0101'])
  assert.equal(rowOf(table, 'anvil'), rowOf(table, 'anvil-4'))
  const { contextTokens, outputTokensMax, ownedBy, origin, route } = rowOf(table, 'anvil')
  assert.deepEqual([contextTokens, outputTokensMax, ownedBy, origin], [128_000, 8_000, 'acme', 'catalog'])
  assert.equal(route, sampleRoute)
})

test('makers go before hosts, in whatever order they are written', () => {
  const table = liveTable(input({ providers: [provider('barn'), provider('acme')] }))
  assert.deepEqual(way(table, 'anvil-4'), ['acme:anvil-4'])
  assert.deepEqual(way(table, 'plough'), ['barn:plough'])
  assert.deepEqual(way(liveTable(input({ providers: [provider('barn')] })), 'anvil-4'), ['barn:anvil-4'])
})

test('what the operator declares wins over the catalog, and an id over an alias', () => {
  const declared = [
    sampleModel([{ provider: 'barn', model: 'plough' }], { id: 'anvil-4', aliases: ['best', 'cheap'] }),
    sampleModel([{ provider: 'acme', model: 'anvil-4' }], { id: 'cheap' }),
  ]
  const table = liveTable(input({ declared }))
  assert.deepEqual(way(table, 'anvil-4'), ['barn:plough'])
  assert.deepEqual(way(table, 'best'), ['barn:plough'])
  assert.deepEqual(way(table, 'cheap'), ['acme:anvil-4'])
  assert.deepEqual(way(table, 'anvil'), ['acme:anvil-4'])
  assert.equal(rowOf(table, 'best').origin, 'yaml')
})

test('provider/model is split at the first slash; the name may have more of them', () => {
  const table = liveTable(input())
  assert.deepEqual(way(table, 'barn/acme/anvil-4'), ['barn:acme/anvil-4'])
  assert.deepEqual(way(table, 'acme/unheard-of'), ['acme:unheard-of'])
  const { id, origin, priceRows } = rowOf(table, 'acme/unheard-of')
  assert.deepEqual([id, origin, priceRows], ['acme/unheard-of', 'direct', []])
  for (const name of ['nobody/anvil-4', '/anvil-4', 'acme/', 'anvil-9']) assert.equal(findModel(table, name), null)
})

test('behind its provider a name of our own goes out under the id that the vendor wants', () => {
  const table = liveTable(input())
  assert.deepEqual(way(table, 'acme/anvil'), ['acme:anvil-4'])
  assert.deepEqual(way(table, 'acme/anvil-4-0101'), ['acme:anvil-4-0101'])
  // A redirected name is somebody's explicit wish here, and goes as it was written.
  assert.deepEqual([way(table, 'acme/anvil-3'), rowOf(table, 'acme/anvil-3').notice], [['acme:anvil-3'], undefined])
})

test("a host's maker/model means the maker, where it is configured and has the model", () => {
  const both = liveTable(input({ providers: [provider('barn'), provider('acme')] }))
  assert.deepEqual(way(both, 'acme/anvil-4'), ['acme:anvil-4'])
  assert.equal(outputRate(rowOf(both, 'acme/anvil-4')), 4_000_000_000n)
  assert.deepEqual(way(both, 'acme/saw'), ['barn:acme/saw'])
  const host = liveTable(input({ providers: [provider('barn')] }))
  assert.deepEqual(way(host, 'acme/anvil-4'), ['barn:acme/anvil-4'])
})

test('a retired name is refused with day and successor, by itself and behind its provider', () => {
  const table = liveTable(input())
  for (const name of ['anvil-2', 'acme/anvil-2']) {
    const refusal = chooseModel(table, name, everything)
    assert.ok(refusal instanceof Problem)
    assert.equal(refusal.code, 'model_retired')
    assert.deepEqual(refusal.detail.facts, { successor: 'anvil-4', date: '2026-01-01' })
  }
  const before = liveTable(input({ nowMs: Date.parse('2025-12-31T23:59:59Z') }))
  assert.deepEqual(way(before, 'anvil-2'), ['acme:anvil-2'])
})

test('a redirected name is answered by its successor, and the caller is told', () => {
  const table = liveTable(input())
  const row = rowOf(table, 'anvil-3')
  assert.deepEqual([row.id, row.notice], ['anvil-3', 'retired 2026-06-01; anvil-4 answers'])
  assert.deepEqual(way(table, 'anvil-3'), ['acme:anvil-4'])
  assert.equal(rowOf(table, 'anvil-4').notice, undefined)
})

test('an operator may use an id that its vendor has retired', () => {
  const declared = [sampleModel([{ provider: 'acme', model: 'anvil-2' }], { id: 'anvil-2' })]
  assert.deepEqual(way(liveTable(input({ declared })), 'anvil-2'), ['acme:anvil-2'])
})

test('the price is what is declared, else what the catalog says of the first target', () => {
  const target = { provider: 'acme', model: 'anvil-4' }
  const other = { provider: 'barn', model: 'plough' }
  const declared = [
    sampleModel([target], { id: 'declared', price: samplePrice }),
    sampleModel([target, other], { id: 'of-first', price: null }),
    sampleModel([other, target], { id: 'unpriced', price: null }),
    sampleModel([target], { id: 'gratis', price: 'free' }),
  ]
  const table = liveTable(input({ declared }))
  assert.equal(outputRate(rowOf(table, 'declared')), 2_000_000_000n)
  assert.equal(outputRate(rowOf(table, 'of-first')), 4_000_000_000n)
  assert.deepEqual(rowOf(table, 'unpriced').priceRows, [])
  assert.equal(outputRate(rowOf(table, 'gratis')), 'free')
  assert.equal(outputRate(rowOf(table, 'anvil')), 4_000_000_000n)
  assert.equal(outputRate(rowOf(table, 'barn/anvil-4')), 9_000_000_000n)
})

test('what the operator pays is the cost of the target, else the catalog of its vendor', () => {
  const declared = [
    sampleModel(
      [
        { provider: 'acme', model: 'anvil-4' },
        { provider: 'acme', model: 'anvil-4', cost: samplePrice },
        { provider: 'acme', model: 'anvil-4', cost: 'free' },
      ],
      { id: 'declared' },
    ),
  ]
  const costs = rowOf(liveTable(input({ declared })), 'declared').targets.map(({ costRows }) => costRows)
  assert.deepEqual(
    costs.map((rows) => rows[0]?.rates.output),
    [4_000_000_000n, 2_000_000_000n, undefined],
  )
})

test("a cost that is declared of a provider's model holds under the provider's own name for it, which a migration asks", () => {
  const declared = [
    sampleModel([{ provider: 'acme', model: 'hammer', cost: samplePrice }], { id: 'first' }),
    sampleModel([{ provider: 'acme', model: 'hammer', cost: 'free' }], { id: 'second' }),
  ]
  const table = liveTable(input({ declared }))
  const costOf = (name: string) => findModel(table, name)?.targets[0]?.costRows.map(({ rates }) => rates.output)
  assert.deepEqual(costOf('acme/hammer'), [2_000_000_000n])
  assert.deepEqual(costOf('acme/other'), [])
  assert.deepEqual(costOf('acme/anvil-4'), [4_000_000_000n])
})

test('every model of a provider that is free on purpose is free, unless a price is declared', () => {
  const providers = [provider('home', { vendor: 'acme', price: 'free', region: 'eu' })]
  const declared = [
    sampleModel([{ provider: 'home', model: 'anvil-4' }], { id: 'sold' }),
    sampleModel([{ provider: 'home', model: 'anvil-4' }], { id: 'given', price: null }),
  ]
  const table = liveTable(input({ providers, declared }))
  assert.deepEqual(
    ['sold', 'given', 'anvil', 'home/whatever'].map((name) => outputRate(rowOf(table, name))),
    [2_000_000_000n, 'free', 'free', 'free'],
  )
  assert.equal(rowOf(table, 'sold').targets[0]?.region, 'eu')
})

test('test keys may call every name of the catalog and of the operator, and the sandbox answers all of it', () => {
  const declared = [sampleModel([{ provider: 'mine', model: 'x' }], { id: 'house', aliases: ['home'] })]
  const providers = [provider('mine', { vendor: 'openai-compatible' })]
  const table = testTable(input({ providers, declared }))
  const names = ['anvil', 'anvil-4-0101', 'anvil-3', 'plough', 'house', 'home', 'acme/unheard-of', 'mine/any']
  for (const name of names)
    assert.deepEqual(
      rowOf(table, name).targets.map((target) => target.provider),
      [sandboxProvider],
      name,
    )
  assert.equal(rowOf(table, 'home'), rowOf(table, 'house'))
  assert.deepEqual(way(table, 'home'), ['sandbox:house'])
  assert.equal(rowOf(table, 'anvil-3').notice, 'retired 2026-06-01; anvil-4 answers')
  const refusal = chooseModel(table, 'anvil-2', everything)
  assert.equal(refusal instanceof Problem && refusal.code, 'model_retired')
  assert.equal(findModel(liveTable(input({ providers, declared })), 'anvil'), null)
})

test('a mistyped name is told its nearest ones', () => {
  const refusal = chooseModel(liveTable(input()), 'anvill', everything)
  assert.ok(refusal instanceof Problem)
  assert.match(refusal.message, /Did you mean 'anvil'/)
})

test('a model is of the family of what is sold, whoever serves it', () => {
  const own = provider('own', { vendor: 'openai-compatible' })
  const served = (id: string, model: string) => sampleModel([{ provider: 'own', model }], { id })
  const declared = [
    served('anvil-4', 'some-weights'),
    served('fast', 'acme/anvil-4'),
    served('kimi-k2-of-ours', 'some-weights'),
    served('makers/Kimi-K9', 'some-weights'),
  ]
  const table = liveTable(input({ providers: [provider('acme'), own], declared }))
  const familyOf = (name: string) => findModel(table, name)?.family
  assert.equal(familyOf('anvil-4'), 'anvil-forged')
  assert.equal(familyOf('fast'), 'anvil-forged', 'by the name that the provider has for it')
  assert.equal(familyOf('kimi-k2-of-ours'), 'kimi-k2-of-ours')
  assert.equal(familyOf('makers/Kimi-K9'), 'kimi-k9')
  assert.equal(familyOf('own/makers/Kimi-K9'), 'kimi-k9')
  assert.equal(familyOf('acme/anvil-4'), 'anvil-forged')
})
