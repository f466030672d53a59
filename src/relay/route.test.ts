import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { legsMax, routeOf } from './route.ts'

const target = (provider: string, weight = 1, tier = 1): Target => ({
  provider,
  model: 'm',
  weight,
  tier,
  params: 'shim',
  region: null,
  costRows: [],
})

const model = (targets: readonly Target[], retriesMax = 0): ModelRow => ({
  id: 'm',
  aliases: [],
  targets,
  route: {
    strategy: 'weighted',
    retriesMax,
    hedgeAfterMs: null,
    sticky: 'none',
    timeouts: { connectMs: 1, headersMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
  },
  priceRows: [],
  origin: 'yaml',
  contextTokens: null,
  outputTokensMax: null,
  inputModalities: [],
  outputModalities: [],
  createdMs: null,
  ownedBy: 'x',
})

const providers = (rows: readonly ModelRow[], chance: () => number): string[] =>
  routeOf(rows, chance).map((leg) => leg.target.provider)

test('tiers come one after the other, each target once', () => {
  const row = model([target('b', 1, 2), target('a', 1, 1), target('c', 1, 3)])
  assert.deepEqual(
    providers([row], () => 0.5),
    ['a', 'b', 'c'],
  )
})

test('weights decide how often a target is first', () => {
  const row = model([target('heavy', 9), target('light', 1)])
  let heavy = 0
  for (let step = 0; step < 1_000; step += 1) if (providers([row], () => step / 1_000)[0] === 'heavy') heavy += 1
  assert.equal(heavy, 900)
})

test('weight 0 is only a last resort', () => {
  assert.deepEqual(
    providers([model([target('spare', 0), target('main', 1)])], () => 0),
    ['main', 'spare'],
  )
})

test('retries repeat the targets, within the bound', () => {
  assert.deepEqual(
    providers([model([target('a')], 2)], () => 0),
    ['a', 'a', 'a'],
  )
  assert.equal(providers([model([target('a')], 1_000)], () => 0).length, legsMax)
  assert.deepEqual(
    providers([], () => 0),
    [],
  )
  assert.deepEqual(
    providers([model([], 2)], () => 0),
    [],
  )
})

test("a caller's further models follow in their order", () => {
  assert.deepEqual(
    providers([model([target('a')]), model([target('b')])], () => 0),
    ['a', 'b'],
  )
})
