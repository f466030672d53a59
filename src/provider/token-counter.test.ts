import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { TokenCounterOptions } from './token-counter.ts'
import { tokenCounter } from './token-counter.ts'

const workerUrl = new URL(import.meta.resolve('./token-worker.ts'))
const counter = tokenCounter({ workerUrl })
after(() => counter.close())

const refused =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof Problem && thrown.code === code

test('counts as o200k does', async () => {
  assert.equal(await counter.count(''), 0)
  assert.equal(await counter.count('hello world'), 2)
  assert.equal(await counter.count(`word${' word'.repeat(499)}`), 500)
  assert.deepEqual(await Promise.all(['a', 'a b', 'a b c'].map(counter.count)), [1, 2, 3])
})

test('what looks like a special token is text', async () => {
  assert.ok((await counter.count('<|endoftext|>')) > 1)
})

test('a text longer than one message is counted in pieces, exactly where it has blanks', async () => {
  assert.equal(await counter.count(`a${' a'.repeat(299_999)}`), 300_000)
})

test('a run without a break is counted in time that grows with its length only', { timeout: 20_000 }, async () => {
  const letters = await counter.count('我们大家'.repeat(50_000))
  assert.ok(letters > 90_000 && letters < 110_000, `${letters}`)
  assert.ok((await counter.count('\u{1F600}'.repeat(200_000))) >= 200_000)
})

test('more than may wait is refused, and what waits is still answered', async () => {
  const limited = (options: Partial<TokenCounterOptions>) => tokenCounter({ workerUrl, ...options })
  const few = limited({ jobsMax: 1 })
  const first = few.count('one')
  await assert.rejects(few.count('two'), refused('overloaded'))
  assert.equal(await first, 1)
  assert.equal(await few.count('two'), 1)
  await few.close()
  const small = limited({ waitingCharactersMax: 3 })
  await assert.rejects(small.count('four'), refused('overloaded'))
  await small.close()
})

test('closing rejects what waits and what comes later', async () => {
  const closing = tokenCounter({ workerUrl })
  const waiting = assert.rejects(closing.count('one'), refused('internal_error'))
  await closing.close()
  await waiting
  await assert.rejects(closing.count('two'), refused('internal_error'))
  await closing.close()
})

test('a thread that cannot start is an error, not a count', async () => {
  const broken = tokenCounter({ workerUrl: new URL(import.meta.resolve('./no-such-worker.ts')) })
  await assert.rejects(broken.count('one'), refused('internal_error'))
  await broken.close()
})
