/** What every backend does for figures of usage and for searching the log. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CallFilter } from '#admin/port.ts'
import type { AttemptRecord, CallRecord } from '#base/call-record.ts'
import { blankAttempt, ownCredentialName } from '#base/call-record.ts'
import { handClock } from '#base/hand-clock.ts'
import { usageOf } from '#base/usage.ts'
import type { UsageDimension, UsageGroup, UsageQuestion } from '#report/port.ts'
import { everyUsage } from '#report/port.ts'
import type { Store } from './face.ts'
import { sampleCall, sampleFilter, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const dayMs = 86_400_000
const startMs = 20_000 * dayMs

const question = (changes: Partial<UsageQuestion> = {}): UsageQuestion => ({
  fromMs: 0,
  toMs: startMs + 1000 * dayMs,
  grain: 'day',
  byTime: false,
  by: [],
  tagName: null,
  filter: everyUsage,
  test: false,
  limit: 1000,
  after: null,
  ...changes,
})

const attempt = (provider: string, changes: Partial<AttemptRecord> = {}): AttemptRecord => ({
  ...blankAttempt(provider, `${provider}-model`, 0),
  status: 200,
  headersMs: 1,
  firstPartMs: 2,
  endMs: 3,
  costNanoUsd: 5n,
  ...changes,
})

const answered = (id: string, changes: Partial<CallRecord> = {}): CallRecord =>
  sampleCall(id, {
    timeMs: startMs + 1,
    account: 'acc_1',
    key: 'key_1',
    model: 'kimi',
    provider: 'moonshot',
    upstreamModel: 'moonshot-model',
    attempts: [attempt('moonshot')],
    usage: usageOf({ input: 100, cachedInput: 40, output: 10 }),
    costNanoUsd: 12n,
    ...changes,
  })

const groupsOf = async (store: Store, changes: Partial<UsageQuestion>): Promise<readonly UsageGroup[]> => {
  const found: UsageGroup[] = []
  let after: UsageQuestion['after'] = null
  do {
    const page = await store.usage(question({ ...changes, after }))
    assert.equal(page.pending, 0)
    found.push(...page.groups)
    after = page.next
  } while (after !== null)
  return found
}

const totalOf = async (store: Store, changes: Partial<UsageQuestion> = {}) => {
  const [total] = await groupsOf(store, changes)
  assert.ok(total !== undefined)
  return total.tally
}

const names = (calls: readonly { readonly id: string }[]): readonly string[] => calls.map(({ id }) => id)

/** Small worlds, so that calls fall together in many ways. */
const anyCalls = fc.array(
  fc.record({
    account: fc.constantFrom('acc_1', 'acc_2', null),
    key: fc.constantFrom('key_1', 'key_2', 'key_3'),
    model: fc.constantFrom('kimi', 'gpt'),
    provider: fc.constantFrom('moonshot', 'openai', null),
    day: fc.integer({ min: 0, max: 2 }),
    hour: fc.integer({ min: 0, max: 2 }),
    input: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: null }),
    cost: fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n }), { nil: null }),
    status: fc.constantFrom(200, 429, 503),
    team: fc.constantFrom('a', 'b', null),
    conversation: fc.constantFrom('c1', 'c2', null),
    test: fc.boolean(),
  }),
  { maxLength: 60 },
)

type Drawn = typeof anyCalls extends fc.Arbitrary<readonly (infer T)[]> ? T : never

const callOf = (drawn: Drawn, number: number): CallRecord =>
  answered(`call_${number}`, {
    account: drawn.account,
    key: drawn.key,
    model: drawn.model,
    provider: drawn.provider,
    upstreamModel: drawn.provider === null ? null : `${drawn.provider}-model`,
    attempts: drawn.provider === null ? [] : [attempt(drawn.provider, { costNanoUsd: drawn.cost })],
    timeMs: startMs + drawn.day * dayMs + drawn.hour * 3_600_000 + number,
    usage: drawn.provider === null ? null : usageOf({ input: drawn.input, output: 1 }),
    costNanoUsd: drawn.provider === null ? 0n : drawn.cost,
    status: drawn.status,
    end: drawn.provider === null ? 'refused' : 'complete',
    error: drawn.status === 429 ? 'rate_limit_exceeded' : null,
    tags: drawn.team === null ? {} : { team: drawn.team },
    conversation: drawn.conversation,
    test: drawn.test,
  })

