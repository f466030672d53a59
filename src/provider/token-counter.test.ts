import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { handClock } from '#base/hand-clock.ts'
import { Problem } from '#base/problem.ts'
import type { TokenCounterOptions } from './token-counter.ts'
import { tokenCounter } from './token-counter.ts'

const workerUrl = new URL(import.meta.resolve('./token-worker.ts'))
const vocabularyUrl = new URL('../../assets/tokens/o200k_base.br', import.meta.url)
const clock = systemClock()
const counter = tokenCounter({ workerUrl, vocabularyUrl, clock })
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

/** As tiktoken's other ports count them. */
const counted: ReadonlyArray<readonly [text: string, tokens: number]> = [
  ["I'm sure they'll've DON'T  \n\n  x\r\n\t y", 11],
  ['\u{1F600}\u{1F468}\u200d\u{1F469}\u200d\u{1F467}', 9],
  ['ÀÉÎõü ñ ß', 8],
  ['12345678 3.14159 1e-9', 13],
  ['العربية हिन्दी ไทย 日本語 한국어', 8],
  ['\ud800 broken', 2],
  ['<|endoftext|> <|x', 10],
  ['   ', 1],
  ['\n\n\n', 1],
  ['a'.repeat(400), 50],
  ['我们大家'.repeat(100), 200],
  ['////\n//', 2],
  ['camelCaseHTTPServer_snake', 6],
]

for (const [text, tokens] of counted)
  test(`${JSON.stringify(text.slice(0, 30))} is ${tokens} tokens`, async () =>
    assert.equal(await counter.count(text), tokens))

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
  const limited = (options: Partial<TokenCounterOptions>) =>
    tokenCounter({ workerUrl, vocabularyUrl, clock, ...options })
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
  const closing = tokenCounter({ workerUrl, vocabularyUrl, clock })
  const waiting = assert.rejects(closing.count('one'), refused('internal_error'))
  await closing.close()
  await waiting
  await assert.rejects(closing.count('two'), refused('internal_error'))
  await closing.close()
})

test('a thread that cannot start is an error, not a count', async () => {
  const missing = new URL(import.meta.resolve('./no-such-worker.ts'))
  for (const urls of [
    { workerUrl: missing, vocabularyUrl },
    { workerUrl, vocabularyUrl: missing },
  ]) {
    const broken = tokenCounter({ ...urls, clock })
    await assert.rejects(broken.count('one'), refused('internal_error'))
    await broken.close()
  }
})

/** A thread that answers how many it has counted. */
const countingItsCounts = new URL(
  `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'
let counts = 0
parentPort.on('message', ({ id }) => parentPort.postMessage({ id, tokens: (counts += 1) }))`)}`,
)

test('a thread that has had nothing to do for a minute ends, and the next text has a new one', async () => {
  const hand = handClock()
  const pausing = tokenCounter({ workerUrl: countingItsCounts, vocabularyUrl, clock: hand })
  assert.equal(await pausing.count('one'), 1)
  hand.advance(59_999)
  assert.equal(await pausing.count('two'), 2)
  hand.advance(59_999)
  assert.equal(await pausing.count('three'), 3)
  hand.advance(60_000)
  assert.equal(await pausing.count('four'), 1)
  await pausing.close()
})
