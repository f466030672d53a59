import assert from 'node:assert/strict'
import { test } from 'node:test'
import { periodAt } from './period.ts'

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)

test('days, weeks from Monday and months, in UTC', () => {
  const sunday = Date.parse('2026-11-22T23:59:59.999Z')
  assert.deepEqual(periodAt('day', sunday), { startMs: day('2026-11-22'), endMs: day('2026-11-23') })
  assert.deepEqual(periodAt('week', sunday), { startMs: day('2026-11-16'), endMs: day('2026-11-23') })
  assert.deepEqual(periodAt('week', sunday + 1), { startMs: day('2026-11-23'), endMs: day('2026-11-30') })
  assert.deepEqual(periodAt('month', sunday), { startMs: day('2026-11-01'), endMs: day('2026-12-01') })
  assert.deepEqual(periodAt('month', day('2026-12-31')), { startMs: day('2026-12-01'), endMs: day('2027-01-01') })
  assert.deepEqual(periodAt('week', 0), { startMs: day('1969-12-29'), endMs: day('1970-01-05') })
})

test('a budget in all has no end', () => {
  assert.deepEqual(periodAt('total', day('2026-11-22')), { startMs: 0, endMs: null })
})
