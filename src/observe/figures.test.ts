import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { handClock } from '#base/hand-clock.ts'
import type { Histogram } from '#base/histogram.ts'
import { addTime, quantileMs } from '#base/histogram.ts'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { addedFigures, busiestNames, makeFigures } from './figures.ts'

test('a quantile is within 2.3 % of the exact one, whatever the times', () => {
  const times = fc.array(fc.double({ min: 0.06, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(times, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
      const histogram: Histogram = new Map()
      for (const ms of all) addTime(histogram, ms)
      const sorted = [...all].sort((a, b) => a - b)
      const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1] ?? 0
      const found = quantileMs(histogram, share) ?? 0
      assert.ok(Math.abs(found - exact) <= exact * 0.023 + 0.005, `${found} for ${exact}`)
    }),
  )
  assert.equal(quantileMs(new Map(), 0.5), null)
})

test('calls are counted by key, model and provider, failures by who is at fault', () => {
  const figures = makeFigures(handClock())
  figures.observe(
    sampleRecord({ attempts: [sampleAttempt({ error: 'upstream_timeout', firstPartMs: null }), sampleAttempt()] }),
  )
  figures.observe(sampleRecord({ key: 'key_2', error: 'rate_limit_exceeded', usage: null, ttftMs: null }))
  figures.observe(sampleRecord({ key: null, error: 'invalid_api_key', model: 'whatever a stranger types' }))
  const read = (by: 'all' | 'key' | 'model' | 'provider') => figures.read({ by, window: '5m', limit: 10 })
  assert.deepEqual(read('all')[0]?.failures, { caller: 1, policy: 1, upstream: 0, drover: 0 })
  assert.deepEqual(
    read('key').map(({ name, calls, inputTokens, costNanoUsd }) => [name, calls, inputTokens, costNanoUsd]),
    [
      ['key_1', 1, 10, 1n],
      ['key_2', 1, 0, 1n],
    ],
  )
  assert.deepEqual(
    read('model').map(({ name }) => name),
    ['kimi-k2'],
  )
  const [provider] = read('provider')
  assert.equal(provider?.calls, 2)
  assert.equal(provider.failures.upstream, 1)
  assert.ok(Math.abs((provider.firstPartMs.p50 ?? 0) - 119) < 3)
})

test('what is older than the window is out of it', () => {
  const clock = handClock()
  const figures = makeFigures(clock)
  const calls = (window: '1m' | '5m' | '1h'): number => figures.read({ by: 'all', window, limit: 1 })[0]?.calls ?? 0
  figures.observe(sampleRecord())
  assert.deepEqual([calls('1m'), calls('5m'), calls('1h')], [1, 1, 1])
  clock.advance(61_000)
  assert.deepEqual([calls('1m'), calls('5m'), calls('1h')], [0, 1, 1])
  clock.advance(240_000)
  assert.deepEqual([calls('1m'), calls('5m'), calls('1h')], [0, 0, 1])
  clock.advance(3_300_000)
  assert.deepEqual([calls('1m'), calls('5m'), calls('1h')], [0, 0, 0])
})

test('a flood of keys keeps the ones in use, and no more than there is room for', () => {
  const figures = makeFigures(handClock())
  for (let number = 0; number < 5_000; number += 1) {
    figures.observe(sampleRecord({ key: `key_${number}` }))
    figures.observe(sampleRecord({ key: 'key_busy' }))
  }
  const keys = figures.read({ by: 'key', window: '5m', limit: 10_000 })
  assert.ok(keys.length <= 1_000)
  assert.equal(keys[0]?.name, 'key_busy')
  assert.equal(keys[0].calls, 5_000)
})

test('a flood of made-up models pushes no key out of the figures', () => {
  const figures = makeFigures(handClock())
  figures.observe(sampleRecord({ key: 'key_quiet' }))
  for (let number = 0; number < 3_000; number += 1)
    figures.observe(sampleRecord({ key: 'key_loud', model: `made-up-${number}`, error: 'model_not_found' }))
  const names = figures.read({ by: 'key', window: '5m', limit: 10 }).map(({ name }) => name)
  assert.deepEqual(names, ['key_loud', 'key_quiet'])
})

test('figures of several processes are those of one that had all their calls', () => {
  const [one, other, all] = [makeFigures(handClock()), makeFigures(handClock()), makeFigures(handClock())]
  const calls = Array.from({ length: 40 }, (_none, place) =>
    sampleRecord({ key: `key_${place % 3}`, durationMs: 10 + place * 7, ttftMs: 5 + place }),
  )
  for (const [place, record] of calls.entries()) {
    ;(place % 4 === 0 ? one : other).observe(record)
    all.observe(record)
  }
  const question = { by: 'key', window: '5m', limit: 2 } as const
  const names = busiestNames([one.counts(question), other.counts(question)], question.limit)
  const sums = structuredClone([...one.sums({ ...question, names }), ...other.sums({ ...question, names })])
  assert.deepEqual(addedFigures(names, sums), all.read(question))
})
