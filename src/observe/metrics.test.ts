import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
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

test('why targets were asked, what was given again, and who is left out', async () => {
  let out = 2
  const standings = () => [{ provider: 'moonshot', targetsOut: out, keysOut: 1 }]
  const metrics = makeMetrics({ defaults: false, standings })
  const attempts = [sampleAttempt({ reason: 'weighted' }), sampleAttempt({ reason: 'other-target' })]
  metrics.observe(sampleRecord({ attempts, cache: 'miss' }))
  metrics.observe(sampleRecord({ attempts: [], cache: 'hit' }))
  metrics.observe(sampleRecord({ attempts: [sampleAttempt({ reason: 'similarity' })], cache: 'hit' }))
  const text = await metrics.text()
  for (const reason of ['weighted', 'other-target', 'similarity'])
    assert.ok(text.includes(`drover_attempt_reasons_total{reason="${reason}"} 1`), reason)
  for (const outcome of ['miss', 'hit', 'similar'])
    assert.ok(text.includes(`drover_cached_calls_total{outcome="${outcome}"} 1`), outcome)
  assert.match(text, /drover_targets_left_out\{provider="moonshot"\} 2/)
  assert.match(text, /drover_provider_keys_out\{provider="moonshot"\} 1/)
  out = 0
  assert.match(await metrics.text(), /drover_targets_left_out\{provider="moonshot"\} 0/)
})

test('which weight of a migration is in force, and what became of calls in its arms', async () => {
  const under = [{ migration: 'move', phase: 'ramping', weightPercent: 5 }]
  const metrics = makeMetrics({ defaults: false, migrations: () => under })
  metrics.observe(sampleRecord({ migration: 'move', arm: 'candidate', end: 'complete' }))
  metrics.observe(sampleRecord({ migration: null, arm: null }))
  const text = await metrics.text()
  assert.match(text, /drover_migration_weight_percent\{migration="move",phase="ramping"\} 5/)
  assert.match(text, /drover_migration_calls_total\{migration="move",arm="candidate",end="complete"\} 1/)
  assert.equal(text.match(/^drover_migration_calls_total/gm)?.length, 1)
  under.pop()
  assert.doesNotMatch(await metrics.text(), /phase="ramping"/)
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
