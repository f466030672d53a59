import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { neverAnswer, stallAfter, stream } from '../fake/answer.ts'
import { makeGate } from '../fake/gate.ts'
import { completionEvents, doneEvent } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { startBench } from './bench.ts'
import { call, eventsOf, openCall, textOf } from './call.ts'
import { admin, balanceOf, holdOf, models, openAccount, outputNano, provenOk, settled, sold } from './customer.ts'
import { adminKey, eventually, fakeKey, startRelay, within } from './harness.ts'
import { isOnPostgres } from './on-postgres.ts'

/** Output tokens that a hold grows by. */
const slice = 1_024n
const rounds = 40
/** A word that every tokeniser takes for one token or two. */
const words = (count: number): readonly string[] => Array.from({ length: count }, () => 'word ')

const streamed = (more: object = {}): object => sold({ stream: true, max_tokens: 100_000, ...more })

const maximumIn = (bench: Bench): unknown =>
  (JSON.parse(bench.upstream.seen[0]?.body.toString() ?? '{}') as Record<string, unknown>)['max_tokens']

/**
 * What is held in the store: for the call on the embedded one; on Postgres it is what the node has told of its calls, at first all that they might
 * come to (test/postgres/leases.test.ts).
 */
const assertHeld = async (
  bench: Bench,
  account: string,
  wanted: { readonly balance: bigint; readonly held: bigint },
): Promise<void> => {
  const { balance, held } = await balanceOf(bench, account)
  assert.equal(balance, wanted.balance)
  if (isOnPostgres()) assert.ok(held >= wanted.held && held <= balance, `${held} is held`)
  else assert.equal(held, wanted.held)
}

