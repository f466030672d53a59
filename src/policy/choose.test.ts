import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestOf } from '#base/nearest.ts'
import { Problem } from '#base/problem.ts'
import type { ModelTable } from './choose.ts'
import { chooseModel } from './choose.ts'
import type { ModelRow } from './model-table.ts'

const row = (id: string, aliases: readonly string[] = [], origin: ModelRow['origin'] = 'yaml'): ModelRow => ({
  id,
  aliases,
  targets: [],
  route: {
    strategy: 'weighted',
    retriesMax: 2,
    hedgeAfterMs: null,
    sticky: 'none',
    timeouts: { connectMs: 1, headersMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
  },
  priceRows: [],
  origin,
  contextTokens: null,
  outputTokensMax: null,
  inputModalities: ['text'],
  outputModalities: ['text'],
  createdMs: null,
  ownedBy: 'sample',
})

const kimi = row('kimi-k2', ['moonshotai/kimi-k2', 'kimi'])
const own = row('local/own')
const names = new Map([
  ['kimi-k2', kimi],
  ['moonshotai/kimi-k2', kimi],
  ['kimi', kimi],
  ['local/own', own],
])
const table: ModelTable = {
  byName: names,
  providers: new Set(['local', 'moonshotai']),
  directRow: (provider, model) => (model === 'refused' ? null : row(`${provider}/${model}`, [], 'direct')),
  retired: (name) => {
    if (name === 'kimi-old') return { successor: 'kimi-k2', date: '2026-05-25' }
    return name === 'kimi-lost' ? { successor: null, date: null } : null
  },
  nearest: (name) => nearestOf(name, [...names.keys()], 5),
}
const every = { models: null }

test('a name is looked up as id, alias, then provider and model', () => {
  const cases: readonly [string, string][] = [
    ['kimi-k2', 'kimi-k2'],
    ['kimi', 'kimi-k2'],
    ['moonshotai/kimi-k2', 'kimi-k2'],
    ['moonshotai/other', 'moonshotai/other'],
    ['local/own', 'local/own'],
    ['local/models/with/slashes', 'local/models/with/slashes'],
  ]
  for (const [name, id] of cases) {
    const found = chooseModel(table, name, every)
    assert.ok(!(found instanceof Problem), name)
    assert.equal(found.id, id, name)
  }
})

test('an unknown model is refused with the nearest names', () => {
  const cases: readonly [string, RegExp][] = [
    ['kimi-k3', /^Model 'kimi-k3' not found\. Did you mean 'kimi-k2'/],
    ['nothing-like-it', /^Model 'nothing-like-it' not found\. GET \/v1\/models lists/],
    ['elsewhere/kimi-k2', /not found/],
    ['local/refused', /not found/],
    ['local/', /not found/],
    ['/own', /not found/],
    ['', /^Model '' not found/],
    ['x'.repeat(5000), /^Model 'x{100}…' not found/],
  ]
  for (const [name, message] of cases) {
    const problem = chooseModel(table, name, every)
    assert.ok(problem instanceof Problem, name)
    assert.equal(problem.code, 'model_not_found', name)
    assert.equal(problem.detail.param, 'model')
    assert.match(problem.message, message)
  }
})

test('a key with a list may use what it names, by id or alias, and nothing else', () => {
  for (const models of [['kimi-k2'], ['kimi'], ['moonshotai/kimi-k2']])
    for (const name of ['kimi-k2', 'kimi', 'moonshotai/kimi-k2'])
      assert.equal(chooseModel(table, name, { models }), kimi, `${models} ${name}`)
  const direct = chooseModel(table, 'local/any', { models: ['local/any'] })
  assert.ok(!(direct instanceof Problem))
  const cases: readonly [string, readonly string[], RegExp][] = [
    [
      'local/own',
      ['kimi-k2'],
      /^Model 'local\/own' not found: this key is not allowed to use it\. It may use 'kimi-k2'\./,
    ],
    ['local/any', ['kimi-k2'], /not allowed/],
    ['kimi', [], /It may use none\./],
    ['kimi', ['a', 'b', 'c', 'd', 'e'], /'a', 'b', 'c' and 2 more/],
    ['kimi-k3', ['local/own'], /not found\. GET/],
  ]
  for (const [name, models, message] of cases) {
    const problem = chooseModel(table, name, { models })
    assert.ok(problem instanceof Problem, name)
    assert.equal(problem.code, 'model_not_found')
    assert.match(problem.message, message)
  }
})

test('a retired model answers with its successor and the date', () => {
  const problem = chooseModel(table, 'kimi-old', every)
  assert.ok(problem instanceof Problem)
  assert.equal(problem.code, 'model_retired')
  assert.equal(problem.message, "Model 'kimi-old' was retired by its vendor on 2026-05-25. Use 'kimi-k2' instead.")
  assert.deepEqual(problem.detail.facts, { successor: 'kimi-k2', date: '2026-05-25' })
  const lost = chooseModel(table, 'kimi-lost', every)
  assert.ok(lost instanceof Problem)
  assert.match(lost.message, /was retired by its vendor\. GET/)
})
