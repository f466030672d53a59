import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import { systemClock } from '#base/clock.ts'
import { Secret, silentLog } from '#base/log.ts'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { networkTransport } from '#http/upstream.ts'
import type { RecordTrace } from './spans.ts'
import { spansOf } from './spans.ts'
import { openTelemetry } from './telemetry.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const trace = (
  sampled: boolean,
  attempts: readonly string[] = ['b7ad6b7169203331', 'c7ad6b7169203331'],
): RecordTrace => ({
  context: { traceId, spanId: '00f067aa0ba902b7', sampled, state: null },
  parentSpanId: 'a7ad6b7169203331',
  attemptSpanIds: attempts,
})

const record = sampleRecord({
  timeMs: 1_700_000_000_123,
  attempts: [
    sampleAttempt({ error: 'upstream_timeout', endMs: 60, firstPartMs: null }),
    sampleAttempt({ startMs: 70 }),
  ],
})

test('a call is one span with its attempts below it, named and timed', () => {
  const [call, failed, good] = spansOf(record, trace(true), emptyResource())
  assert.ok(call && failed && good)
  assert.equal(call.name, 'chat kimi-k2')
  assert.equal(call.kind, SpanKind.SERVER)
  assert.equal(call.parentSpanContext?.spanId, 'a7ad6b7169203331')
  assert.deepEqual(call.startTime, [1_700_000_000, 123_000_000])
  assert.deepEqual(call.endTime, [1_700_000_001, 23_000_000])
  assert.equal(call.attributes['gen_ai.usage.input_tokens'], 10)
  assert.equal(call.attributes['drover.cost_nano_usd'], '1')
  assert.deepEqual(call.attributes['gen_ai.response.finish_reasons'], ['stop'])
  assert.equal(failed.kind, SpanKind.CLIENT)
  assert.equal(failed.attributes['error.type'], 'upstream_upstream_timeout')
  assert.equal(failed.status.code, SpanStatusCode.ERROR)
  assert.equal(failed.parentSpanContext?.spanId, '00f067aa0ba902b7')
  assert.equal(good.spanContext().spanId, 'c7ad6b7169203331')
  assert.ok(!('gen_ai.usage.input_tokens' in failed.attributes), 'unknown is left out, and not zero')
})

/** A collector on a real socket. */
const collector = async (context: TestContext, status = 200) => {
  const got: { readonly path: string; readonly bytes: Buffer; readonly secret: unknown }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    got.push({ path: request.url ?? '', bytes: Buffer.concat(chunks), secret: request.headers['x-token'] })
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const clock = systemClock()
  const transport = networkTransport({ allowPrivate: true, proxy: null, certificateAuthorities: null, clock })
  context.after(() => transport.close())
  const lines: string[] = []
  const telemetry = openTelemetry({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    headers: { 'x-token': new Secret('t') },
    serviceName: 'relay-one',
    version: '0.1.0',
    instance: 'node-1',
    transport,
    clock,
    log: { ...silentLog, warn: (message) => void lines.push(message) },
  })
  return { got, telemetry, lines }
}

test('what is sampled reaches the collector, with metrics of every call', async (context) => {
  const { got, telemetry } = await collector(context)
  telemetry.observe(record, trace(true))
  telemetry.observe(sampleRecord({ id: 'call_unsampled' }), trace(false))
  telemetry.observe(sampleRecord({ id: 'call_alone' }), null)
  await telemetry.close()
  assert.deepEqual(got.map(({ path }) => path).sort(), ['/v1/metrics', '/v1/traces'])
  const traces = got.find(({ path }) => path === '/v1/traces') ?? assert.fail('no traces came')
  assert.ok(traces.bytes.includes(Buffer.from(traceId, 'hex')))
  assert.ok(traces.bytes.includes('relay-one') && traces.bytes.includes('call_1'))
  assert.ok(!traces.bytes.includes('call_unsampled') && !traces.bytes.includes('call_alone'))
  assert.equal(traces.secret, 't')
  const metrics = got.find(({ path }) => path === '/v1/metrics')
  assert.ok(metrics?.bytes.includes('gen_ai.client.token.usage'))
})

test('a collector that refuses is told of once, and stops nothing', async (context) => {
  const { telemetry, lines } = await collector(context, 503)
  telemetry.observe(record, trace(true))
  await telemetry.close()
  assert.deepEqual(lines.sort(), ['metrics could not be sent', 'traces could not be sent'])
})