describe('a stream on an account with little credit', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: models })
  })
  after(() => bench.close())

  test('holds a slice at a time, so that others have the rest; its maximum is what the credit covers', async () => {
    const body = streamed()
    const account = await openAccount(bench, holdOf(body, 10_000n))
    const gate = makeGate()
    const events = completionEvents(words(2_000), { usage: true })
    bench.upstream.forget()
    bench.upstream.answerOnce(
      stream(events, { before: (index) => (index === 1 || index === 1_500 ? gate.passed : Promise.resolve()) }),
    )
    const reading = call(bench.relay.url, { key: account.key, body })
    await bench.upstream.arrival(0)
    assert.equal(maximumIn(bench), 10_000)
    await assertHeld(bench, account.id, { balance: holdOf(body, 10_000n), held: holdOf(body, slice) })
    gate.open()
    const answer = await reading
    assert.match(
      answer.headers['x-drover-warnings'] ?? '',
      /max_tokens:lowered to 10000; it is the credit that is left/,
    )
    assert.equal(textOf(answer.text), words(2_000).join(''))
    assert.equal(await settled(bench, account.id), holdOf(body, 10_000n) - 7_000n - 2_000n * outputNano)
    assert.equal((await bench.relay.recordOf(answer))['finish_reason'], 'stop')
    await provenOk(bench)
  })

  test("grows by the slice of the account's plan", async () => {
    const body = streamed()
    const account = await openAccount(bench, holdOf(body, 10_000n))
    await admin(bench, '/plans', { name: 'small', slice_tokens: 300 })
    const path = `/api/v1/accounts/${account.id}`
    const set = await call(bench.relay.url, { method: 'PATCH', path, key: adminKey, body: { plan: 'small' } })
    assert.equal(set.status, 200, set.text)
    const gate = makeGate()
    bench.upstream.forget()
    bench.upstream.answerOnce(
      stream(completionEvents(words(900), { usage: true }), {
        before: (index) => (index === 1 ? gate.passed : Promise.resolve()),
      }),
    )
    const reading = call(bench.relay.url, { key: account.key, body })
    await bench.upstream.arrival(0)
    await assertHeld(bench, account.id, { balance: holdOf(body, 10_000n), held: holdOf(body, 300n) })
    gate.open()
    assert.equal(textOf((await reading).text), words(900).join(''))
    assert.equal(await settled(bench, account.id), holdOf(body, 10_000n) - 7_000n - 900n * outputNano)
  })

  test('where a slice fails it ends with length, well formed, upstream is left, and what was delivered is charged', async () => {
    const body = streamed({ stream_options: { include_usage: true }, usage: { include: true } })
    const credit = holdOf(body, 1_500n)
    const account = await openAccount(bench, credit)
    bench.upstream.forget()
    bench.upstream.answerOnce(stallAfter(completionEvents(words(20_000)).slice(0, -2)))
    const answer = await call(bench.relay.url, { key: account.key, body })
    const seen = await bench.upstream.arrival(0)
    await within(seen.left, 5_000, () => 'the provider still streams')
    assert.ok(answer.text.endsWith(doneEvent), answer.text.slice(-400))
    const events = eventsOf(answer.text)
      .slice(0, -1)
      .map(({ data }) => JSON.parse(data) as Record<string, unknown>)
    const finish = JSON.stringify(events.at(-2))
    assert.match(finish, /"finish_reason":"length"/)
    assert.equal(new Set(events.map(({ id }) => id)).size, 1, 'the end continues the answer')
    const usage = events.at(-1)?.['usage'] as Record<string, unknown>
    const record = await bench.relay.recordOf(answer)
    const charged = BigInt(String(record['cost_nano_usd']))
    assert.equal(usage['cost_nano_usd'], charged.toString())
    const delivered = textOf(answer.text).split(' ').length - 1
    assert.ok(delivered >= 1_400 && delivered <= 1_500, `${delivered} words were delivered`)
    assert.deepEqual([record['end'], record['finish_reason']], ['complete', 'length'])
    assert.match(String(record['warnings']), /hold:credit or budget ended after \d+ tokens/)
    assert.equal(await settled(bench, account.id), credit - charged)
    assert.ok(charged <= credit && charged > 1_400n * outputNano)
    const generation = await call(bench.relay.url, {
      key: account.key,
      path: `/v1/generation?id=${answer.headers['x-request-id']}`,
    })
    assert.equal(
      generation.at('data.rule'),
      'credit or budget ended in the middle: what was delivered, counted by Drover',
    )
    await provenOk(bench)
  })

  test('in another format the end is that format: a Messages caller gets max_tokens and message_stop', async () => {
    const body = { model: 'sold', stream: true, max_tokens: 100_000, messages: [{ role: 'user', content: 'hi' }] }
    const account = await openAccount(bench, holdOf(body, 1_500n))
    bench.upstream.answerOnce(stallAfter(completionEvents(words(20_000)).slice(0, -2)))
    const answer = await call(bench.relay.url, { key: account.key, path: '/v1/messages', body })
    const events = eventsOf(answer.text)
    const names = events.slice(-4).map(({ event }) => event)
    assert.deepEqual(names, ['content_block_delta', 'content_block_stop', 'message_delta', 'message_stop'])
    const { delta, usage } = JSON.parse(events.at(-2)?.data ?? '{}') as {
      delta: { stop_reason: string }
      usage: { output_tokens: number }
    }
    assert.equal(delta.stop_reason, 'max_tokens')
    assert.ok(usage.output_tokens > 1_300 && usage.output_tokens <= 1_500, `${usage.output_tokens}`)
    assert.ok((await settled(bench, account.id)) >= 0n)
  })

  test('many at once share what there is: all are let in, each ends by itself or with length, nothing below zero', async () => {
    const body = streamed()
    const credit = holdOf(body, slice) * BigInt(rounds)
    const account = await openAccount(bench, credit)
    const gate = makeGate()
    let asked = 0
    bench.upstream.answer(async (exchange) => {
      asked += 1
      if (asked === rounds) gate.open()
      await gate.passed
      await stream(completionEvents(words(1_500)))(exchange)
    })
    const answers = await Promise.all(
      Array.from({ length: rounds }, () => call(bench.relay.url, { key: account.key, body })),
    )
    for (const { status, text } of answers) {
      assert.equal(status, 200)
      assert.ok(text.endsWith(doneEvent))
      assert.match(text, /"finish_reason":"(length|stop)"/)
    }
    assert.ok(answers.some(({ text }) => text.includes('"finish_reason":"length"')))
    const left = await settled(bench, account.id)
    assert.ok(left >= 0n, `${left} nano-USD`)
    await provenOk(bench)
  })

  test('a whole answer is held for whole: it cannot be ended in the middle', async () => {
    const body = sold({ max_tokens: 100_000 })
    const account = await openAccount(bench, holdOf(body, 10_000n))
    bench.upstream.forget()
    bench.upstream.answerOnce(neverAnswer)
    const leaving = new AbortController()
    const pending = openCall(bench.relay.url, { key: account.key, body, signal: leaving.signal }).catch(() => null)
    await bench.upstream.arrival(0)
    assert.equal((await balanceOf(bench, account.id)).held, holdOf(body, 10_000n))
    leaving.abort()
    await pending
  })
})

