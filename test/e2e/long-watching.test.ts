/** What an operator is told: alerts that go out, figures, traces, and refusals under load. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { neverAnswer, whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import { call, openCall } from './call.ts'
import { configFor, eventually, fakeKey, startRelay } from './harness.ts'

const hookSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const env = { FAKE_KEY: fakeKey, HOOK_SECRET: hookSecret }

type Listed = { readonly data: readonly Readonly<Record<string, unknown>>[] }

test('a provider that is down is told of by webhook, seen in events, and told again on demand', async () => {
  await using upstream = await startUpstream(whole({ error: { message: 'broken' } }, { status: 500 }))
  await using hook = await startUpstream(whole('', { status: 204 }))
  const address = hook.baseUrl.replace(/\/v1$/, '/hook')
  const config = configFor(
    upstream,
    `recipients: { hook: { webhook: "${address}", secret: "env:HOOK_SECRET", allow_private: true } }
alerts: [ { event: provider_down, notify: [hook] } ]
`,
  )
  await using relay = await startRelay({ config, env })
  assert.deepEqual(await relay.command('recipients', 'test', 'hook'), { name: 'hook', ok: true, error: null })
  const { key } = await relay.createKey()
  for (let number = 0; number < 5; number += 1) await call(relay.url, { key, body: chat('hello') })
  const told = await eventually(
    'the webhook',
    () => hook.seen.map(({ body }) => JSON.parse(body.toString())).find(({ data }) => data.facts.test !== true),
    25_000,
  )
  assert.equal(told.type, 'provider_down')
  assert.equal(told.data.object, 'fake')
  const { data: events } = (await relay.command('events')) as Listed
  assert.deepEqual(
    events.filter(({ name }) => name === 'provider_down').map(({ id }) => id),
    [told.data.id],
  )
  const delivered = await eventually('the note of it', async () => {
    const { data } = (await relay.command('deliveries', 'list', '--state', 'delivered')) as Listed
    return data[0]
  })
  assert.equal(delivered['recipient'], 'hook')
  const seen = hook.seen.length
  await relay.command('deliveries', 'replay', told.data.id, 'hook')
  const again = await hook.arrival(seen)
  assert.equal(again.headers['webhook-id'], told.data.id)
  const figures = (await relay.command('stats', '--by', 'provider')) as Listed
  assert.equal(figures.data[0]?.['name'], 'fake')
  const top = (await relay.command('top', '--rounds', '1')) as Readonly<Record<string, readonly object[]>>
  for (const by of ['all', 'provider', 'model', 'key']) assert.equal(top[by]?.length, 1, by)
  const spans = (await relay.command('stats', '--by', 'provider', '--from', '1h')) as Listed
  assert.equal(spans.data[0]?.['name'], 'fake', 'the log says the same')
})

test('calls and attempts reach a collector as one trace, which goes on at the provider', async () => {
  await using upstream = await startUpstream(whole(completion()))
  await using collector = await startUpstream(whole('', { status: 200 }))
  const otlp = collector.baseUrl.replace(/\/v1$/, '')
  const config = configFor(upstream, `telemetry: { otlp: "${otlp}", allow_private: true }\n`)
  await using relay = await startRelay({ config, env })
  const { key } = await relay.createKey()
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  await call(relay.url, {
    key,
    body: chat('a secret word'),
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  })
  const { headers } = await upstream.arrival(0)
  assert.match(String(headers['traceparent']), new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
  await relay.stop()
  const traces = collector.seen.filter(({ target }) => target === '/v1/traces')
  const bytes = Buffer.concat(traces.map(({ body }) => body))
  assert.ok(bytes.includes(Buffer.from(traceId, 'hex')))
  assert.ok(!bytes.includes('a secret word') && !bytes.includes(fakeKey) && !bytes.includes(key))
  assert.ok(collector.seen.some(({ target }) => target === '/v1/metrics'))
})

test('over its bound of open calls the server refuses at once, and goes on with those under way', async () => {
  await using upstream = await startUpstream(neverAnswer)
  const config = configFor(upstream, 'server: { overload: { open_calls: 3 } }\n')
  await using relay = await startRelay({ config, env })
  const { key } = await relay.createKey()
  const waiting = Array.from({ length: 3 }, () =>
    openCall(relay.url, { key, body: chat('wait', { stream: true }) }).catch(() => 'cut'),
  )
  await upstream.arrival(2)
  const refused = await call(relay.url, { key, body: chat('one more') })
  assert.equal(refused.status, 503)
  assert.equal(JSON.parse(refused.text).error.code, 'overloaded')
  assert.match(refused.headers['retry-after'] ?? '', /^[1-5]$/)
  assert.equal((await call(relay.url, { path: '/health/liveness' })).status, 200)
  // The one that was refused is open until its record is written, after its last byte.
  await eventually('three calls are open', async () => {
    const { text } = await call(relay.url, { path: '/metrics' })
    return text.includes('drover_calls_open 3') ? true : undefined
  })
  // One after the other, so that none waits for another: what the server itself takes for a refusal.
  const inServerMs: number[] = []
  for (let asked = 0; asked < 100; asked += 1) {
    const { status, headers } = await call(relay.url, { key, body: chat('one more') })
    assert.deepEqual([status, /^[1-5]$/.test(headers['retry-after'] ?? '')], [503, true])
    inServerMs.push(Number(headers['x-drover-overhead-ms']))
  }
  const [median = Number.NaN] = inServerMs.toSorted((a, b) => a - b).slice(50)
  assert.ok(median <= 10, `a refusal took ${median} ms at the median`)
  assert.equal(upstream.seen.length, 3, 'none of them was asked for')
  assert.ok(upstream.seen.every(({ hasLeft }) => !hasLeft()))
  await relay.kill()
  assert.deepEqual(await Promise.all(waiting), ['cut', 'cut', 'cut'])
})
