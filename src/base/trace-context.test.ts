import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTraceContext, traceHeaders } from './trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

test('the headers are read and written as they came', () => {
  const headers = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'vendor=1,other=2' }
  const context = readTraceContext(headers)
  assert.deepEqual(context, { traceId, spanId, sampled: true, state: 'vendor=1,other=2' })
  assert.deepEqual(traceHeaders(context ?? assert.fail()), headers)
  assert.equal(readTraceContext({ traceparent: `00-${traceId}-${spanId}-02` })?.sampled, false)
  assert.equal(readTraceContext({ traceparent: `cc-${traceId}-${spanId}-01-later` })?.traceId, traceId)
})

test('what is not valid begins no trace of others', () => {
  const refused = [
    undefined,
    '',
    'nonsense',
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}`,
  ]
  for (const traceparent of refused) assert.equal(readTraceContext({ traceparent }), null, String(traceparent))
  assert.equal(
    readTraceContext({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'x'.repeat(513) })?.state,
    null,
  )
})
