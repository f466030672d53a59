import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallRecord } from '#base/call-record.ts'
import type { Emit, EventName } from '#base/event.ts'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { usageOf } from '#base/usage.ts'
import type { Credit } from './balance-watch.ts'
import { watchBalances } from './balance-watch.ts'
import { watchCertificate } from './certificate-watch.ts'
import { makeFigures } from './figures.ts'
import { watchKeyExpiry } from './key-expiry-watch.ts'
import { watchSpend } from './spend-watch.ts'
import { watchFigures } from './watch.ts'

type Happening = Parameters<Emit>[0]

const stage = (above: Partial<Record<EventName, number>> = {}) => {
  const clock = handClock(Date.UTC(2026, 10, 28))
  const told: Happening[] = []
  const emit: Emit = (event) => void told.push(event)
  const figures = makeFigures(clock)
  const stop = watchFigures({ figures, emit, lowestAbove: (name) => above[name] ?? null, clock })
  const many = (count: number, rest: Partial<CallRecord> = {}): void => {
    for (let number = 0; number < count; number += 1) figures.observe(sampleRecord(rest))
  }
  return { clock, told, emit, many, stop, names: () => told.map(({ name }) => name) }
}

test('slow overhead is told once, and again only after an hour of it', () => {
  const { clock, told, many, names } = stage({ overhead_p99: 20 })
  many(49, { overheadMs: 80 })
  clock.advance(10_000)
  assert.deepEqual(names(), [], 'few calls say nothing')
  many(60, { overheadMs: 80 })
  clock.advance(10_000)
  assert.deepEqual(names(), ['overhead_p99'])
  assert.ok(Math.abs((told[0]?.figure ?? 0) - 80) < 3)
  for (let minute = 0; minute < 61; minute += 1) {
    many(20, { overheadMs: 80 })
    clock.advance(60_000)
  }
  assert.deepEqual(names(), ['overhead_p99', 'overhead_p99'])
})

test('it is told anew when it was well in between', () => {
  const { clock, many, names } = stage({ overhead_p99: 20 })
  many(60, { overheadMs: 80 })
  clock.advance(310_000)
  many(60, { overheadMs: 80 })
  clock.advance(10_000)
  assert.deepEqual(names(), ['overhead_p99', 'overhead_p99'])
})

test('failures of upstream and Drover count, those of callers do not', () => {
  const quiet = stage()
  quiet.many(50)
  quiet.many(50, { error: 'invalid_json' })
  quiet.clock.advance(10_000)
  assert.deepEqual(quiet.names(), [])
  const loud = stage()
  loud.many(50)
  loud.many(50, { error: 'upstream_timeout' })
  loud.clock.advance(10_000)
  assert.deepEqual(loud.names(), ['error_rate'])
  assert.equal(loud.told[0]?.figure, 50)
})

test('a provider is down when every attempt fails, and up with the first that does not', () => {
  const { clock, many, names } = stage()
  const failing = { attempts: [sampleAttempt({ error: 'upstream_error' }), sampleAttempt({ provider: 'openai' })] }
  many(4, failing)
  clock.advance(10_000)
  assert.deepEqual(names(), [])
  many(4, failing)
  clock.advance(10_000)
  assert.deepEqual(names(), ['provider_down'])
  many(4, failing)
  clock.advance(10_000)
  many(1, { attempts: [sampleAttempt()] })
  clock.advance(10_000)
  assert.deepEqual(names(), ['provider_down', 'provider_up'])
})

test('nothing is looked at after the end', () => {
  const { clock, many, names, stop } = stage()
  stop()
  many(100, { error: 'upstream_timeout' })
  clock.advance(60_000)
  assert.deepEqual(names(), [])
})

test("a key's spend is measured by its own hours", () => {
  const { clock, told, emit } = stage()
  const observe = watchSpend({ clock, emit })
  const hour = (costNanoUsd: bigint): void => {
    clock.advance(3_600_000)
    observe(sampleRecord({ costNanoUsd }))
  }
  for (let number = 0; number < 6; number += 1) hour(1_000_000_000n)
  hour(5_000_000_000n)
  assert.equal(told.length, 0, 'five times is still usual')
  hour(5_000_000_001n)
  assert.equal(told[0]?.name, 'spend_unusual')
  assert.equal(told[0].object, 'key_1')
  observe(sampleRecord({ costNanoUsd: 9_000_000_000n }))
  assert.equal(told.length, 1, 'once an hour')
})

