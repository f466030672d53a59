/** The public page of how models stand, from real calls; and that nobody's made-up names grow the figures. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { failure, whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import { assertProblem, call } from './call.ts'
import { adminKey } from './harness.ts'

const models = `models:
  steady: { targets: [ { provider: fake, model: steady-1 } ], route: { retries: 0 }, price: free }
  shaky: { targets: [ { provider: fake, model: shaky-1 } ], route: { retries: 0 }, price: free }
`
const answered = 12

describe('the status page', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: `public: { status: true }\n${models}` })
    bench.upstream.answer(async (exchange) => {
      const fails = exchange.seen.body.includes('shaky-1') && exchange.seen.body.includes('fail')
      await (fails ? failure(500, { message: 'It broke.' }) : whole(completion({})))(exchange)
    })
  })
  after(() => bench.close())
  const ask = (model: string, content = 'hi') =>
    call(bench.relay.url, { key: bench.key, body: chat(content, { model }) })
  const get = (path: string, headers: Readonly<Record<string, string>> = {}) => call(bench.relay.url, { path, headers })

  test('shows how often models answered, and hides who stands behind them', async () => {
    for (let index = 0; index < answered; index += 1) assert.equal((await ask('steady')).status, 200)
    for (let index = 0; index < answered; index += 1) await ask('shaky')
    for (let index = 0; index < 4; index += 1) assert.equal((await ask('shaky', 'fail')).status, 502)
    const last = await ask('steady', '')
    assert.equal(last.status, 200)
    assert.equal((await call(bench.relay.url, { key: bench.key, body: '{' })).status, 400)
    // What is counted is seen by the page at once, and the record is there when it has been counted.
    await bench.relay.recordOf(last)
    const status = await get('/api/v1/public/status')
    assert.equal(status.status, 200, status.text)
    assert.deepEqual(status.at('data'), [
      {
        model: 'steady',
        state: 'up',
        availability_24h: '100.00',
        availability_7d: '100.00',
        calls_24h: answered + 1,
        calls_7d: answered + 1,
      },
      {
        model: 'shaky',
        state: 'degraded',
        availability_24h: '75.00',
        availability_7d: '75.00',
        calls_24h: answered + 4,
        calls_7d: answered + 4,
      },
    ])
    assert.equal(status.at('state'), 'degraded')
    assert.doesNotMatch(status.text, /fake|steady-1|127\.0\.0\.1|key_|acc_/)
    const page = await get('/status')
    assert.match(page.headers['content-type'] ?? '', /^text\/html/)
    assert.match(page.headers['content-security-policy'] ?? '', /default-src 'none'/)
    assert.match(page.text, /<html lang="en">.*steady.*● up.*100\.00 %.*shaky.*◐ degraded/s)
    assert.doesNotMatch(page.text, /<script|fake|steady-1/)
    const chinese = await get('/status', { 'accept-language': 'zh-CN,zh;q=0.9' })
    assert.match(chinese.text, /<html lang="zh-CN">.*服务状态.*最近 24 小时/s)
    const negotiated = await get('/status', { accept: 'application/json' })
    assert.equal(negotiated.at('data.0.model'), 'steady')
  })

  test('a thousand made-up models, keys, paths, tags and sessions make no new series', async () => {
    const figures = async (): Promise<readonly string[]> => {
      const { text } = await call(bench.relay.url, { path: '/metrics', key: adminKey })
      return text
        .split('\n')
        .filter((line) => line.startsWith('drover_'))
        .map((line) => line.replace(/ \S+$/, ''))
        .sort()
    }
    const made = async (index: number): Promise<void> => {
      await call(bench.relay.url, { key: bench.key, body: chat('hi', { model: `made-up-${index}` }) })
      await call(bench.relay.url, { key: `hs-live-made-up-${index}`, body: chat('hi') })
      await call(bench.relay.url, { path: `/v1/made-up-${index}`, key: bench.key })
      const own = {
        'x-drover-tags': `made-up-${index}=${index}`,
        'x-session-id': `s-${index}`,
        'x-drover-call-site': `c-${index}`,
      }
      await call(bench.relay.url, {
        key: bench.key,
        body: chat('hi', { model: 'steady', user: `u-${index}` }),
        headers: own,
      })
    }
    await made(0)
    const before = await figures()
    for (let from = 1; from < 250; from += 20)
      await Promise.all(Array.from({ length: 20 }, (_none, index) => made(from + index)))
    assert.deepEqual(await figures(), before)
  })
})

test('is hidden until the operator turns it on, with a hint how', async () => {
  const bench = await startBench({ config: models })
  try {
    for (const path of ['/status', '/api/v1/public/status']) {
      const answer = await call(bench.relay.url, { path })
      assertProblem(answer, 404, 'not_found')
      assert.match(answer.text, /public: \{ status: true \}/)
    }
  } finally {
    await bench.close()
  }
})
