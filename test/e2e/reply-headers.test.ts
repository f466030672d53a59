import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import { call } from './call.ts'
import { fakeKey } from './harness.ts'

const priced = `models:
  priced:
    targets: [ { provider: fake, model: any-model } ]
    price: { input: "1.00", output: "2.00" }
`

describe('headers', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: priced })
  })
  after(() => bench.close())

  test('every answer carries what Drover did', async () => {
    const upstream = {
      'x-request-id': 'upstream-id-1',
      'set-cookie': 'a=b',
      'openai-organization': 'org-of-the-operator',
    }
    for (const streaming of [false, true]) {
      const script = streaming
        ? stream(completionEvents(['a'], { usage: true }), { headers: upstream })
        : whole(completion(), { headers: upstream })
      bench.upstream.answerOnce(script)
      const { headers, status, text } = await call(bench.relay.url, {
        key: bench.key,
        body: chat('hi', { model: 'priced', stream: streaming }),
      })
      assert.equal(status, 200, text)
      assert.match(headers['x-request-id'] ?? '', /^[\w-]{8,}$/)
      assert.notEqual(headers['x-request-id'], 'upstream-id-1')
      assert.equal(headers['x-drover-upstream-request-id'], 'upstream-id-1')
      assert.equal(headers['x-drover-provider'], 'fake')
      assert.ok(headers['x-drover-model'])
      assert.equal(headers['x-drover-attempts'], '1')
      assert.match(headers['x-drover-overhead-ms'] ?? '', /^\d+(\.\d+)?$/)
      assert.match(headers['openai-processing-ms'] ?? '', /^\d+(\.\d+)?$/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.match(headers['content-security-policy'] ?? '', /sandbox/)
      assert.equal(headers['set-cookie'], undefined, 'cookies of the provider are not for the caller')
      assert.equal(headers['openai-organization'], undefined, 'the operator’s organisation is not for the caller')
      if (streaming) assert.equal(headers['x-accel-buffering'], 'no')
    }
  })

  test('the cost of a priced call stands in a header, from the integer', async () => {
    bench.upstream.answerOnce(whole(completion({ promptTokens: 1_000_000, completionTokens: 3 })))
    const answer = await call(bench.relay.url, { key: bench.key, body: chat('hi', { model: 'priced' }) })
    assert.equal(answer.headers['x-drover-cost'], '1.000006')
  })

  test('usage.cost is written into the answer when asked for, and the wish is not sent on', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(whole(completion({ promptTokens: 7, completionTokens: 3 })))
    const body = chat('hi', { model: 'priced', usage: { include: true } })
    const answer = await call(bench.relay.url, { key: bench.key, body })
    assert.equal(answer.at('usage.cost'), 0.000013)
    assert.equal(answer.at('usage.cost_nano_usd'), '13000')
    const seen = await bench.upstream.arrival(0)
    assert.ok(!seen.body.toString().includes('include'), seen.body.toString())
  })

  test('nothing of the caller’s identity reaches the provider, and nothing of the operator’s the caller', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(whole(completion()))
    const answer = await call(bench.relay.url, {
      key: bench.key,
      body: chat('hi'),
      headers: {
        cookie: 'session=caller-cookie',
        'x-api-key': bench.key,
        'openai-organization': 'org-of-the-caller',
        'openai-project': 'proj-of-the-caller',
        'x-organization': 'org-of-the-caller',
        'proxy-authorization': 'Basic caller-proxy',
        'x-forwarded-for': '203.0.113.9',
        'x-drover-tags': 'team=caller-team',
        'x-session-id': 'caller-session',
      },
    })
    assert.equal(answer.status, 200, answer.text)
    const seen = await bench.upstream.arrival(0)
    const sent = seen.rawHeaders.join('\n')
    for (const word of ['caller', '203.0.113.9', bench.key]) assert.ok(!sent.includes(word), `${word} in ${sent}`)
    assert.equal(seen.headers.authorization, `Bearer ${fakeKey}`)
    assert.equal(seen.headers.host, `127.0.0.1:${bench.upstream.port}`)
    const told = JSON.stringify(answer.headers) + answer.text + bench.relay.stderr()
    assert.ok(!told.includes(fakeKey) && !bench.relay.stderr().includes(bench.key))
  })

  test('no field of a body says where a call goes, or with whose key', async () => {
    await using impostor = await startUpstream()
    const url = `http://127.0.0.1:${impostor.port}/v1`
    for (const place of ['body', 'extra_body', 'metadata']) {
      const planted = {
        api_base: url,
        base_url: url,
        baseUrl: url,
        endpoint: url,
        api_key: 'planted',
        custom_llm_provider: 'x',
      }
      bench.upstream.answerOnce(whole(completion()))
      const body = { ...chat('hi'), ...(place === 'body' ? planted : { [place]: planted }) }
      const answer = await call(bench.relay.url, { key: bench.key, body, headers: { 'x-api-base': url } })
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.headers['x-drover-provider'], 'fake')
    }
    assert.equal(impostor.seen.length, 0, 'nobody was asked there')
    assert.ok(bench.upstream.seen.slice(-3).every(({ headers }) => headers.authorization === `Bearer ${fakeKey}`))
  })

  test('a provider that repeats the operator’s key in an error does not give it away', async () => {
    bench.upstream.answer(
      whole(
        { error: { message: `Incorrect API key provided: ${fakeKey}`, type: 'invalid_request_error' } },
        { status: 401 },
      ),
    )
    const answer = await call(bench.relay.url, { key: bench.key, body: chat('hi') })
    assert.equal(answer.status, 502)
    assert.equal(answer.at('error.code'), 'upstream_error')
    const logs = JSON.stringify(await bench.relay.recordOf(answer))
    assert.ok(!`${answer.text}${JSON.stringify(answer.headers)}${bench.relay.stderr()}${logs}`.includes(fakeKey))
  })
})
