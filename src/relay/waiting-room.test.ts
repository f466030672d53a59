import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HandClock } from '#base/hand-clock.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Ticket } from '#policy/port.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import { CallerLeft } from './attempt.ts'
import type { Admission, WaitingRoom } from './waiting-room.ts'
import { makeWaitingRoom } from './waiting-room.ts'

const seats = (limit: number, queue: Ticket['queue'] = { waitingMax: 4, waitMaxMs: 10_000 }): Ticket => ({
  kind: 'concurrency',
  bucket: 'limit:seats',
  group: 'limit:seats',
  limit,
  owner: 'limit "seats"',
  ...(queue === undefined ? {} : { queue }),
})
const perMinute = (limit: number): Ticket => ({
  kind: 'rate',
  bucket: 'limit:rate',
  group: 'limit:rate',
  unit: 'requests',
  limit,
  periodMs: 60_000,
  amount: 1,
  owner: 'limit "rate"',
  queue: { waitingMax: 4, waitMaxMs: 40_000 },
})

/** Lets promises settle: nothing here waits for time. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

type Call = { readonly name: string; readonly leave: () => void; readonly outcome: () => Admission | 'left' | null }

const openRoom = () => {
  const clock: HandClock = handClock(0)
  const limiter = makeMemoryLimiter({ clock })
  const room: WaitingRoom = makeWaitingRoom({ limiter, clock })
  const admitted: string[] = []
  const call = async (name: string, ticket: Ticket, untilMs = Number.POSITIVE_INFINITY): Promise<Call> => {
    const leaving = new AbortController()
    let outcome: Admission | 'left' | null = null
    const flow = name.replace(/\d+$/, '')
    room.take({ tickets: [ticket], flow, untilMs, signal: leaving.signal }).then(
      (one) => {
        outcome = one
        if (one.taken.ok) admitted.push(name)
      },
      (thrown: unknown) => {
        assert.ok(thrown instanceof CallerLeft)
        outcome = 'left'
      },
    )
    await settle()
    return { name, leave: () => leaving.abort(), outcome: () => outcome }
  }
  const end = async (ticket: Ticket): Promise<void> => {
    await room.giveBack([{ ticket, used: null }])
    await settle()
  }
  return { clock, room, admitted, call, end, limiter }
}

const refusedAs = (call: Call): string | null | undefined => {
  const outcome = call.outcome()
  return outcome === null || outcome === 'left' ? undefined : outcome.refused
}

test('who does not fit waits, and is let in when a place is given back, one key after the other', async () => {
  const { admitted, call, end, room, clock } = openRoom()
  const ticket = seats(1)
  await call('a0', ticket)
  const waits = [await call('a1', ticket), await call('a2', ticket), await call('b1', ticket)]
  assert.equal(room.waiting(), 3)
  clock.advance(250)
  for (let index = 0; index < 3; index += 1) await end(ticket)
  assert.deepEqual(admitted, ['a0', 'a1', 'b1', 'a2'])
  const outcomes = waits.map((one) => one.outcome())
  assert.deepEqual(
    outcomes.map((one) => (one === null || one === 'left' ? one : one.queuedMs)),
    [250, 250, 250],
  )
  assert.equal(room.waiting(), 0)
})

test('a full queue refuses; a key that waits less takes the place of the last of the one that waits most', async () => {
  const { call, room } = openRoom()
  const ticket = seats(1)
  await call('a0', ticket)
  const greedy = [
    await call('a1', ticket),
    await call('a2', ticket),
    await call('a3', ticket),
    await call('a4', ticket),
  ]
  const more = await call('a5', ticket)
  assert.equal(refusedAs(more), 'full')
  const other = await call('b1', ticket)
  assert.equal(other.outcome(), null)
  assert.deepEqual(greedy.map(refusedAs), [undefined, undefined, undefined, 'full'])
  assert.equal(room.waiting(), 4)
})

test('nobody waits longer than the limit or the caller allows, and who leaves gives up the place', async () => {
  const { call, clock, room, end, admitted } = openRoom()
  const ticket = seats(1)
  await call('a0', ticket)
  const patient = await call('a1', ticket)
  const hurried = await call('b1', ticket, 3_000)
  const leaving = await call('c1', ticket)
  leaving.leave()
  await settle()
  assert.equal(leaving.outcome(), 'left')
  clock.advance(3_000)
  await settle()
  assert.equal(refusedAs(hurried), 'late')
  clock.advance(7_000)
  await settle()
  assert.equal(refusedAs(patient), 'late')
  assert.equal(room.waiting(), 0)
  await end(ticket)
  assert.deepEqual(admitted, ['a0'])
})

test('a rate lets in at the moment when it allows the next, and a wait that would be too long is not begun', async () => {
  const { call, clock, admitted } = openRoom()
  const ticket = perMinute(2)
  await call('a1', ticket)
  await call('a2', ticket)
  const third = await call('a3', ticket)
  const hopeless = await call('a4', { ...ticket, queue: { waitingMax: 4, waitMaxMs: 20_000 } })
  assert.equal(refusedAs(hopeless), null)
  clock.advance(29_999)
  await settle()
  assert.equal(third.outcome(), null)
  clock.advance(1)
  await settle()
  assert.deepEqual(admitted, ['a1', 'a2', 'a3'])
  const soon = await call('b1', ticket, clock.monotonicMs() + 5_000)
  const outcome = soon.outcome()
  assert.ok(outcome !== null && outcome !== 'left' && !outcome.taken.ok && outcome.queuedMs === null)
})

test('a limit without a queue refuses at once, also behind one that has one', async () => {
  const { call } = openRoom()
  const { queue: _queue, ...plain } = seats(1)
  await call('a1', plain as Ticket)
  const second = await call('a2', plain as Ticket)
  const outcome = second.outcome()
  assert.ok(outcome !== null && outcome !== 'left' && !outcome.taken.ok && outcome.queuedMs === null)
})

test('whoever leaves while the limiter is asked gives back what was taken for it', async () => {
  const { call, end, admitted, room, limiter } = openRoom()
  const ticket = seats(1)
  await call('a0', ticket)
  const leaving = await call('a1', ticket)
  const giving = room.giveBack([{ ticket, used: null }])
  leaving.leave()
  await giving
  await settle()
  const next = await call('a2', ticket)
  assert.ok(next.outcome() !== null)
  assert.deepEqual(admitted, ['a0', 'a2'])
  await end(ticket)
  assert.equal((await limiter.take([ticket])).ok, true)
})
