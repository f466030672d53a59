/** What callers make up costs bounded memory: everything that reads records, under a flood of names. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { handClock } from '#base/hand-clock.ts'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { makeFigures } from './figures.ts'
import { makeMetrics } from './metrics.ts'
import { watchSpend } from './spend-watch.ts'

const floodOf = 10_000
const megabyte = 1024 * 1024

/** What is alive; the collector is not to be had otherwise. */
const aliveBytes = (): number => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

test('a flood of models, keys, tags, sessions and conversations: no new series, and memory stays where it was', async () => {
  const clock = handClock()
  const metrics = makeMetrics({ defaults: false })
  const figures = makeFigures(clock)
  const spend = watchSpend({ clock, emit: () => {} })
  const observe = (number: number): void => {
    const name = `made-up-${number}-${'x'.repeat(200)}`
    const labels = { tags: { [name]: name }, session: name, conversation: name, callSite: name }
    const refused = sampleRecord({ ...labels, key: name, model: name, error: 'model_not_found', end: 'refused' })
    const answered = sampleRecord({ ...labels, key: name, model: name, attempts: [sampleAttempt({ model: name })] })
    for (const record of [refused, answered]) {
      metrics.observe(record)
      figures.observe(record)
      spend(record)
    }
  }
  const seriesNow = async (): Promise<readonly string[]> =>
    (await metrics.text()).split('\n').map((line) => line.replace(/ \S+$/, ''))
  observe(0)
  const series = await seriesNow()
  for (let number = 0; number < floodOf; number += 1) observe(number)
  const fullBytes = aliveBytes()
  for (let number = floodOf; number < 2 * floodOf; number += 1) observe(number)
  const grownBytes = aliveBytes() - fullBytes
  assert.deepEqual(await seriesNow(), series)
  assert.ok(grownBytes < 2 * megabyte, `as many names again took ${Math.round(grownBytes / 1024)} KiB`)
})