/** Sums made the slow way, from the calls themselves. */
const sumsOf = (calls: readonly CallRecord[], keyOf: (call: CallRecord) => readonly unknown[]) => {
  const sums = new Map<string, { calls: number; input: number; unknown: number; charge: bigint; upstream: bigint }>()
  for (const call of calls) {
    const key = JSON.stringify(keyOf(call))
    const sum = sums.get(key) ?? { calls: 0, input: 0, unknown: 0, charge: 0n, upstream: 0n }
    sum.calls += 1
    sum.input += call.usage?.input ?? 0
    if (call.usage !== null && call.usage.input === null) sum.unknown += 1
    sum.charge += call.costNanoUsd ?? 0n
    for (const one of call.attempts) sum.upstream += one.costNanoUsd ?? 0n
    sums.set(key, sum)
  }
  return sums
}

const sumsIn = (groups: readonly UsageGroup[], by: readonly UsageDimension[], byTime: boolean) =>
  new Map(
    groups.map(({ startMs: at, values, tally }) => [
      JSON.stringify([...(byTime ? [at] : []), ...by.map((name) => values[name] ?? null)]),
      {
        calls: tally.calls,
        input: tally.input,
        unknown: tally.inputUnknown,
        charge: tally.chargeNanoUsd,
        upstream: tally.upstreamCostNanoUsd,
      },
    ]),
  )

const field = (call: CallRecord, name: UsageDimension): string | null => {
  if (name === 'tag') return call.tags['team'] ?? null
  return name === 'upstream_model' ? call.upstreamModel : call[name]
}

const pricing: NonNullable<CallRecord['pricing']> = {
  model: 'kimi',
  family: 'kimi',
  vendor: 'moonshot',
  source: 'made up',
  serviceTier: 'default',
  contextOverTokens: null,
  currency: 'USD',
  perUsdNano: null,
  baseNanoUsd: 0n,
  rules: [],
}

