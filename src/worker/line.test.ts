import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { Problem } from '#base/problem.ts'
import type { Desk, Line } from './line.ts'
import { makeLine } from './line.ts'

const none: Desk = { asked: {}, told: {} }

/** Two ends that carry what structured cloning carries, in the order of sending. */
const pair = (left: Desk, right: Desk) => {
  const clock = handClock(0)
  const ends: { left?: Line; right?: Line } = {}
  const carry = (to: 'left' | 'right') => (message: unknown) => {
    const copy = structuredClone(message)
    setImmediate(() => ends[to]?.take(copy))
  }
  ends.left = makeLine({ clock, whom: 'The right', desk: left, send: carry('right') })
  ends.right = makeLine({ clock, whom: 'The left', desk: right, send: carry('left') })
  return { clock, left: ends.left, right: ends.right }
}

test('each side asks the other, and amounts of money come as they are', async () => {
  const { left, right } = pair(
    { asked: { half: async (amount: bigint) => amount / 2n }, told: {} },
    { asked: { twice: async (amount: bigint) => amount * 2n }, told: {} },
  )
  assert.deepEqual(await Promise.all([left.ask('twice', 21n), right.ask('half', 42n)]), [42n, 21n])
})

test('a problem keeps its code and facts; a name that nobody answers is an error', async () => {
  const refusal = new Problem('conflict', { message: 'taken', facts: { place: 3 } })
  const { left } = pair(none, {
    asked: {
      refuse: async () => {
        throw refusal
      },
    },
    told: {},
  })
  await assert.rejects(left.ask('refuse', null), ({ code, detail }: Problem) => {
    assert.deepEqual([code, detail.facts], ['conflict', { place: 3 }])
    return true
  })
  await assert.rejects(left.ask('toString', null), /Nobody answers "toString"/)
})

test('an answer that cannot be carried is told to its asker, and the others of its turn get theirs', async () => {
  const { left } = pair(none, {
    asked: { plain: async () => 1, closure: async () => () => 1 },
    told: {},
  })
  const [plain, closure] = await Promise.allSettled([left.ask('plain', null), left.ask('closure', null)])
  assert.deepEqual(plain, { status: 'fulfilled', value: 1 })
  assert.equal(closure?.status, 'rejected')
})

test('what is told needs no answer; after the end nothing is heard and whatever waits is rejected', async () => {
  const heard: number[] = []
  const { left, right } = pair(none, {
    asked: { never: () => new Promise(() => {}) },
    told: { count: (number: number) => void heard.push(number) },
  })
  left.tell('count', 1)
  const waiting = left.ask('never', null)
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(heard, [1])
  left.end(new Problem('store_unavailable', { message: 'gone' }))
  await assert.rejects(waiting, /gone/)
  await assert.rejects(left.ask('never', null), /gone/)
  right.tell('count', 2)
  assert.deepEqual(heard, [1])
})

test('a question that is not answered in time is given up', async () => {
  const { left, clock } = pair(none, { asked: { never: () => new Promise(() => {}) }, told: {} })
  const waiting = left.ask('never', null)
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(32_000)
  await assert.rejects(waiting, /The right did not answer within 30000 ms/)
})