/** What is proven of the one call that is open: in its hold in the embedded store, in the node's journal beside Postgres. */
const provenIn = (data: string): bigint | undefined => {
  const [file, query] = isOnPostgres()
    ? ['journal.db', "select body ->> 'provenNanoUsd' as proven from journal_call where body ->> 'end' is null"]
    : ['drover.db', "select cast(proven_nano_usd as text) as proven from hold where state = 'open'"]
  const database = new DatabaseSync(join(data, file), { readOnly: true })
  try {
    const proven = database.prepare(query).all()[0]?.['proven']
    return typeof proven === 'string' ? BigInt(proven) : undefined
  } finally {
    database.close()
  }
}

test('kill -9 in the middle of a stream: charged is what the journal proves, and the receipt names the rule', async () => {
  const bench = await startBench({ config: models })
  try {
    const credit = 1_000_000_000n
    const account = await openAccount(bench, credit)
    const body = streamed({ max_tokens: 5_000 })
    const events = completionEvents(words(300)).slice(0, 301)
    const ask = async () => {
      bench.upstream.answerOnce(stallAfter(events))
      const open = await openCall(bench.relay.url, { key: account.key, body })
      let seen = ''
      while (seen.split('word ').length <= 300) seen += await open.until('word ')
      return open
    }
    const left = await ask()
    left.leave()
    const charge = BigInt(String((await bench.relay.recordOf(left))['cost_nano_usd']))
    assert.ok(charge >= 300n * outputNano)
    const killed = await ask()
    const proven = await eventually('the proof', () => provenIn(bench.relay.data), 10_000)
    assert.equal(proven, charge, 'what was delivered is proven as if its caller had left')
    await bench.relay.kill()
    await using second = await startRelay({ folder: bench.relay.folder, env: { FAKE_KEY: fakeKey } })
    const after = { ...bench, relay: second }
    assert.deepEqual(await balanceOf(after, account.id), { balance: credit - 2n * charge, held: 0n })
    const generation = await call(second.url, {
      key: account.key,
      path: `/v1/generation?id=${killed.headers['x-request-id']}`,
    })
    assert.equal(generation.at('data.total_cost_nano_usd'), charge.toString())
    assert.equal(generation.at('data.state'), 'settled')
    assert.equal(generation.at('data.rule'), 'interrupted: settled for what was proven')
    const line = (await second.logs(10)).find(({ id }) => id === killed.headers['x-request-id'])
    assert.deepEqual(
      [line?.['account'], line?.['end'], line?.['error'], line?.['cost_nano_usd']],
      [account.id, 'cut', 'internal_error', charge.toString()],
    )
    assert.match(
      String(line?.['error_message']),
      /In the books it is settled, .* USD charged \(interrupted: settled for/,
    )
    await provenOk(after)
  } finally {
    await bench.close()
  }
})
