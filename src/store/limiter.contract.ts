/** What every limiter does. Time stands still unless a test moves it. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { HandClock } from '#base/hand-clock.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Limiter, LimitState, Taken, Ticket } from '#policy/port.ts'

export type OpenLimiter = {
  readonly name: string
  readonly open: (context: TestContext, clock: HandClock) => Promise<Limiter>
}

type RateTicket = Extract<Ticket, { kind: 'rate' }>

const minuteMs = 60_000
const requests = (limit: number, changes: Partial<RateTicket> = {}): RateTicket => ({
  kind: 'rate',
  bucket: 'key:k:requests',
  group: 'acc_k',
  unit: 'requests',
  limit,
  periodMs: minuteMs,
  amount: 1,
  owner: 'key "k"',
  ...changes,
})
const tokens = (limit: number, amount: number): RateTicket =>
  requests(limit, { bucket: 'key:k:tokens', unit: 'tokens', amount })
const concurrency = (limit: number): Ticket => ({
  kind: 'concurrency',
  bucket: 'key:k:concurrency',
  group: 'acc_k',
  limit,
  owner: 'key "k"',
})
const figures = (states: readonly LimitState[]): readonly (readonly [number, number])[] =>
  states.map(({ remaining, resetMs }) => [remaining, resetMs])
const refusalOf = (taken: Taken): Extract<Taken, { ok: false }> => {
  assert.ok(!taken.ok)
  return taken
}
const admitted = (all: readonly Taken[]): number => all.filter(({ ok }) => ok).length

const rateContract = ({ name, open }: OpenLimiter): void => {
  test(`${name}: 1,000 parallel takes against 100 admit exactly 100`, async (context) => {
    const limiter = await open(context, handClock(0))
    const all = await Promise.all(Array.from({ length: 1000 }, () => limiter.take([requests(100)])))
    assert.equal(admitted(all), 100)
  })

  test(`${name}: limits that do not divide the period are exact as well`, async (context) => {
    const limiter = await open(context, handClock(0))
    for (const limit of [1, 3, 7, 59, 61, 997]) {
      const bucket = `key:${limit}:requests`
      const all = await Promise.all(
        Array.from({ length: limit + 50 }, () => limiter.take([requests(limit, { bucket })])),
      )
      assert.equal(admitted(all), limit)
    }
  })

  test(`${name}: remaining and reset are told exactly`, async (context) => {
    const clock = handClock(0)
    const limiter = await open(context, clock)
    assert.deepEqual(figures((await limiter.take([requests(3)])).states), [[2, 20_000]])
    assert.deepEqual(figures((await limiter.take([requests(3)])).states), [[1, 40_000]])
    clock.advance(10_000)
    assert.deepEqual(figures((await limiter.take([requests(3)])).states), [[0, 50_000]])
    clock.advance(50_000)
    assert.deepEqual(figures((await limiter.take([requests(3)])).states), [[2, 20_000]])
  })

  test(`${name}: a refusal tells the wait after which the same take passes, and not a millisecond less`, async (context) => {
    const clock = handClock(0)
    const limiter = await open(context, clock)
    for (let count = 0; count < 7; count += 1) assert.equal((await limiter.take([requests(7)])).ok, true)
    const { refused, retryAfterMs, states } = refusalOf(await limiter.take([requests(7)]))
    assert.deepEqual(refused, requests(7))
    assert.equal(retryAfterMs, Math.ceil(minuteMs / 7))
    assert.deepEqual(figures(states), [[0, minuteMs]])
    clock.advance((retryAfterMs ?? 0) - 1)
    assert.equal(refusalOf(await limiter.take([requests(7)])).retryAfterMs, 1)
    clock.advance(1)
    assert.equal((await limiter.take([requests(7)])).ok, true)
  })

  test(`${name}: the burst is the limit and no more, however long nothing came`, async (context) => {
    const clock = handClock(0)
    const limiter = await open(context, clock)
    await limiter.take([requests(5)])
    clock.advance(10 * minuteMs)
    const all = await Promise.all(Array.from({ length: 20 }, () => limiter.take([requests(5)])))
    assert.equal(admitted(all), 5)
  })

  test(`${name}: more than the bucket holds never passes, and takes nothing`, async (context) => {
    const limiter = await open(context, handClock(0))
    assert.equal(refusalOf(await limiter.take([tokens(100, 101)])).retryAfterMs, null)
    assert.equal(refusalOf(await limiter.take([requests(0)])).retryAfterMs, null)
    assert.equal(refusalOf(await limiter.take([concurrency(0)])).retryAfterMs, null)
    assert.deepEqual(figures((await limiter.take([tokens(100, 100)])).states), [[0, minuteMs]])
  })

  test(`${name}: a limit that is changed counts what was used before`, async (context) => {
    const limiter = await open(context, handClock(0))
    for (let count = 0; count < 4; count += 1) await limiter.take([requests(10)])
    assert.deepEqual(figures((await limiter.take([requests(20)])).states), [[15, 15_000]])
    assert.equal(refusalOf(await limiter.take([requests(5)])).retryAfterMs, 12_000)
    const daily = requests(10, { periodMs: 24 * 60 * minuteMs })
    assert.deepEqual(figures((await limiter.take([daily])).states), [[4, 6 * 144 * minuteMs]])
  })
}

const ticketsContract = ({ name, open }: OpenLimiter): void => {
  test(`${name}: all tickets or none`, async (context) => {
    const limiter = await open(context, handClock(0))
    const take = () => limiter.take([requests(10), tokens(100, 60), concurrency(5)])
    assert.deepEqual(figures((await take()).states), [
      [9, 6000],
      [40, 36_000],
      [4, 0],
    ])
    const refusal = refusalOf(await take())
    assert.deepEqual(refusal.refused, tokens(100, 60))
    assert.equal(refusal.retryAfterMs, 12_000)
    assert.deepEqual(figures(refusal.states), [
      [9, 6000],
      [40, 36_000],
      [4, 0],
    ])
  })

  test(`${name}: of several refusals the one that lasts longest is told`, async (context) => {
    const limiter = await open(context, handClock(0))
    await limiter.take([requests(1), tokens(100, 100), concurrency(1)])
    const refusal = refusalOf(await limiter.take([requests(1), tokens(100, 10), concurrency(1)]))
    assert.deepEqual([refusal.refused.bucket, refusal.retryAfterMs], ['key:k:requests', minuteMs])
  })

  test(`${name}: no tickets are always taken`, async (context) => {
    const limiter = await open(context, handClock(0))
    assert.deepEqual(await limiter.take([]), { ok: true, states: [] })
  })

  test(`${name}: tokens are corrected by what was used, up and down`, async (context) => {
    const clock = handClock(0)
    const limiter = await open(context, clock)
    const ticket = tokens(1000, 500)
    const remaining = async () => (await limiter.take([tokens(1000, 0)])).states[0]?.remaining
    await limiter.take([ticket])
    await limiter.giveBack([{ ticket, used: 100 }])
    assert.equal(await remaining(), 900)
    await limiter.take([ticket])
    await limiter.giveBack([{ ticket, used: null }])
    assert.equal(await remaining(), 400)
    await limiter.giveBack([{ ticket, used: 700 }])
    assert.equal(await remaining(), 200)
    await limiter.giveBack([{ ticket, used: 2500 }])
    assert.equal(await remaining(), 0)
    const refusal = refusalOf(await limiter.take([tokens(1000, 1)]))
    assert.equal(refusal.retryAfterMs, (1800 + 1) * 60)
    clock.advance(10 * minuteMs)
    await limiter.giveBack([{ ticket, used: 0 }])
    assert.equal(await remaining(), 1000)
  })

  test(`${name}: a nonsense usage blocks a bucket for an hour of minutes at most`, async (context) => {
    const clock = handClock(0)
    const limiter = await open(context, clock)
    const ticket = tokens(1000, 1)
    await limiter.take([ticket])
    await limiter.giveBack([{ ticket, used: Number.MAX_SAFE_INTEGER }])
    clock.advance(60 * minuteMs)
    assert.equal((await limiter.take([tokens(1000, 1000)])).ok, true)
  })

  test(`${name}: concurrency is given back, and never more of it than there is`, async (context) => {
    const limiter = await open(context, handClock(0))
    const ticket = concurrency(2)
    const all = await Promise.all(Array.from({ length: 50 }, () => limiter.take([ticket])))
    assert.equal(admitted(all), 2)
    assert.equal(refusalOf(await limiter.take([ticket])).retryAfterMs, 1000)
    await limiter.giveBack([{ ticket, used: null }])
    assert.equal((await limiter.take([ticket])).ok, true)
    assert.equal((await limiter.take([ticket])).ok, false)
    await limiter.giveBack([ticket, ticket].map((one) => ({ ticket: one, used: null })))
    await assert.rejects(limiter.giveBack([{ ticket, used: null }]), /given back more often than taken/)
  })
}

/** Registers the tests that every limiter passes. */
export const limiterContract = (limiter: OpenLimiter): void => {
  rateContract(limiter)
  ticketsContract(limiter)
}
