/** The limit race on a clock that stands still: what is admitted is exact, and so is the wait that the others are told. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import type { Caller, Stage } from './test-stage.ts'
import { codeOf, openStage } from './test-stage.ts'
import { completion } from './test-upstream.ts'

const callers = 1_000
const admitted = 100

const race = (stage: Stage): Promise<readonly Caller[]> =>
  Promise.all(Array.from({ length: callers }, () => stage.call({ body: { max_tokens: 5 } })))

const answerAll = async (stage: Stage): Promise<void> => {
  for (let place = 0; place < stage.arrivals('alpha'); place += 1)
    stage.arrival('alpha', place).answer(200, completion('in'))
  await stage.settle()
}

const counts = (all: readonly Caller[]): readonly (readonly [number, number])[] => {
  const found = new Map<number, number>()
  for (const { status } of all) found.set(status(), (found.get(status()) ?? 0) + 1)
  return [...found].sort(([a], [b]) => a - b)
}

test('1,000 calls at once against a rate of 100 a minute: exactly 100 are admitted, the others are told the exact wait', async () => {
  const stage = openStage({ limiter: makeMemoryLimiter, key: { requestsPerMinute: admitted } })
  const all = await race(stage)
  assert.equal(stage.arrivals('alpha'), admitted)
  await answerAll(stage)
  assert.deepEqual(counts(all), [
    [200, admitted],
    [429, callers - admitted],
  ])
  const refused = all.filter(({ status }) => status() === 429)
  // A minute's hundred flow in evenly: one in 600 ms.
  assert.deepEqual(new Set(refused.map(({ header }) => header('retry-after-ms'))), new Set(['600']))
  assert.deepEqual(new Set(refused.map(({ header }) => header('retry-after'))), new Set(['1']))
  await stage.advance(599)
  const early = await stage.call()
  assert.deepEqual([early.status(), codeOf(early.json())], [429, 'rate_limit_exceeded'])
  await stage.advance(1)
  const [next, after] = [await stage.call(), await stage.call()]
  assert.equal(stage.arrivals('alpha'), admitted + 1)
  assert.deepEqual([next.status(), after.status()], [0, 429])
})

test('1,000 calls at once against a concurrency of 100: exactly 100 are admitted, and each place is given back', async () => {
  const stage = openStage({ limiter: makeMemoryLimiter, key: { concurrency: admitted } })
  const all = await race(stage)
  assert.equal(stage.arrivals('alpha'), admitted)
  assert.deepEqual(counts(all), [
    [0, admitted],
    [429, callers - admitted],
  ])
  await answerAll(stage)
  assert.deepEqual(counts(all)[0], [200, admitted])
  await race(stage)
  assert.equal(stage.arrivals('alpha'), 2 * admitted)
})
