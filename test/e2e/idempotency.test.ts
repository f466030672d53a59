import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { cutAfter, failure, stallAfter, stream, whole } from '../fake/answer.ts'
import { makeGate } from '../fake/gate.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { startBench } from './bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call, openCall } from './call.ts'
import { models, openAccount, provenOk, settled, sold } from './customer.ts'
import { eventually, fakeKey, startRelay, testKey, within } from './harness.ts'
import { placesOf } from './on-postgres.ts'

const under = (key: string) => ({ headers: { 'idempotency-key': key } })
const credit = 1_000_000_000n
/** Seven tokens in, three out. */
const costNano = 13_000n
const answered = whole(completion({ promptTokens: 7, completionTokens: 3 }))
const words = ['one ', 'two ', 'three ']

const assertAgain = (again: Answer, first: Answer): void => {
  assert.equal(again.status, first.status)
  assert.ok(again.bytes.equals(first.bytes), again.text)
  assert.equal(again.headers['idempotent-replayed'], 'true')
  assert.equal(again.headers['x-drover-original-request-id'], first.headers['x-request-id'])
  for (const name of ['content-type', 'x-drover-cost', 'x-drover-provider', 'x-drover-model'])
    assert.equal(again.headers[name], first.headers[name], name)
}

describe('calls under an Idempotency-Key', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: models })
  })
  after(() => bench.close())

  test('50 at once are one call upstream, one charge and 50 equal answers', async () => {
    const account = await openAccount(bench, credit)
    const gate = makeGate()
    bench.upstream.forget()
    bench.upstream.answerOnce(async (exchange) => {
      await gate.passed
      await answered(exchange)
    })
    const calls = Array.from({ length: 50 }, () =>
      call(bench.relay.url, { key: account.key, body: sold(), ...under('fifty') }),
    )
    await bench.upstream.arrival(0)
    gate.open()
    const answers = await Promise.all(calls)
    const [first] = answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)
    assert.ok(first !== undefined && first.status === 200)
    const others = answers.filter((answer) => answer !== first)
    assert.equal(others.length, 49)
    for (const other of others) assertAgain(other, first)
    assert.equal(bench.upstream.seen.length, 1)
    assert.equal(await settled(bench, account.id), credit - costNano)
    const record = await bench.relay.recordOf(others[0] ?? first)
    assert.equal(record['cost_nano_usd'], '0')
    await provenOk(bench)
  })

  test('a stream is given again as a stream, byte for byte', async () => {
    const account = await openAccount(bench, credit)
    const body = sold({ stream: true, stream_options: { include_usage: true } })
    bench.upstream.forget()
    bench.upstream.answerOnce(stream(completionEvents(words, { usage: true })))
    const ask = () => call(bench.relay.url, { key: account.key, body, ...under('stream') })
    const first = await ask()
    assert.equal(first.text, completionEvents(words, { usage: true }).join(''))
    assertAgain(await ask(), first)
    assert.equal(bench.upstream.seen.length, 1)
    assert.equal(await settled(bench, account.id), credit - costNano)
  })

  test('an answer of several pieces comes again whole', async () => {
    const content = 'long '.repeat(200_000)
    const account = await openAccount(bench, credit)
    bench.upstream.answerOnce(whole(completion({ content, promptTokens: 7, completionTokens: 3 })))
    const ask = () => call(bench.relay.url, { key: account.key, body: sold(), ...under('long') })
    const first = await ask()
    assert.ok(first.bytes.length > 1_000_000)
    assertAgain(await ask(), first)
  })

  test('the same key with another body is refused, and for another key of a caller it is another call', async () => {
    const account = await openAccount(bench, credit)
    bench.upstream.answerOnce(answered, answered)
    const first = await call(bench.relay.url, { key: account.key, body: sold(), ...under('reused') })
    const other = await call(bench.relay.url, { key: account.key, body: sold({ top_p: 0.5 }), ...under('reused') })
    assertProblem(other, 422, 'idempotency_key_reused')
    assert.match(String(other.at('error.message')), new RegExp(String(first.headers['x-request-id'])))
    const { key } = await bench.relay.createKey({ account: account.id })
    const elsewhere = await call(bench.relay.url, { key, body: sold(), ...under('reused') })
    assert.equal(elsewhere.headers['idempotent-replayed'], undefined)
    assert.equal(await settled(bench, account.id), credit - 2n * costNano)
  })

  test('a key that is none is refused, and the longest one is taken', async () => {
    const account = await openAccount(bench, credit)
    for (const key of ['two words', 'x'.repeat(256), '', 'naïve'])
      assertProblem(
        await call(bench.relay.url, { key: account.key, body: sold(), headers: { 'idempotency-key': key } }),
        400,
        'invalid_request_error',
      )
    bench.upstream.answerOnce(answered)
    const answer = await call(bench.relay.url, { key: account.key, body: sold(), ...under('x'.repeat(255)) })
    assert.equal(answer.status, 200)
  })

  test('what was not charged frees the key: a refusal of the provider, of the account, of the caller', async () => {
    const account = await openAccount(bench, credit)
    const ask = () => call(bench.relay.url, { key: account.key, body: sold(), ...under('freed') })
    const fault = failure(500, { message: 'the provider is ill', type: 'server_error' })
    bench.upstream.answerOnce(fault, fault, fault)
    assert.equal((await ask()).status, 502)
    bench.upstream.answerOnce(failure(400, { message: 'not this', type: 'invalid_request_error' }))
    assert.equal((await ask()).status, 400)
    bench.upstream.answerOnce(answered)
    const first = await ask()
    assert.equal(first.status, 200)
    assertAgain(await ask(), first)
    assert.equal(await settled(bench, account.id), credit - costNano)
  })

  test('a stream that was cut after it had cost something is not run again: 409 names the call', async () => {
    const account = await openAccount(bench, credit)
    bench.upstream.answerOnce(cutAfter(completionEvents(words).slice(0, 3)))
    const ask = { key: account.key, body: sold({ stream: true }), ...under('cut') }
    const open = await openCall(bench.relay.url, ask)
    await assert.rejects(open.rest())
    await bench.relay.recordOf(open)
    const again = await call(bench.relay.url, ask)
    assertProblem(again, 409, 'idempotency_not_replayable')
    assert.equal(again.headers['x-should-retry'], 'false')
    assert.match(again.text, new RegExp(String(open.headers['x-request-id'])))
    await provenOk(bench)
  })

  test('whoever leaves in the middle of a stream finds the whole answer when asking again, billed once', async () => {
    const account = await openAccount(bench, credit)
    const gate = makeGate()
    const events = completionEvents(words, { usage: true })
    bench.upstream.forget()
    bench.upstream.answerOnce(stream(events, { before: (index) => (index === 3 ? gate.passed : Promise.resolve()) }))
    const ask = { key: account.key, body: sold({ stream: true }), ...under('left') }
    const open = await openCall(bench.relay.url, ask)
    await open.until('two ')
    open.leave()
    // Answered after the relay has seen that the caller of before is gone.
    await call(bench.relay.url, { path: '/health/liveness' })
    const again = call(bench.relay.url, ask)
    gate.open()
    assert.equal((await again).text, completionEvents(words).join(''))
    assert.equal(bench.upstream.seen.length, 1)
    assert.equal(await settled(bench, account.id), credit - costNano)
    assert.equal((await bench.relay.recordOf(open))['end'], 'left')
  })

  test('in the sandbox too, and nothing of an answer lies readable on the disk', async () => {
    const body = { model: 'kimi-k2', messages: [{ role: 'user', content: 'a most peculiar sentence' }] }
    const ask = () => call(bench.relay.url, { key: testKey, body, ...under('sandbox') })
    const first = await ask()
    assertAgain(await ask(), first)
    assert.deepEqual(await placesOf('peculiar', bench.relay), [])
    assert.notDeepEqual(
      await placesOf(String(first.headers['x-request-id']), bench.relay),
      [],
      'they are looked through',
    )
  })
})

