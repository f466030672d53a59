import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { sampleRecord } from '#base/sample-record.ts'
import { watchAvailability } from './availability.ts'
import type { AvailabilityHour } from './port.ts'

const hourMs = 3_600_000

test('what providers and Drover fail at counts, what callers do wrong does not, and nothing of the sandbox', async () => {
  const clock = handClock(10 * hourMs + 5)
  let kept: AvailabilityHour[] = []
  let isAway = false
  const availability = watchAvailability({
    store: {
      addAvailability: async (hours) => {
        if (isAway) throw new Error('the store is away')
        kept = [...kept, ...hours]
      },
      availability: async () => kept,
    },
    clock,
    log: silentLog,
    modelOf: (name) => (name === 'alias' ? 'm' : name === 'm' ? 'm' : null),
  })
  const record = sampleRecord({ model: 'm', timeMs: clock.nowMs() })
  availability.observe(record)
  availability.observe({ ...record, model: 'alias' })
  availability.observe({ ...record, error: 'upstream_timeout', end: 'refused' })
  availability.observe({ ...record, error: 'upstream_error', end: 'cut' })
  availability.observe({ ...record, error: 'invalid_json', end: 'refused' })
  availability.observe({ ...record, error: 'rate_limit_exceeded', end: 'refused' })
  availability.observe({ ...record, end: 'left', ttftMs: null })
  availability.observe({ ...record, test: true })
  availability.observe({ ...record, model: 'made-up' })
  assert.deepEqual(availability.recent('m'), { answered: 2, failed: 2 })
  isAway = true
  await availability.close()
  isAway = false
  assert.deepEqual(await availability.since(0), new Map([['m', { answered: 2, failed: 2 }]]))
  assert.deepEqual(kept, [{ model: 'm', startMs: 10 * hourMs, answered: 2, failed: 2 }])
  clock.advance(11 * 60_000)
  assert.deepEqual(availability.recent('m'), { answered: 0, failed: 0 })
})
