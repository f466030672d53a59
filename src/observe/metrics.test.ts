import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleRecord } from '#base/sample-record.ts'
import { makeMetrics } from './metrics.ts'

const record = sampleRecord({ model: 'anything "a caller\n chose"' })

test('a record becomes figures under closed labels', async () => {
  const metrics = makeMetrics({ defaults: false })
  metrics.observe(record)
  metrics.observe({ ...record, error: 'upstream_timeout', end: 'refused', provider: null, usage: null, ttftMs: null })
  const text = await metrics.text()
  assert.match(
    text,
    /drover_calls_total\{protocol="openai-chat",provider="moonshot",end="complete",error_type="none"\} 1/,
  )
  assert.match(text, /error_type="upstream_upstream_timeout"\} 1/)
  assert.match(text, /drover_tokens_total\{provider="moonshot",kind="cached_input"\} 4/)
  assert.doesNotMatch(text, /a caller/)
})

test('two sets do not share their figures', async () => {
  const one = makeMetrics({ defaults: false })
  const other = makeMetrics({ defaults: false })
  one.observe(record)
  assert.doesNotMatch(await other.text(), /moonshot/)
})

test('calls under way are counted until they are over, however they end', async () => {
  const metrics = makeMetrics({ defaults: false })
  const ends = Promise.withResolvers<void>()
  const call = metrics.whileOpen(ends.promise)
  assert.equal(metrics.openCalls(), 1)
  assert.match(await metrics.text(), /drover_calls_open 1/)
  ends.reject(new Error('it broke'))
  await assert.rejects(call, /it broke/)
  assert.match(await metrics.text(), /drover_calls_open 0/)
})
