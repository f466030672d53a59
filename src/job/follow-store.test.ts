import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { followStore } from './follow-store.ts'
import type { StoreChanges } from './port.ts'

/** A store whose trail the test moves; its end is at 5 when following begins, unless it says otherwise. */
const stage = async (from = 5) => {
  const clock = handClock(0)
  const state = { end: 5, fails: false, refuses: false, stalls: null as Promise<void> | null }
  const applied: StoreChanges[] = []
  let hint = (): void => {}
  const follower = await followStore({
    from,
    clock,
    log: silentLog,
    store: {
      trailEnd: async () => {
        await state.stalls
        if (state.fails) throw new Problem('store_unavailable', { message: 'away' })
        return state.end
      },
      changesAfter: async () => ({ position: state.end, keys: [], accounts: [], others: true, everything: false }),
      onHint: (listener) => {
        hint = listener
      },
    },
    apply: async (changes) => {
      if (state.refuses) throw new Problem('store_unavailable', { message: 'away in between' })
      applied.push(changes)
    },
  })
  /** Lets answers that are ready arrive. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  }
  const pass = async (forMs: number): Promise<void> => {
    for (let past = 0; past < forMs; past += 50) {
      clock.advance(50)
      await settle()
    }
  }
  return { clock, state, applied, follower, pass, settle, hint: () => hint() }
}

test('a change is taken within a second of its commit, and at once where the store hints at it', async () => {
  const { state, applied, pass, settle, hint, follower } = await stage()
  await pass(1000)
  assert.equal(applied.length, 0)
  state.end = 6
  await pass(500)
  assert.deepEqual(
    applied.map(({ position }) => position),
    [6],
  )
  state.end = 7
  hint()
  await settle()
  assert.equal(applied.length, 2)
  await follower.close()
})

test('what was changed while the node was reading is there when following begins', async () => {
  const { applied, follower } = await stage(3)
  assert.deepEqual(
    applied.map(({ position }) => position),
    [5],
  )
  await follower.close()
})

test('while the store is away it is not heard; what was missed comes when it is back, and what failed comes again', async () => {
  const { state, applied, pass, follower } = await stage()
  await pass(500)
  assert.ok(follower.unheardMs() <= 300)
  state.fails = true
  state.end = 9
  await pass(3000)
  assert.ok(follower.unheardMs() >= 2900)
  state.fails = false
  state.refuses = true
  await pass(500)
  assert.equal(applied.length, 0)
  assert.ok(follower.unheardMs() >= 3400)
  state.refuses = false
  await pass(500)
  assert.equal(applied.length, 1)
  assert.ok(follower.unheardMs() <= 300)
  await follower.close()
})

/** Whether a promise has settled by now. */
const watched = (promise: Promise<void> | null) => {
  const seen = { isOver: false }
  void promise?.then(() => {
    seen.isOver = true
  })
  return seen
}

test('a process that was held up asks before it decides, and decides on what it is told', async () => {
  const { clock, state, applied, follower, pass, settle } = await stage()
  await pass(500)
  assert.equal(follower.fresh(), null)
  const answer = Promise.withResolvers<void>()
  state.stalls = answer.promise
  await pass(300)
  state.end = 6
  // All that was due in the meantime comes at once, as after a stop of the process.
  clock.advance(900)
  const [one, other] = [watched(follower.fresh()), watched(follower.fresh())]
  await settle()
  assert.deepEqual([one.isOver, other.isOver, applied.length], [false, false, 0])
  state.stalls = null
  answer.resolve()
  await settle()
  assert.deepEqual([one.isOver, other.isOver, applied.length], [true, true, 1])
  assert.equal(follower.fresh(), null)
  await follower.close()
})

test('a node that is cut off keeps calls waiting for a second, and no other ones until it has heard the store', async () => {
  const { state, follower, pass, settle } = await stage()
  const answer = Promise.withResolvers<void>()
  state.stalls = answer.promise
  await pass(1050)
  const waiting = watched(follower.fresh())
  await pass(950)
  assert.equal(waiting.isOver, false)
  await pass(100)
  assert.equal(waiting.isOver, true)
  assert.equal(follower.fresh(), null)
  state.stalls = null
  answer.resolve()
  await settle()
  state.fails = true
  await pass(1050)
  assert.notEqual(follower.fresh(), null, 'it was heard, and is asked again')
  await settle()
  assert.equal(follower.fresh(), null, 'who says that it is away is not waited for')
  await follower.close()
})
