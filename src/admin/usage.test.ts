import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csvTable } from '#base/csv.ts'
import { Problem } from '#base/problem.ts'
import { focusColumns } from '#report/focus.ts'
import type { UsageGroup, UsagePage, UsageQuestion, UsageTally } from '#report/port.ts'
import { operations } from './operations.ts'
import { runOperation } from './run.ts'
import { testContext } from './test-store.ts'
import { usageTable, viewOfTally } from './usage-view.ts'

const tally: UsageTally = {
  calls: 3,
  errors: 1,
  refused: 0,
  cut: 1,
  left: 0,
  attempts: 4,
  failedAttempts: 1,
  input: 1000,
  inputUnknown: 1,
  cachedInput: 0,
  cachedInputUnknown: 3,
  cacheWrite: 0,
  cacheWriteUnknown: 0,
  output: 200,
  outputUnknown: 0,
  reasoning: 50,
  reasoningUnknown: 0,
  estimated: 1,
  chargeNanoUsd: 3_000_000_001n,
  unpriced: 0,
  upstreamCostNanoUsd: 1_000_000_000n,
  upstreamUnpriced: 2,
}

const group = (values: UsageGroup['values'], startMs: number | null = null): UsageGroup => ({ startMs, values, tally })

/** The operation `usage VERB` over a store that answers with these pages, and what it was asked. */
const asking = (verb: string, pages: readonly UsagePage[]) => {
  const { context, store } = testContext()
  const asked: UsageQuestion[] = []
  const waiting = [...pages]
  const usage = async (question: UsageQuestion): Promise<UsagePage> => {
    asked.push(question)
    return waiting.shift() ?? { groups: [], next: null, pending: 0 }
  }
  const ports = { ...context.ports, store: { ...store, usage } }
  const operation = operations.find((one) => one.noun === 'usage' && one.verb === verb)
  assert.ok(operation !== undefined)
  return { operation, asked, run: (input: object) => runOperation(operation, input, { ...context, ports }) }
}

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)

test('a month by day where nothing is said, whole days; hours only where somebody asks for parts of days', async () => {
  const { run, asked } = asking('list', [])
  await run({})
  await run({ from: '24h', by: ['model'] })
  await run({ from: '2026-11-01', to: '2026-11-03', by: ['provider'] })
  await run({ from: '2026-11-01T10:30:00Z', to: '2026-11-02T10:30:00Z', by: ['tag:team'] })
  await run({ from: '24h', by: ['day', 'model'] })
  const bounds = asked
    .filter(({ by, byTime }) => by.length > 0 || byTime)
    .map(({ fromMs, toMs, grain, tagName }) => [fromMs, toMs, grain, tagName])
  assert.deepEqual(bounds, [
    [day('2026-10-24'), day('2026-11-23'), 'day', null],
    [Date.UTC(2026, 10, 21, 16), day('2026-11-23'), 'hour', null],
    [day('2026-11-01'), day('2026-11-03'), 'day', null],
    [day('2026-11-01'), day('2026-11-03'), 'day', 'team'],
    [day('2026-11-21'), day('2026-11-23'), 'day', null],
  ])
})

test('margin to the nano-dollar and in percent; unknown stays beside the sums', async () => {
  const { run } = asking('list', [{ groups: [group({ model: 'kimi' })], next: null, pending: 7 }])
  const { data, pending } = (await run({ by: ['model'] })) as {
    data: readonly Readonly<Record<string, unknown>>[]
    pending: number
  }
  assert.equal(pending, 7)
  assert.equal(data[0]?.['margin_nano_usd'], '2000000001')
  assert.equal(data[0]?.['margin_percent'], '66.67')
  assert.deepEqual(data[0]?.['unknown'], { input: 1, cached_input: 3, cache_write: 0, output: 0, reasoning: 0 })
})

