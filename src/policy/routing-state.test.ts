import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyRing, refusedMs } from './key-ring.ts'
import { withSample } from './peak-average.ts'
import { retriesFloor, retryBudget } from './retry-budget.ts'
import { healthTable } from './target-health.ts'

const settings = { failuresMax: 1, restMs: 1_000 }

test('repeats are a fifth of the calls of the last ten seconds, and never fewer than the floor', () => {
  const budget = retryBudget()
  const takes = (count: number, nowMs: number): number => {
    let taken = 0
    for (let index = 0; index < count; index += 1) if (budget.take(nowMs)) taken += 1
    return taken
  }
  assert.equal(takes(10, 0), retriesFloor)
  for (let call = 0; call < 100; call += 1) budget.callBegan(1_000 + call * 10)
  assert.equal(takes(100, 2_000), 20 - retriesFloor)
  assert.equal(takes(100, 9_000), 0)
  assert.deepEqual(budget.spent(9_000), { calls: 100, retries: 20, allowed: 20 })
  assert.equal(takes(100, 30_000), retriesFloor)
})

test('a peak counts at once and sinks slowly', () => {
  const first = withSample(null, 100, 0)
  const peak = withSample(first, 900, 1_000)
  assert.equal(peak.valueMs, 900)
  const later = withSample(peak, 100, 2_000)
  assert.ok(later.valueMs > 800 && later.valueMs < 900, `${later.valueMs}`)
  assert.ok(withSample(later, 100, 60_000).valueMs < 110)
})

test('keys are chosen by chance; one at its limit rests, one that is refused is out, and both come back', () => {
  const ring = keyRing()
  const keys = ['a', 'b', 'c']
  assert.deepEqual(
    [0, 0.4, 0.9].map((chance) => ring.choose(keys, 0, chance)),
    [0, 1, 2],
  )
  ring.rest('a', 5_000)
  assert.equal(ring.refuse('b', refusedMs), true)
  assert.equal(ring.refuse('b', refusedMs), false, 'told once')
  assert.deepEqual(
    [0, 0.4, 0.9].map((chance) => ring.choose(keys, 100, chance)),
    [2, 2, 2],
  )
  assert.deepEqual(ring.view('a', 100), { state: 'resting', untilMs: 5_000 })
  assert.equal(ring.view('b', 100).state, 'refused')
  assert.equal(ring.choose(keys, 5_000, 0), 0)
  assert.equal(ring.choose(['b'], refusedMs + 1, 0), 0)
  ring.worked('b')
  assert.equal(ring.view('b', 100).state, 'usable')
})

test('the last way to a provider is never closed: of keys that all rest, the one that is back first', () => {
  const ring = keyRing()
  ring.rest('a', 9_000)
  ring.rest('b', 4_000)
  assert.equal(ring.choose(['a', 'b'], 0, 0), 1)
  assert.equal(ring.usableAtMs(['a', 'b'], 0), 4_000)
  assert.equal(ring.usableAtMs(['a', 'c'], 0), 0)
  assert.deepEqual([ring.choose([], 0, 0), ring.usableAtMs([], 0)], [null, 0])
})

test('one call probes a half-open target; a probe whose caller left has found out nothing', () => {
  const table = healthTable()
  table.began('t', 0)
  assert.equal(table.failed('t', { kind: 'upstream', settings, nowMs: 0 }), 'opened')
  table.ended('t', false)
  assert.equal(table.began('t', 1_500), true)
  assert.equal(table.began('t', 1_500), false)
  assert.equal(table.view('t', 'stream', 1_500).probing, true)
  table.ended('t', true)
  assert.equal(table.view('t', 'stream', 1_500).probing, false)
  assert.equal(table.began('t', 1_600), true)
  assert.equal(table.answered('t', 1_700), 'closed')
  assert.equal(table.answered('t', 1_700), null)
  assert.deepEqual([table.view('t', 'stream', 1_700).state, table.view('t', 'stream', 1_700).inFlight], ['closed', 2])
})

test('streams and whole answers are timed apart', () => {
  const table = healthTable()
  table.firstPart('t', 'whole', { latencyMs: 9_000, nowMs: 0 })
  table.firstPart('t', 'stream', { latencyMs: 200, nowMs: 0 })
  assert.deepEqual([table.view('t', 'whole', 0).latencyMs, table.view('t', 'stream', 0).latencyMs], [9_000, 200])
  table.produced('t', 100)
  table.produced('t', 50)
  assert.equal(table.view('t', 'whole', 0).tokensPerSecond, 90)
})
