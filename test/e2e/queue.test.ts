/** Limits with a queue: calls wait for their turn instead of being refused, over real sockets. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Script } from '../fake/upstream.ts'
import { chat, startBench } from './bench.ts'
import { assertProblem, call, openCall } from './call.ts'
import { adminKey, eventually } from './harness.ts'

const config = `models:
  m: { targets: [ { provider: fake, model: m } ], price: free }
limits:
  one-at-a-time: { concurrency: 1, queue: { max_waiting: 2, max_wait: 20s }, for: { models: [m] } }
`

test('calls wait in turn, the full queue refuses, a caller who leaves gives up its place, and all of it is seen', async () => {
  const bench = await startBench({ config })
  try {
    const { relay, upstream, key } = bench
    const other = (await relay.createKey({ name: 'other' })).key
    const gate = Promise.withResolvers<void>()
    const held: Script = async (exchange) => {
      await Promise.race([gate.promise, exchange.seen.closed])
      await whole(completion({}))(exchange)
    }
    upstream.answer(held)
    const ask = (which: string, headers: Record<string, string> = {}) =>
      call(relay.url, { key: which, headers, body: chat('hi', { model: 'm' }) })
    const metric = async (name: string): Promise<number> => {
      const { text } = await call(relay.url, { path: '/metrics', key: adminKey })
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
    }
    const waitFor = (count: number) =>
      eventually(
        `${count} waiting`,
        async () => ((await metric('drover_calls_waiting')) === count ? true : undefined),
        3_000,
      )

    const first = ask(key)
    await upstream.arrival(0)
    const second = ask(key)
    await waitFor(1)
    const leaving = new AbortController()
    const gone = openCall(relay.url, { key: other, body: chat('hi', { model: 'm' }), signal: leaving.signal })
    gone.catch(() => undefined)
    await waitFor(2)
    assertProblem(await ask(key), 429, 'rate_limit_exceeded')
    leaving.abort()
    await waitFor(1)
    const hurried = await ask(other, { 'x-stainless-timeout': '1' })
    assertProblem(hurried, 429, 'rate_limit_exceeded')
    assert.match(hurried.text, /waited in its queue/)
    assert.equal(upstream.seen.length, 1, 'nobody who waits has reached the provider')

    gate.resolve()
    assert.equal((await first).status, 200)
    const answer = await second
    assert.equal(answer.status, 200, answer.text)
    assert.ok(Number(answer.headers['x-drover-queued-ms']) > 0)
    const record = await relay.recordOf(answer)
    assert.ok(Number(record['queued_ms']) > 0)
    assert.ok(Number(record['overhead_ms']) < Number(record['queued_ms']), 'a wait is not Drover at work')
    const { text } = await call(relay.url, { path: '/metrics', key: adminKey })
    assert.match(text, /drover_queue_wait_seconds_count\{outcome="admitted"\} 1/)
    assert.match(text, /drover_queue_wait_seconds_count\{outcome="refused"\} [12]/)
    const story = await relay.command('explain', String(record['id']))
    assert.ok(Number((story as { call: { queued_ms: number } }).call.queued_ms) > 0)
  } finally {
    await bench.close()
  }
})