test('where no cost is known the table shows no margin, and says of how many attempts it knows none', () => {
  const known = { ...viewOfTally(tally), model: 'kimi' }
  const unknown = { ...viewOfTally({ ...tally, upstreamCostNanoUsd: 0n, upstreamUnpriced: 4 }), model: 'own' }
  const text = usageTable([known, unknown], viewOfTally(tally))
  assert.match(text, /^kimi .* 1\.00 +2\.000000001 +66\.67%$/m)
  assert.match(text, /^own .* 3\.000000001 +- +- +-$/m)
  assert.match(text, /2 of 4 attempts have no known cost: margins are at most what is shown\.\n$/)
})

test('pages go on where the one before ended, and a made-up place is refused', async () => {
  const { run, asked } = asking('list', [{ groups: [group({ model: 'kimi' })], next: ['kimi'], pending: 0 }])
  const { next } = (await run({ by: ['model'], limit: 1 })) as { next: string }
  await run({ by: ['model'], after: next })
  assert.deepEqual(asked.at(-1)?.after, ['kimi'])
  for (const after of ['x', next, Buffer.from('{"a":1}').toString('base64url')])
    await assert.rejects(run({ by: ['model', 'day'], after }), { code: 'invalid_request_error' })
})

test('what cannot be asked is refused with what to do', async () => {
  const { run } = asking('list', [])
  const cases: readonly [object, RegExp][] = [
    [{ by: ['colour'] }, /must be one of day, hour/],
    [{ by: ['day', 'hour'] }, /not both/],
    [{ by: ['tag:a', 'tag:b'] }, /one tag at a time/],
    [{ by: ['hour', 'tag:a'] }, /kept by the day/],
    [{ from: '2026-11-03', to: '2026-11-01' }, /before/],
    [{ from: 'yesterday' }, /2026-11-01/],
    [{ account: 'nobody' }, /no account 'nobody'/],
  ]
  for (const [input, message] of cases)
    await assert.rejects(run(input), (thrown) => thrown instanceof Problem && message.test(thrown.message))
})

test('FOCUS: exact decimals, one column set for every line, empty for unknown', async () => {
  const unknown = { ...tally, input: 0, output: 0, outputUnknown: 3 }
  const values = {
    account: 'acc_1',
    model: 'kimi,k2',
    provider: 'moonshot',
    upstream_model: 'kimi-k2.6',
    tag: 'search',
  }
  const idle = {
    ...group({ provider: 'idle' }, day('2026-11-20')),
    tally: { ...tally, calls: 0, chargeNanoUsd: 0n, upstreamCostNanoUsd: 0n },
  }
  const groups = [group(values, day('2026-11-20')), { ...group({}, day('2026-11-20')), tally: unknown }, idle]
  const { run, asked, operation } = asking('export', [{ groups, next: null, pending: 0 }])
  const output = (await run({ tag: 'team', from: '2026-11-20T05:00:00Z' })) as object
  assert.equal(asked[0]?.grain, 'day')
  assert.equal(asked[0]?.fromMs, day('2026-11-20'))
  const text = operation.csv?.text(output, true) ?? ''
  const { headings, rows } = csvTable(text)
  assert.deepEqual(
    headings,
    focusColumns.map((column) => column.toLowerCase()),
  )
  assert.equal(rows.length, 2)
  const [first, second] = rows
  assert.equal(first?.['billedcost'], '3.000000001')
  assert.equal(first?.['x_margin'], '2.000000001')
  assert.equal(first?.['skuid'], 'kimi,k2')
  assert.equal(first?.['consumedquantity'], '1200')
  assert.equal(first?.['chargeperiodend'], '2026-11-21T00:00:00Z')
  assert.equal(first?.['billingperiodend'], '2026-12-01T00:00:00Z')
  assert.deepEqual(JSON.parse(first?.['tags'] ?? ''), { team: 'search' })
  assert.equal(second?.['consumedquantity'], '')
  assert.equal(operation.csv?.text({ data: [], next: null }, false), '')
})