test('a small spend is nobody’s worry, and a test key spends nothing', () => {
  const { clock, told, emit } = stage()
  const observe = watchSpend({ clock, emit })
  for (let number = 0; number < 7; number += 1) {
    clock.advance(3_600_000)
    observe(sampleRecord({ costNanoUsd: 1n }))
  }
  observe(sampleRecord({ costNanoUsd: 900_000_000n }))
  observe(sampleRecord({ costNanoUsd: 9_000_000_000n, test: true }))
  assert.deepEqual(told, [])
})

test('tokens a call are measured in the same way', () => {
  const { clock, told, emit } = stage()
  const observe = watchSpend({ clock, emit })
  const calls = (input: number): void => {
    clock.advance(3_600_000)
    for (let number = 0; number < 20; number += 1)
      observe(sampleRecord({ costNanoUsd: 0n, usage: usageOf({ input, output: 0 }) }))
  }
  for (let number = 0; number < 6; number += 1) calls(100)
  calls(501)
  assert.deepEqual(
    told.map(({ name, figure }) => [name, figure]),
    [['tokens_unusual', 501]],
  )
})

test('a balance is asked for once a minute, of those who spent, and told once while it is low', async () => {
  const { clock, told, emit } = stage()
  const asked: string[] = []
  let leftUsd = 4
  let answered = Promise.resolve()
  const credit = (): Credit => ({
    billing: 'prepaid',
    balanceNanoUsd: BigInt(leftUsd) * 1_000_000_000n,
    heldNanoUsd: 1_000_000_000n,
    creditLimitNanoUsd: 0n,
  })
  const books = {
    balance: (account: string) => {
      asked.push(account)
      const answer = Promise.resolve(credit())
      answered = answer.then(() => {})
      return answer
    },
  }
  const watch = watchBalances({ books, emit, belowUsd: () => 3, clock, log: silentLog })
  const minute = async (): Promise<void> => {
    watch.observe(sampleRecord())
    watch.observe(sampleRecord())
    clock.advance(60_000)
    await answered
    await new Promise(setImmediate)
  }
  await minute()
  assert.deepEqual(asked, ['acc_1'])
  assert.deepEqual([told[0]?.name, told[0]?.figure], ['balance_low', 3])
  await minute()
  assert.equal(told.length, 1)
  leftUsd = 5
  await minute()
  leftUsd = 2
  await minute()
  assert.equal(told.length, 2)
  clock.advance(60_000)
  assert.equal(asked.length, 4, 'nobody spent in the last minute')
  watch.close()
})

test('a key is told of once before it ends, a short-lived one late, and none that has ended or was revoked', () => {
  const { clock, told, emit } = stage()
  const day = 86_400_000
  const nowMs = clock.nowMs()
  const key = (id: string, days: number, more: object = {}) => ({
    id,
    name: `name of ${id}`,
    account: 'acc_1',
    createdMs: nowMs,
    expiresMs: nowMs + days * day,
    revokedMs: null,
    ...more,
  })
  const keys = [
    key('key_long', 90),
    key('key_short', 4),
    key('key_revoked', 90, { revokedMs: nowMs }),
    key('key_endless', 1, { expiresMs: null }),
  ]
  const stop = watchKeyExpiry({ keys: () => keys, emit, belowDays: () => null, clock })
  clock.advance(2 * day)
  assert.deepEqual(told, [])
  clock.advance(1 * day)
  assert.deepEqual(
    told.map(({ name, object }) => [name, object]),
    [['credential_expiry', 'key_short']],
  )
  clock.advance(86 * day)
  assert.deepEqual(
    told.map(({ object, figure }) => [object, figure]),
    [
      ['key_short', 1],
      ['key_long', 7],
    ],
  )
  stop()
})

test('a certificate is told of each day once it is near its end', () => {
  const { clock, told, emit } = stage()
  const endsMs = clock.nowMs() + 16 * 86_400_000
  const stop = watchCertificate({ endsMs, emit, belowDays: () => null, clock })
  clock.advance(86_400_000)
  assert.equal(told.length, 0)
  clock.advance(86_400_000)
  assert.equal(told[0]?.figure, 14)
  clock.advance(15 * 86_400_000)
  assert.match(told.at(-1)?.message ?? '', /ended at 2026-12-14T00:00:00\.000Z/)
  stop()
})
