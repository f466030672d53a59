import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { Problem } from '#base/problem.ts'
import { distantLimiter, limiterDesk } from '#policy/distant-limiter.ts'
import type { Limiter, Ticket } from '#policy/port.ts'
import { limiterContract } from '#store/limiter.contract.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'

/** Several processes on one counter; what they say is copied on its way. */
const processesOn = (limiter: Limiter) => {
  const desk = limiterDesk(limiter)
  const of = (who: number): Limiter =>
    distantLimiter({
      take: async (tickets) => structuredClone(await desk.take(who, structuredClone(tickets))),
      giveBack: (returned) => desk.giveBack(who, structuredClone(returned)),
      tellBack: () => assert.fail('nothing is late'),
    })
  return { desk, of }
}

limiterContract({ name: 'distant', open: async (_context, clock) => processesOn(makeMemoryLimiter({ clock })).of(1) })

const atOnce = (limit: number): Ticket => ({
  kind: 'concurrency',
  bucket: 'key:k:concurrency',
  group: 'acc',
  limit,
  owner: 'key "k"',
})

test('a limit is one for all processes; what one had under way when it died is free, and only that', async () => {
  const { desk, of } = processesOn(makeMemoryLimiter({ clock: handClock(0) }))
  const [one, other] = [of(1), of(2)]
  const ticket = atOnce(3)
  for (const taker of [one, one, other]) assert.equal((await taker.take([ticket])).ok, true)
  const refused = await other.take([ticket])
  assert.ok(!refused.ok)
  assert.equal(refused.refused, ticket, 'the ticket itself, as the caller knows it')
  await desk.gone(1)
  assert.equal((await other.take([ticket])).ok, true)
  assert.equal((await other.take([ticket])).ok, true)
  assert.equal((await other.take([ticket])).ok, false)
  await other.giveBack([{ ticket, used: null }])
  await desk.gone(2)
  for (let count = 0; count < 3; count += 1) assert.equal((await of(3).take([ticket])).ok, true)
})

test('what is taken for a call that was refused for want of an answer goes back', async () => {
  const desk = limiterDesk(makeMemoryLimiter({ clock: handClock(0) }))
  const late = new Problem('store_unavailable', { message: 'no answer in time' })
  const arrived: Promise<void>[] = []
  const limiter = distantLimiter({
    take: async (tickets, heard) => {
      arrived.push(desk.take(1, tickets).then(heard))
      throw late
    },
    giveBack: () => assert.fail('no call had anything'),
    tellBack: (returned) => void arrived.push(desk.giveBack(1, structuredClone(returned))),
  })
  const minute = { kind: 'rate', unit: 'tokens', limit: 2, amount: 2, periodMs: 60_000 } as const
  const rate: Ticket = { ...minute, bucket: 'key:k:tokens', group: 'acc', owner: 'key "k"' }
  await assert.rejects(limiter.take([atOnce(1), rate]), late)
  for (const one of arrived) await one
  assert.equal((await desk.take(2, [atOnce(1), rate])).refused, null)
  // This one is refused by the counter as well: nothing goes back that was never taken.
  await assert.rejects(limiter.take([atOnce(1), rate]), late)
  for (const one of arrived) await one
  assert.equal((await desk.take(2, [atOnce(1)])).refused?.place, 0)
})

test('a call without limits asks nobody', async () => {
  const none = async (): Promise<never> => assert.fail('nothing is to be asked')
  const limiter = distantLimiter({ take: none, giveBack: none, tellBack: () => assert.fail('nothing was taken') })
  assert.deepEqual(await limiter.take([]), { ok: true, states: [] })
  await limiter.giveBack([])
})
