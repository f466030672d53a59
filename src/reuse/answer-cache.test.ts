import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import type { AnswerCache, CacheLook } from './answer-cache.ts'
import { answerCache } from './answer-cache.ts'
import { cacheMsOf } from './lifetime.ts'

type MovedClock = Clock & { readonly advance: (byMs: number) => void; readonly pending: () => number }

const testClock = (): MovedClock => {
  let nowMs = 0
  const timers = new Set<{ readonly atMs: number; readonly ring: () => void }>()
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, ring) => {
      const timer = { atMs: nowMs + delayMs, ring }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: (byMs) => {
      nowMs += byMs
      for (const timer of timers)
        if (timer.atMs <= nowMs) {
          timers.delete(timer)
          timer.ring()
        }
    },
    pending: () => timers.size,
  }
}

const signal = new AbortController().signal
const head = { status: 200, headers: { 'content-type': 'application/json' } }
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

type Changes = { readonly account?: string; readonly lifetimeMs?: number; readonly signal?: AbortSignal }

const look = (cache: AnswerCache, key: string, changes: Changes = {}) =>
  cache.look({ key, account: 'acc_one', call: `call for ${key}`, lifetimeMs: 60_000, signal, ...changes })

const answer = (found: CacheLook, text: string, isWhole = true): void => {
  assert(found.kind === 'miss')
  found.taker.head(head)
  found.taker.piece(Buffer.from(text))
  found.taker.end(isWhole)
}

const textOf = (found: CacheLook): string => {
  assert(found.kind === 'hit')
  return Buffer.concat(found.answer.pieces).toString()
}

test('an answer is given again until its time is over, to the same key only', async () => {
  const clock = testClock()
  const cache = answerCache(clock)
  answer(await look(cache, 'a'), 'one')
  const again = await look(cache, 'a')
  assert.equal(textOf(again), 'one')
  assert(again.kind === 'hit')
  assert.deepEqual([again.answer.head, again.answer.call], [head, 'call for a'])
  answer(await look(cache, 'b'), 'other')
  clock.advance(60_000)
  assert.equal((await look(cache, 'a')).kind, 'miss')
})

test('what was not whole, or too large, is not kept', async () => {
  const cache = answerCache(testClock())
  answer(await look(cache, 'cut'), 'one', false)
  assert.equal((await look(cache, 'cut')).kind, 'miss')
  answer(await look(cache, 'large'), 'x'.repeat(1_048_577))
  assert.equal((await look(cache, 'large')).kind, 'miss')
})

test('all answers together are bounded: the longest unused goes first', async () => {
  const cache = answerCache(testClock())
  const large = 'x'.repeat(1_048_576)
  for (let index = 0; index < 64; index += 1) answer(await look(cache, `k${index}`), large)
  assert.equal((await look(cache, 'k0')).kind, 'hit')
  answer(await look(cache, 'one more'), large)
  assert.equal((await look(cache, 'k0')).kind, 'hit', 'it was used lately')
  assert.equal((await look(cache, 'k1')).kind, 'miss')
})

test('one account cannot take the room of the others, however many and however small its answers are', async () => {
  const cache = answerCache(testClock())
  const few = { account: 'acc_few' }
  for (let index = 0; index < 20; index += 1) answer(await look(cache, `few${index}`, few), 'x'.repeat(1_048_576))
  for (let index = 0; index < 60; index += 1) answer(await look(cache, `much${index}`), 'x'.repeat(1_048_576))
  for (let index = 0; index < 21_000; index += 1) answer(await look(cache, `many${index}`), 'x')
  for (let index = 0; index < 20; index += 1) assert.equal((await look(cache, `few${index}`, few)).kind, 'hit')
  assert.equal((await look(cache, 'much59')).kind, 'miss')
  assert.equal((await look(cache, 'many20999')).kind, 'hit')
  // The room that the few need now is given up by the one that has most of it.
  for (let index = 20; index < 31; index += 1) answer(await look(cache, `few${index}`, few), 'x'.repeat(1_048_576))
  for (let index = 0; index < 31; index += 1) assert.equal((await look(cache, `few${index}`, few)).kind, 'hit')
})

test('calls that are the same at the same time wait for the one that runs', async () => {
  const cache = answerCache(testClock())
  const first = await look(cache, 'a')
  const others = [look(cache, 'a'), look(cache, 'a')]
  answer(first, 'for all')
  assert.deepEqual((await Promise.all(others)).map(textOf), ['for all', 'for all'])
})

test('when the one that runs fails, the next of those who wait runs, and the others wait for it', async () => {
  const cache = answerCache(testClock())
  const first = await look(cache, 'a')
  const second = look(cache, 'a')
  const third = look(cache, 'a')
  answer(first, '', false)
  const led = await second
  answer(led, 'at last')
  assert.equal(textOf(await third), 'at last')
})

test('nobody waits for longer than the bound, and a caller who leaves does not wait', async () => {
  const clock = testClock()
  const cache = answerCache(clock)
  await look(cache, 'a')
  const patient = look(cache, 'a')
  const leaving = new AbortController()
  const left = look(cache, 'a', { signal: leaving.signal })
  leaving.abort(new Error('gone'))
  await assert.rejects(left, /gone/)
  await settle()
  clock.advance(20_000)
  assert.equal((await patient).kind, 'miss')
  assert.equal(clock.pending(), 0)
})

test('a lifetime is a second to a day', () => {
  assert.deepEqual(['1s', '5m', '24h'].map(cacheMsOf), [1_000, 300_000, 86_400_000])
  assert.deepEqual(['0s', '25h', '5', '100ms', '1.5m', ''].map(cacheMsOf), [null, null, null, null, null, null])
})
