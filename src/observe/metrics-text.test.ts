import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { makeMetrics } from './metrics.ts'
import { addMetrics, lasting, metricsText } from './metrics-text.ts'

const gaps = [0, 2, 1]
const record = sampleRecord({ attempts: [sampleAttempt()], gaps })

const processes = (count: number) =>
  Array.from({ length: count }, (_none, place) => {
    const metrics = makeMetrics({
      defaults: false,
      waitingCalls: () => place,
      standings: () => [{ provider: 'p', targetsOut: place, keysOut: 0 }],
    })
    metrics.observe(record)
    return metrics
  })

const linesOf = (text: string, name: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith(name))

test('counters, histograms and calls that wait are added; how a provider stands is the worst of what they see', async () => {
  const all = processes(3)
  const text = await metricsText(await Promise.all(all.map(async ({ read }) => structuredClone(await read()))))
  assert.match(linesOf(text, 'drover_calls_total{')[0] ?? '', / 3$/)
  assert.match(linesOf(text, 'drover_call_duration_seconds_count')[0] ?? '', / 3$/)
  assert.deepEqual(linesOf(text, 'drover_calls_waiting '), ['drover_calls_waiting 3'])
  assert.deepEqual(linesOf(text, 'drover_targets_left_out{'), ['drover_targets_left_out{provider="p"} 2'])
  assert.match(linesOf(text, 'drover_stream_gap_seconds_count')[0] ?? '', / 9$/)
})

test('the same series are there as of one process alone', async () => {
  const [one] = processes(1)
  assert.ok(one !== undefined)
  assert.deepEqual((await metricsText([await one.read()])).split('\n').sort(), (await one.text()).split('\n').sort())
})

test('of a process that has ended counters stay, and gauges do not', async () => {
  const [one, gone] = processes(2)
  assert.ok(one !== undefined && gone !== undefined)
  const past = await addMetrics([{ metrics: [], gaps: [] }, lasting(await gone.read()), lasting(await gone.read())])
  const text = await metricsText([await one.read(), structuredClone(past)])
  assert.match(linesOf(text, 'drover_calls_total{')[0] ?? '', / 3$/)
  assert.match(linesOf(text, 'drover_stream_gap_seconds_count')[0] ?? '', / 9$/)
  assert.deepEqual(linesOf(text, 'drover_calls_waiting '), ['drover_calls_waiting 0'])
})