/** Registers the tests that every backend passes as UsageStore and in searching its log. */
export const usageContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: figures are what adding the calls up gives, by any grouping, page by page`, async (context) => {
    await fc.assert(
      fc.asyncProperty(anyCalls, async (drawn) => {
        const store = await open(context, handClock(0))
        const calls = drawn.map(callOf)
        for (const [number, call] of calls.entries()) {
          await store.append(call)
          if (number % 7 === 0) await store.rollForward()
          if (number % 11 === 0) await store.append(call)
        }
        const live = calls.filter((call) => !call.test)
        const cases: readonly [readonly UsageDimension[], 'hour' | 'day', boolean][] = [
          [['model'], 'day', true],
          [['account', 'key', 'provider'], 'day', false],
          [['upstream_model'], 'hour', true],
          [['provider', 'model', 'account'], 'hour', false],
          [['key', 'project'], 'day', true],
          [['account', 'upstream_model'], 'day', false],
          [['key', 'model'], 'day', false],
        ]
        for (const [by, grain, byTime] of cases) {
          const lengthMs = grain === 'day' ? dayMs : 3_600_000
          const expected = sumsOf(live, (call) => [
            ...(byTime ? [call.timeMs - (call.timeMs % lengthMs)] : []),
            ...by.map((one) => field(call, one)),
          ])
          assert.deepEqual(sumsIn(await groupsOf(store, { by, grain, byTime, limit: 2 }), by, byTime), expected)
        }
        // Whole days between ends that are no days: each hour is counted once, whichever rows it is read from.
        for (const [fromHours, toHours] of [
          [1, 50],
          [0, 49],
          [1, 48],
          [2, 25],
          [1, 2],
        ] as const) {
          const span = { fromMs: startMs + fromHours * 3_600_000, toMs: startMs + toHours * 3_600_000 }
          const within = live.filter(({ timeMs }) => timeMs >= span.fromMs && timeMs < span.toMs)
          for (const by of [[], ['account', 'key'], ['provider']] as const) {
            const groups = await groupsOf(store, { by, grain: 'hour', ...span, limit: 2 })
            const expected = sumsOf(within, (call) => by.map((one) => field(call, one)))
            if (by.length > 0 || within.length > 0) assert.deepEqual(sumsIn(groups, by, false), expected)
          }
        }
        const tagged = live.filter((call) => call.tags['team'] !== undefined)
        const byTeam = await groupsOf(store, { by: ['tag', 'model'], tagName: 'team' })
        const teams = sumsOf(tagged, (call) => [field(call, 'tag'), call.model])
        assert.deepEqual(sumsIn(byTeam, ['tag', 'model'], false), teams)
      }),
      { numRuns: 15 },
    )
  })

  test(`${name}: what one account used is found the same at every level of the figures, and months know their volumes`, async (context) => {
    await fc.assert(
      fc.asyncProperty(anyCalls, fc.nat({ max: 60 }), async (drawn, rolledAfter) => {
        const store = await open(context, handClock(0))
        const calls = drawn.map((one, number): CallRecord => {
          const call = callOf(one, number)
          return one.cost === null ? call : { ...call, pricing: { ...pricing, baseNanoUsd: one.cost } }
        })
        for (const [number, call] of calls.entries()) {
          await store.append(call)
          if (number === rolledAfter) await store.rollForward()
        }
        const volumes = await store.volumesSince(startMs + dayMs)
        const counted = calls.filter(
          ({ test, account, timeMs }) => !test && account !== null && timeMs >= startMs + dayMs,
        )
        for (const account of ['acc_1', 'acc_2'])
          assert.equal(
            volumes.reduce((sum, one) => (one.account === account ? sum + one.baseNanoUsd : sum), 0n),
            counted.reduce(
              (sum, call) => (call.account === account ? sum + (call.pricing?.baseNanoUsd ?? 0n) : sum),
              0n,
            ),
          )
        const own = calls.filter(({ test, account }) => !test && account === 'acc_1')
        const filter = { ...everyUsage, account: 'acc_1' }
        const span = { fromMs: startMs, toMs: startMs + 3 * dayMs, filter }
        for (const by of [['key'], ['model'], ['key', 'model'], ['provider']] as const)
          for (const grain of ['hour', 'day'] as const) {
            const groups = await groupsOf(store, { ...span, by, grain })
            const found = new Map([...sumsIn(groups, by, false)].map(([key, { calls: count }]) => [key, count]))
            const wanted = sumsOf(own, (call) => by.map((one) => field(call, one)))
            for (const [key, { calls: count }] of wanted) assert.equal(found.get(key), count, `${by} ${grain}`)
          }
      }),
      { numRuns: 20 },
    )
  })

  test(`${name}: the log is found by anything, indexed or not, forth and back, as looking at each call would`, async (context) => {
    const filters: readonly Partial<CallFilter>[] = [
      { key: 'key_1' },
      { account: 'acc_2', provider: 'openai' },
      { conversation: 'c1', model: 'kimi' },
      { error: 'rate_limit_exceeded' },
      { status: [500, 599] },
      { status: [200, 200], key: 'key_2' },
      { tag: 'team=a' },
      { end: 'refused' },
      { end: 'complete', tag: 'team=b' },
      { status: [500, 599], tag: 'team=a' },
      { status: [429, 429], key: 'key_1', provider: 'openai' },
      { status: [0, 499], account: 'acc_1' },
      { end: 'refused', model: 'kimi', tag: 'team=b' },
      { error: 'rate_limit_exceeded', account: 'acc_2', conversation: 'c2' },
      { fromMs: startMs + dayMs, toMs: startMs + 2 * dayMs },
      { fromMs: startMs + dayMs + 3_600_000, key: 'key_1' },
      { provider: 'nobody' },
    ]
    const fits = (call: CallRecord, filter: CallFilter): boolean =>
      (['key', 'account', 'model', 'provider', 'error', 'end', 'conversation'] as const).every(
        (one) => filter[one] === null || filter[one] === call[one],
      ) &&
      (filter.status === null || (call.status >= filter.status[0] && call.status <= filter.status[1])) &&
      (filter.tag === null || filter.tag === `team=${call.tags['team']}`) &&
      call.timeMs >= (filter.fromMs ?? 0) &&
      call.timeMs < (filter.toMs ?? Number.POSITIVE_INFINITY)
    await fc.assert(
      fc.asyncProperty(anyCalls, fc.boolean(), async (drawn, isRolled) => {
        const store = await open(context, handClock(0))
        // More than a block of calls that nobody asks for lies around them.
        const calls = drawn.flatMap((one, number) => [
          callOf(one, number),
          ...Array.from({ length: 3 }, (_unused, other) =>
            answered(`other_${number}_${other}`, { key: 'key_9', account: 'acc_9', model: 'other', timeMs: 5 }),
          ),
        ])
        for (const [number, call] of calls.entries()) {
          await store.append(call)
          if (isRolled && number === Math.floor(calls.length / 2)) await store.rollForward()
        }
        for (const changes of filters) {
          const filter = sampleFilter({ ...changes, limit: 3 })
          const expected = names(calls.filter((call) => fits(call, filter)))
          const back: string[] = []
          let beforeId: string | null = null
          do {
            const page = await store.calls({ ...filter, beforeId })
            back.unshift(...names(page.calls))
            beforeId = page.before
          } while (beforeId !== null)
          assert.deepEqual(back, expected)
          const [first] = calls
          if (first === undefined) continue
          const forth: string[] = []
          let afterId: string = first.id
          for (;;) {
            const page = names((await store.calls({ ...filter, afterId })).calls)
            forth.push(...page)
            afterId = page.at(-1) ?? ''
            if (afterId === '') break
          }
          assert.deepEqual(
            forth,
            expected.filter((id) => id !== first.id),
          )
        }
      }),
      { numRuns: 15 },
    )
  })

  test(`${name}: a call counts at the provider that answered, an attempt's cost at the one that was tried`, async (context) => {
    const store = await open(context, handClock(0))
    const failed = attempt('openai', { status: 503, error: 'upstream_overloaded', firstPartMs: null, costNanoUsd: 7n })
    await store.append(answered('call_1', { attempts: [failed, attempt('moonshot')] }))
    const groups = await groupsOf(store, { by: ['provider'] })
    const plain = groups.map(({ values, tally }) => [
      values.provider,
      tally.calls,
      tally.attempts,
      tally.failedAttempts,
      tally.chargeNanoUsd,
      tally.upstreamCostNanoUsd,
    ])
    assert.deepEqual(plain, [
      ['moonshot', 1, 1, 0, 12n, 5n],
      ['openai', 0, 1, 1, 0n, 7n],
    ])
  })

  test(`${name}: what an account's own credential fetched stands apart from what the operator is billed`, async (context) => {
    const store = await open(context, handClock(0))
    const own = attempt('moonshot', { credential: ownCredentialName, costNanoUsd: 0n })
    await store.append(answered('call_1'))
    await store.append(answered('call_2', { attempts: [own], costNanoUsd: 1n }))
    await store.append(answered('call_3', { attempts: [{ ...own, error: 'upstream_error' }, attempt('moonshot')] }))
    const found = await groupsOf(store, { by: ['provider'] })
    assert.deepEqual(
      found.map(({ values, tally }) => [
        values.provider,
        tally.calls,
        tally.attempts,
        tally.failedAttempts,
        tally.chargeNanoUsd,
      ]),
      [
        ['moonshot', 2, 2, 0, 24n],
        ['moonshot (own)', 1, 2, 1, 1n],
      ],
    )
  })

  test(`${name}: what is not known is counted as unknown, what was refused has used nothing`, async (context) => {
    const store = await open(context, handClock(0))
    const unpriced = { costNanoUsd: null, attempts: [attempt('moonshot', { costNanoUsd: null })] }
    await store.append(answered('call_1', { ...unpriced, usage: usageOf({ output: 4, source: 'estimated' }) }))
    await store.append(answered('call_2', { usage: null }))
    const refusal = { provider: null, upstreamModel: null, usage: null, attempts: [], costNanoUsd: 0n } as const
    await store.append(answered('call_3', { ...refusal, status: 429, error: 'rate_limit_exceeded', end: 'refused' }))
    const invented = { ...refusal, status: 400, error: 'model_not_found', end: 'refused', model: 'invented-1' } as const
    await store.append(answered('call_4', invented))
    const tally = await totalOf(store)
    assert.deepEqual(
      [tally.calls, tally.errors, tally.refused, tally.input, tally.inputUnknown, tally.output, tally.outputUnknown],
      [4, 2, 2, 0, 2, 4, 1],
    )
    assert.deepEqual([tally.unpriced, tally.upstreamUnpriced, tally.estimated], [1, 1, 1])
    const models = (await groupsOf(store, { by: ['model'] })).map(({ values }) => values.model)
    assert.deepEqual(models, [null, 'kimi'])
  })

  test(`${name}: a tag that never repeats does not fill the figures`, async (context) => {
    const store = await open(context, handClock(0))
    const ids = Array.from({ length: 1100 }, (_unused, number) => `call_${number}`)
    await Promise.all(ids.map((id) => store.append(answered(id, { tags: { request: id } }))))
    const groups = await groupsOf(store, { by: ['tag'], tagName: 'request' })
    assert.equal(groups.length, 1001)
    assert.equal(groups.find(({ values }) => values.tag === '(other)')?.tally.calls, 100)
  })

  test(`${name}: figures are made again from the log, to the same sums`, async (context) => {
    const store = await open(context, handClock(0))
    const ids = Array.from({ length: 600 }, (_unused, number) => `call_${number}`)
    await Promise.all(ids.map((id) => store.append(answered(id))))
    const before = await totalOf(store)
    assert.equal(before.calls, 600)
    assert.equal(await store.resetUsage(sampleTrail('trl_1', { operation: 'usage.rebuild' })), 600)
    assert.deepEqual(await totalOf(store), before)
    assert.deepEqual((await store.trail({ limit: 10, after: null })).at(-1)?.operation, 'usage.rebuild')
  })
}
