import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { handClock } from '#base/hand-clock.ts'
import type { Taken, Ticket } from '#policy/port.ts'
import { limiterContract } from '#store/limiter.contract.ts'
import { makeMemoryLimiter } from './limiter.ts'

limiterContract({ name: 'memory', open: async (_context, clock) => makeMemoryLimiter({ clock }) })

const rate = (bucket: string, limit: number, amount: number): Ticket => ({
  kind: 'rate',
  bucket,
  group: 'acc',
  unit: 'requests',
  limit,
  periodMs: 1000,
  amount,
  owner: 'a test',
})

type Step = { readonly waitMs: number; readonly amount: number }
const steps = fc.array(fc.record({ waitMs: fc.nat(400), amount: fc.nat(12) }), { maxLength: 60 })

test('in no stretch of time does more pass than the limit and what flows in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), steps, async (limit, all) => {
      const clock = handClock(0)
      const limiter = makeMemoryLimiter({ clock })
      const passed: { readonly atMs: number; readonly amount: number }[] = []
      for (const { waitMs, amount } of all) {
        clock.advance(waitMs)
        const taken = await limiter.take([rate('b', limit, amount)])
        if (taken.ok) passed.push({ atMs: clock.monotonicMs(), amount })
      }
      for (const [from, start] of passed.entries()) {
        let sum = 0
        for (const { atMs, amount } of passed.slice(from)) {
          sum += amount
          // sum <= limit + limit * elapsed / period, in whole numbers.
          assert.ok(sum * 1000 <= limit * (1000 + atMs - start.atMs))
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('a refused take passes after exactly the wait that it was told', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 997 }), steps, async (limit, all) => {
      const clock = handClock(0)
      const limiter = makeMemoryLimiter({ clock })
      const take = (step: Step): Promise<Taken> => limiter.take([rate('b', limit, step.amount)])
      for (const step of all) {
        clock.advance(step.waitMs)
        const taken = await take(step)
        if (taken.ok) continue
        if (taken.retryAfterMs === null) {
          assert.ok(step.amount > limit)
          continue
        }
        assert.ok(taken.retryAfterMs > 0)
        clock.advance(taken.retryAfterMs - 1)
        assert.equal((await take(step)).ok, false)
        clock.advance(1)
        assert.equal((await take(step)).ok, true)
      }
    }),
    { numRuns: 200 },
  )
})

test('what is taken and given back unused leaves the bucket as if it had not been', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const clock = handClock(0)
      const [limiter, other] = [makeMemoryLimiter({ clock }), makeMemoryLimiter({ clock })]
      for (const { waitMs, amount } of all) {
        clock.advance(waitMs)
        const ticket = rate('b', 20, amount)
        const taken = await limiter.take([ticket])
        if (taken.ok) await limiter.giveBack([{ ticket, used: 0 }])
        const probe = rate('b', 20, amount % 3)
        assert.deepEqual(await limiter.take([probe]), await other.take([probe]))
      }
    }),
    { numRuns: 100 },
  )
})

test('buckets that are whole again are forgotten as new ones come, and those in use are not', async () => {
  const clock = handClock(0)
  const limiter = makeMemoryLimiter({ clock, bucketsMax: 100 })
  const lasting: Ticket = { kind: 'concurrency', bucket: 'lasting', group: 'acc', limit: 1, owner: 'a test' }
  await limiter.take([lasting])
  for (let number = 0; number < 5000; number += 1) {
    clock.advance(50)
    assert.equal((await limiter.take([rate(`b${number}`, 1, 1)])).ok, true)
    assert.ok(limiter.size() <= 100)
  }
  assert.equal((await limiter.take([lasting])).ok, false)
})

test('one limit more than can be counted is refused, not let through', async () => {
  const clock = handClock(0)
  const limiter = makeMemoryLimiter({ clock, bucketsMax: 3 })
  for (const name of ['a', 'b', 'c']) await limiter.take([rate(name, 1, 1)])
  await assert.rejects(limiter.take([rate('d', 1, 1)]), { code: 'overloaded', message: /3 limits are being counted/ })
  clock.advance(1000)
  assert.equal((await limiter.take([rate('d', 1, 1)])).ok, true)
})

test('one name for limits of two kinds is a fault of the program', async () => {
  const limiter = makeMemoryLimiter({ clock: handClock(0) })
  await limiter.take([rate('b', 1, 1)])
  await assert.rejects(limiter.take([{ kind: 'concurrency', bucket: 'b', group: 'acc', limit: 1, owner: 'a test' }]), {
    name: 'AssertionError',
  })
})
