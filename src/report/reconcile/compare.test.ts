import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UsageExportRow } from '#report/usage-export/row.ts'
import { emptyRow } from '#report/usage-export/row.ts'
import type { OwnDay } from './compare.ts'
import { compareUsage, rowsWithin } from './compare.ts'

const theirs = (day: string, changes: Partial<UsageExportRow> = {}): UsageExportRow => {
  const startMs = Date.parse(`${day}T00:00:00Z`)
  return { ...emptyRow('openai', startMs, startMs + 86_400_000), model: 'gpt-5.4-2026-03-05', ...changes }
}

const ours = (day: string, changes: Partial<OwnDay> = {}): OwnDay => ({
  day,
  model: 'gpt-5.4',
  calls: 10,
  input: 10_000,
  cachedInput: 0,
  output: 1000,
  costNanoUsd: 5_000_000_000n,
  failedAttempts: 0,
  unknownCalls: 0,
  unpricedAttempts: 0,
  estimatedCalls: 0,
  ...changes,
})

const options = { basisPointsMax: 100, today: '2026-11-28' }
const brief = (comparison: ReturnType<typeof compareUsage>) =>
  comparison.lines.map(({ day, model, metric, ours: own, theirs: other, percent, alarm }) =>
    [day.slice(8), model, metric, own, other, percent, alarm].join(' '),
  )

test('a snapshot is compared with its model; what the export does not say is not compared', () => {
  const comparison = compareUsage(
    [ours('2026-11-20')],
    [theirs('2026-11-20', { input: 10_050, output: 1000 })],
    options,
  )
  assert.deepEqual(brief(comparison), [
    '20 gpt-5.4 input 10000 10050 -0.50 false',
    '20 gpt-5.4 output 1000 1000 0.00 false',
  ])
  assert.equal(comparison.alarms, 0)
})

test('over one percent is an alarm, with what may explain it', () => {
  const own = [ours('2026-11-20', { failedAttempts: 3, unknownCalls: 2, unpricedAttempts: 1 })]
  const comparison = compareUsage(own, [theirs('2026-11-20', { input: 12_000, costNanoUsd: 6_000_000_000n })], options)
  assert.equal(comparison.alarms, 2)
  const [input, cost] = comparison.lines
  assert.equal(input?.percent, '-16.67')
  assert.match(input?.reasons.join('; ') ?? '', /3 attempts failed.*2 calls reported no usage/)
  assert.match(cost?.reasons.join('; ') ?? '', /3 attempts failed.*1 attempts have no price/)
})

test('a shift around midnight is explained by the day beside it, and is no alarm', () => {
  const own = [ours('2026-11-20', { input: 9000 }), ours('2026-11-21', { input: 11_000 })]
  const rows = [theirs('2026-11-20', { input: 10_000 }), theirs('2026-11-21', { input: 10_000 })]
  const comparison = compareUsage(own, rows, options)
  assert.equal(comparison.alarms, 0)
  assert.ok(comparison.lines.every(({ reasons }) => /midnight/.test(reasons.join())))
})

test('what only one side has is told: calls that never came through here, and calls that they do not bill', () => {
  const own = [ours('2026-11-20', { model: 'only-ours' }), ours('2026-11-25', { model: 'outside' })]
  const comparison = compareUsage(own, [theirs('2026-11-20', { model: 'only-theirs', input: 5 })], options)
  assert.deepEqual(brief(comparison), ['20 only-ours input 10000 0  true', '20 only-theirs input 0 5 -100.00 true'])
  assert.match(comparison.lines[1]?.reasons.join() ?? '', /another key or program/)
})

test('an export without models is compared with everything of the day; today is not over', () => {
  const own = [ours('2026-11-28', { model: 'a' }), ours('2026-11-28', { model: 'b' })]
  const comparison = compareUsage(own, [theirs('2026-11-28', { model: null, input: 25_000 })], options)
  assert.equal(comparison.alarms, 0)
  assert.equal(comparison.lines[0]?.ours, 20_000n)
  assert.match(comparison.lines[0]?.reasons.join() ?? '', /not over/)
})

test('several buckets and pages of one day add up', () => {
  const rows = [theirs('2026-11-20', { input: 4000 }), theirs('2026-11-20', { model: 'GPT-5.4', input: 6000 })]
  assert.deepEqual(brief(compareUsage([ours('2026-11-20')], rows, options)), [
    '20 gpt-5.4 input 10000 10000 0.00 false',
  ])
})

test('what theirs is made of by key, project and tier is told, and only the rows that are named are compared', () => {
  const rows = [
    theirs('2026-11-20', { key: 'key_ours', serviceTier: 'default', input: 10_000, output: 1000 }),
    theirs('2026-11-20', { key: 'key_other', serviceTier: 'batch', input: 4_000, output: 1000 }),
    theirs('2026-11-20', { key: null, input: 1_000 }),
  ]
  const [input] = compareUsage([ours('2026-11-20')], rows, options).lines
  assert.equal(input?.alarm, true)
  assert.match(
    input?.reasons.join('; ') ?? '',
    /theirs by keys: key_ours 10000, key_other 4000; theirs by service tiers: default 10000, batch 4000/,
  )
  const own = rowsWithin(rows, { key: ['key_ours'], serviceTier: ['default', 'flex'] })
  assert.equal(own.length, 1)
  assert.equal(compareUsage([ours('2026-11-20')], own, options).alarms, 0)
  assert.deepEqual(rowsWithin(rows, {}), rows)
})
