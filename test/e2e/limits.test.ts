import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Exchange, FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call } from './call.ts'
import type { Relay } from './harness.ts'
import { fakeKey, startRelay } from './harness.ts'

const callers = 1_000
const admitted = 100

// A machine that is short of CPU refuses with 503, whatever the limits are.
const configOf = ({ baseUrl }: FakeUpstream): string => `server: { overload: { loop_delay: 1m } }
providers:
  fake: { vendor: openai-compatible, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  m: { targets: [ { provider: fake, model: m } ], route: { retries: 0, timeout: { connect: 2m } } }
  dear: { targets: [ { provider: fake, model: dear } ] }
limits:
  dear-model: { rpd: 2, for: { models: [dear] } }
  each-key: { per: key, tpd: 100000 }
`

describe('limits', () => {
  let upstream: FakeUpstream
  let relay: Relay
  before(async () => {
    upstream = await startUpstream()
    relay = await startRelay({ config: configOf(upstream), env: { FAKE_KEY: fakeKey } })
  })
  after(async () => {
    await upstream.close()
    await relay[Symbol.asyncDispose]()
  })
  const answer = whole(completion({}))
  const ask = (key: string, model: string, more: object = {}): Promise<Answer> =>
    call(relay.url, { key, body: chat('hi', { model, ...more }) })

  test('a thousand callers against a concurrency of a hundred: exactly a hundred are admitted', async () => {
    const { key } = await relay.createKey({ concurrency: admitted })
    const release = Promise.withResolvers<void>()
    upstream.answer(async (exchange: Exchange) => {
      await release.promise
      await answer(exchange)
    })
    upstream.forget()
    let refused = 0
    const one = async (): Promise<number> => {
      for (;;) {
        const { status, headers } = await ask(key, 'm', { max_tokens: 5 })
        if (status === 503) continue
        if (status === 429) {
          refused += 1
          assert.equal(headers['retry-after'], '1')
        }
        if (refused === callers - admitted) release.resolve()
        return status
      }
    }
    const statuses = await Promise.all(Array.from({ length: callers }, one))
    assert.equal(statuses.filter((status) => status === 200).length, admitted)
    assert.equal(statuses.filter((status) => status === 429).length, callers - admitted)
    assert.equal(upstream.seen.length, admitted)
    upstream.answer(answer)
    assert.equal((await ask(key, 'm')).status, 200, 'what was given back can be taken again')
  })

  test('a key has limits of a day, and the tightest one stands in the headers', async () => {
    upstream.answer(answer)
    const { key } = await relay.createKey({ rpm: 100, rpd: 2 })
    const first = await ask(key, 'm')
    assert.deepEqual(
      ['limit', 'remaining', 'reset'].map((what) => first.headers[`x-ratelimit-${what}-requests`]),
      ['2', '1', '12h0m0s'],
    )
    assert.equal((await ask(key, 'm')).status, 200)
    const third = await ask(key, 'm')
    assertProblem(third, 429, 'rate_limit_exceeded')
    assert.match(third.text, /2 requests per day/)
    const waitS = Number(third.headers['retry-after'])
    assert.ok(waitS > 43_100 && waitS <= 43_200, `half a day: ${waitS}`)
    const shown = await call(relay.url, { key, path: '/v1/key' })
    assert.equal(shown.at('data.rate_limit.requests_per_day'), 2)
  })

  test('a limit of a model holds across keys, and a call larger than a bucket is told so', async () => {
    const keys = [await relay.createKey(), await relay.createKey(), await relay.createKey()]
    const statuses: number[] = []
    for (const { key } of keys) statuses.push((await ask(key, 'dear')).status)
    assert.deepEqual(statuses, [200, 200, 429])
    const small = await relay.createKey({ tpd: 50 })
    const large = await ask(small.key, 'm', { max_tokens: 51 })
    assertProblem(large, 400, 'invalid_request_error')
    assert.match(large.text, /50 tokens per day: it can never pass/)
    assert.equal((await ask(small.key, 'm', { max_tokens: 5 })).status, 200)
  })
})
