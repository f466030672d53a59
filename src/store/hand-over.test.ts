import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HandClock } from '#base/hand-clock.ts'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import type { Store } from './face.ts'
import { handingOver } from './hand-over.ts'

const to = { url: 'postgres://x@y/z', directUrl: null, tls: { authority: null, certificate: null, key: null } }

/** Of a store only what is asked here: an account that says which store answered, once `go` lets it. */
const storeNamed = (name: string, closed: string[], go: Promise<void> = Promise.resolve()): Store =>
  ({
    account: async (id: string) => {
      await go
      return `${name} ${id}`
    },
    health: () => ({ ok: true, message: name }),
    close: async () => void closed.push(name),
  }) as unknown as Store

const open = (clock: HandClock, go?: Promise<void>) => {
  const closed: string[] = []
  const store = handingOver({
    first: storeNamed('first', closed, go),
    openNext: async () => storeNamed('next', closed),
    clock,
    log: silentLog,
  })
  assert.ok(store.handOver !== undefined)
  return { store, closed, handOver: store.handOver }
}

test('what runs ends in the first store, what comes waits, and is answered by the next one', async () => {
  const gate = Promise.withResolvers<void>()
  const clock = handClock()
  const { store, closed, handOver } = open(clock, gate.promise)
  const running = store.account('a')
  const order: string[] = []
  const pausing = handOver.pause(to).then(() => order.push('paused'))
  await new Promise(setImmediate)
  const waiting = store.account('b')
  await new Promise(setImmediate)
  assert.deepEqual(order, [], 'one still runs')
  gate.resolve()
  assert.equal(await running, 'first a')
  await pausing
  clock.advance(40)
  assert.deepEqual(await handOver.take(), { pausedMs: 40 })
  assert.equal(await waiting, 'next b')
  assert.equal(await store.account('c'), 'next c')
  assert.deepEqual(closed, ['first'])
  await assert.rejects(handOver.resume(), { code: 'conflict', message: /moved already/ })
  await assert.rejects(handOver.pause(to), { code: 'conflict' })
  await store.close()
  assert.deepEqual(closed, ['first', 'next'])
})

test('who asked for the pause and does not go on keeps callers waiting for ten seconds and no longer', async () => {
  const clock = handClock()
  const { store, closed, handOver } = open(clock)
  await handOver.pause(to)
  await assert.rejects(handOver.pause(to), { code: 'conflict' })
  const waiting = store.account('a')
  clock.advance(10_000)
  assert.equal(await waiting, 'first a')
  await assert.rejects(handOver.take(), { code: 'conflict', message: /begin the move again/ })
  assert.deepEqual(closed, ['next'])
  await handOver.pause(to)
  await handOver.resume()
  assert.equal(await store.account('b'), 'first b')
})

test('of two that ask for the pause at once one opens the next store; who could not open it may ask again', async () => {
  const closed: string[] = []
  const gate = Promise.withResolvers<void>()
  let opened = 0
  const { handOver } = handingOver({
    first: storeNamed('first', closed),
    openNext: async () => {
      opened += 1
      await gate.promise
      if (opened === 1) throw new Error('no way there')
      return storeNamed('next', closed)
    },
    clock: handClock(),
    log: silentLog,
  })
  assert.ok(handOver !== undefined)
  const first = assert.rejects(handOver.pause(to), /no way there/)
  await assert.rejects(handOver.pause(to), { code: 'conflict', message: /being moved already/ })
  assert.equal(opened, 1)
  gate.resolve()
  await first
  await handOver.pause(to)
  assert.equal(opened, 2)
  await handOver.take()
  assert.deepEqual(closed, ['first'])
})