test('keys survive kill -9: a kept answer is given again, an uncharged call runs again, a charged one does not', async () => {
  const bench = await startBench({ config: models })
  try {
    const account = await openAccount(bench, credit)
    const ask = (key: string, body = sold()) => ({ key: account.key, body, ...under(key) })
    bench.upstream.answerOnce(answered)
    const kept = await call(bench.relay.url, ask('kept'))
    await bench.relay.recordOf(kept)
    const streamed = sold({ stream: true })
    bench.upstream.answerOnce(stallAfter(completionEvents(words).slice(0, 3)))
    const proven = await openCall(bench.relay.url, ask('proven', streamed))
    await proven.until('two ')
    bench.upstream.answerOnce(({ seen }) => seen.closed)
    const waiting = openCall(bench.relay.url, ask('uncharged')).catch(() => null)
    await bench.upstream.arrival(2)
    await bench.relay.kill()
    await within(waiting, 5_000, () => 'the caller still waits')
    await using second = await startRelay({ folder: bench.relay.folder, env: { FAKE_KEY: fakeKey } })
    assertAgain(await call(second.url, ask('kept')), kept)
    bench.upstream.answerOnce(answered)
    const rerun = await call(second.url, ask('uncharged'))
    assert.equal(rerun.status, 200, rerun.text)
    assert.equal(rerun.headers['idempotent-replayed'], undefined)
    const refused = await call(second.url, ask('proven', streamed))
    assertProblem(refused, 409, 'idempotency_not_replayable')
    await eventually('the books', async () => ((await provenOk({ ...bench, relay: second })).ok ? true : undefined))
  } finally {
    await bench.close()
  }
})
