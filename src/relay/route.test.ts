import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelRow, Target } from '#policy/model-table.ts'
import type { Strategy } from '#policy/strategy.ts'
import type { HealthView } from '#policy/target-health.ts'
import { noWishes } from '#policy/wishes.ts'
import { drawOf } from './conversation.ts'
import type { RouteQuestion } from './route.ts'
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

const model = (
  targets: readonly Target[],
  retriesMax = 0,
  strategy: Exclude<Strategy, 'throughput'> = 'weighted',
): ModelRow => ({
  id: 'm',
  aliases: [],
  targets,
  route: {
    strategy,
    retriesMax,
    hedgeAfterMs: null,
    sticky: 'conversation',
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

const well: HealthView = {
  state: 'closed',
  probing: false,
  openUntilMs: null,
  ramp: 1,
  failures: 0,
  trips: 0,
  inFlight: 0,
  latencyMs: null,
  tokensPerSecond: null,
}

type Facts = Partial<HealthView> & { readonly awayUntilMs?: number; readonly price?: bigint }

const legsOf = (
  rows: readonly ModelRow[],
  { facts = {}, ...changes }: Partial<RouteQuestion> & { readonly facts?: Readonly<Record<string, Facts>> } = {},
) =>
  routeOf({
    groups: rows.map((row, index) => ({
      row,
      model: `${row.id}${index}`,
      by: index === 0 ? 'model' : 'caller',
      targets: row.targets,
    })),
    wishes: noWishes,
    factsOf: ({ provider }) => {
      const { awayUntilMs = null, price = null, ...health } = facts[provider] ?? {}
      return { health: { ...well, ...health }, awayUntilMs, expectedNanoUsd: price }
    },
    isNamed: (name, { provider }) => name === provider,
    chance: () => 0.5,
    stickyChance: null,
    lastTarget: null,
    ...changes,
  })

const providers = (...question: Parameters<typeof legsOf>): string[] =>
  legsOf(...question).map((leg) => leg.target.provider)

test('tiers come one after the other, each target once', () => {
  const row = model([target('b', 1, 2), target('a', 1, 1), target('c', 1, 3)])
  assert.deepEqual(providers([row]), ['a', 'b', 'c'])
})

test('weights decide how often a target is first', () => {
  const row = model([target('heavy', 9), target('light', 1)])
  let heavy = 0
  for (let step = 0; step < 1_000; step += 1)
    if (providers([row], { chance: () => step / 1_000 })[0] === 'heavy') heavy += 1
  assert.equal(heavy, 900)
})

test('weight 0 is only a last resort', () => {
  assert.deepEqual(providers([model([target('spare', 0), target('main', 1)])], { chance: () => 0 }), ['main', 'spare'])
})

test('retries repeat the targets, within the bound', () => {
  assert.deepEqual(providers([model([target('a')], 2)]), ['a', 'a', 'a'])
  assert.equal(providers([model([target('a')], 1_000)]).length, legsMax)
  assert.deepEqual(providers([]), [])
  assert.deepEqual(providers([model([], 2)]), [])
})

test("a caller's further models follow in their order", () => {
  assert.deepEqual(providers([model([target('a')]), model([target('b')])]), ['a', 'b'])
})

test('a conversation stays where its draw says; one that goes takes only its own conversations along', () => {
  const row = model([target('a', 2), target('b', 1), target('c', 1)])
  const counts: Record<string, number> = {}
  for (let seed = 0; seed < 4_000; seed += 1) {
    const stickyChance = (name: string): number => drawOf(`conversation ${seed}`, name)
    const [before = ''] = providers([row], { stickyChance })
    counts[before] = (counts[before] ?? 0) + 1
    const [after] = providers([row], { stickyChance, facts: { c: { awayUntilMs: 9 } } })
    if (before !== 'c') assert.equal(after, before)
  }
  assert.ok(Math.abs((counts['a'] ?? 0) - 2_000) < 150, JSON.stringify(counts))
})

test('what rests is left out; when all do, the one that is back first is asked, once, and said so', () => {
  const row = model([target('a'), target('b')])
  assert.deepEqual(providers([row], { facts: { a: { awayUntilMs: 10 } } }), ['b'])
  const facts = { a: { awayUntilMs: 10 }, b: { awayUntilMs: 5 } }
  const [only, ...others] = legsOf([row], { facts })
  assert.deepEqual([only?.target.provider, only?.reason, others.length], ['b', 'last-resort', 0])
})

test('least latency: of two drawn, the one where a call waits less; what was never timed is tried', () => {
  const row = model([target('slow'), target('quick')], 0, 'least-latency')
  const timed = { slow: { latencyMs: 900 }, quick: { latencyMs: 100 } }
  assert.deepEqual(providers([row], { facts: timed }), ['quick', 'slow'])
  const busy = { slow: { latencyMs: 900 }, quick: { latencyMs: 100, inFlight: 20 } }
  assert.deepEqual(providers([row], { facts: busy }), ['slow', 'quick'])
  assert.deepEqual(providers([row], { facts: { quick: { latencyMs: 100 } } }), ['slow', 'quick'])
  const failing = { slow: { latencyMs: 900 }, quick: { latencyMs: 100, failures: 1 } }
  assert.deepEqual(providers([row], { facts: failing }), ['slow', 'quick'], 'what has just failed is not quick')
})

test('cheapest: by the price of the call, an unknown one last; a tier before still goes first', () => {
  const row = model([target('unknown'), target('dear'), target('cheap'), target('free', 1, 2)], 0, 'cheapest')
  const facts = { dear: { price: 9n }, cheap: { price: 2n }, free: { price: 0n } }
  assert.deepEqual(providers([row], { facts }), ['cheap', 'dear', 'unknown', 'free'])
})

test('a conversation keeps the target that answered it where the choice would change, while that is well', () => {
  const row = model([target('a'), target('b')], 0, 'cheapest')
  const facts = { a: { price: 1n }, b: { price: 2n } }
  const [first] = legsOf([row], { facts, lastTarget: 'b/m' })
  assert.deepEqual([first?.target.provider, first?.reason], ['b', 'sticky'])
  assert.deepEqual(providers([row], { facts: { ...facts, b: { price: 2n, awayUntilMs: 5 } }, lastTarget: 'b/m' }), [
    'a',
  ])
})

test("the caller's order comes first, over tiers; without fallbacks nothing follows", () => {
  const row = model([target('a'), target('b'), target('c', 1, 2)])
  const wishes = { ...noWishes, order: ['c', 'b'] }
  assert.deepEqual(providers([row], { wishes }), ['c', 'b', 'a'])
  assert.deepEqual(
    legsOf([row], { wishes }).map(({ reason }) => reason),
    ['order', 'order', 'weighted'],
  )
  assert.equal(providers([row], { wishes: { ...noWishes, allowFallbacks: false } }).length, 1)
})

test('a target that has just recovered takes a tenth of its weight at first', () => {
  const row = model([target('new'), target('old')], 0, 'fallback')
  const facts = { new: { ramp: 0.1 } }
  assert.deepEqual(providers([row], { facts, chance: () => 0.05 }), ['new', 'old'])
  assert.deepEqual(providers([row], { facts, chance: () => 0.5 }), ['old', 'new'])
  const shared = model([target('new'), target('old')])
  let first = 0
  for (let step = 0; step < 1_100; step += 1)
    if (providers([shared], { facts, chance: () => step / 1_100 })[0] === 'new') first += 1
  assert.equal(first, 100)
})
