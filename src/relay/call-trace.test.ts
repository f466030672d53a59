import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultProblem } from '#http/upstream-problem.ts'
import { openStage, sampleModel } from './test-stage.ts'
import { completion } from './test-upstream.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`

test("a caller's trace goes on in every attempt, each in a span of its own", async () => {
  const stage = openStage({ models: [sampleModel([{}, { provider: 'beta' }])], traceShare: 0 })
  await stage.call({ headers: { traceparent, tracestate: 'vendor=1' } })
  stage.arrival('alpha').fail(faultProblem('reset', new Error('ECONNRESET')))
  await stage.settle()
  stage.arrival('beta').answer(200, completion('hello'))
  await stage.settle()
  for (const provider of ['alpha', 'beta']) {
    const { headers } = stage.arrival(provider).request
    assert.match(String(headers['traceparent']), new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
    assert.notEqual(headers['traceparent'], traceparent)
    assert.equal(headers['tracestate'], 'vendor=1')
  }
})

test('without tracing nothing of it is told to a provider', async () => {
  const stage = openStage()
  await stage.call({ headers: { traceparent } })
  assert.ok(!('traceparent' in stage.arrival('alpha').request.headers))
})
