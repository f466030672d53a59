/** What every backend keeps of events and deliveries. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '#base/event.ts'
import { handClock } from '#base/hand-clock.ts'
import type { DeliveryFilter, EventFilter } from '#notify/port.ts'
import type { OpenBackend } from './test-backend.ts'

const event = (id: string, rest: Partial<Event> = {}): Event => ({
  id,
  name: 'provider_down',
  timeMs: 1000,
  account: null,
  object: 'moonshot',
  message: 'moonshot has not answered for a minute',
  figure: 99.5,
  said: { code: 'provider_failed', given: { provider: 'openai', attempts: 12 }, text: 'It is away.' },
  facts: { attempts: 12, first: 'a "b"\n', ok: false, nothing: null },
  ...rest,
})

const everything: EventFilter = { limit: 100, before: null, name: null, account: null }
const all: DeliveryFilter = { limit: 100, before: null, state: null }

/** Registers the tests that every backend passes as Outbox. */
export const outboxContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: an event is kept once, with one delivery for each recipient`, async (context) => {
    const store = await open(context, handClock(0))
    assert.equal(await store.keepEvent(event('evt_1'), ['ops', 'hook', 'ops']), true)
    assert.equal(await store.keepEvent(event('evt_1', { message: 'another' }), ['late']), false)
    assert.deepEqual(await store.events(everything), [event('evt_1')])
    const due = await store.dueDeliveries(1000, 10)
    assert.deepEqual(due.map(({ delivery }) => delivery.recipient).sort(), ['hook', 'ops'])
    assert.deepEqual(due[0]?.event, event('evt_1'))
    assert.deepEqual(await store.dueDeliveries(999, 10), [])
  })

  test(`${name}: what another node has told of is not told again, unless its end was, or by the same node`, async (context) => {
    const store = await open(context, handClock(0))
    const names = ['provider_down', 'provider_up'] as const
    let number = 0
    const tell = (node: string, timeMs: number, rest: Partial<Event> = {}) => {
      number += 1
      const { facts = {}, ...more } = rest
      const seen = event(`evt_${number}`, { timeMs, ...more, facts: { ...facts, node } })
      return store.keepEvent(seen, ['ops'], { names, sinceMs: timeMs - 1000 })
    }
    assert.equal(await tell('a', 5000), true)
    assert.equal(await tell('b', 5100), false)
    assert.equal(await tell('b', 5200, { object: 'openai' }), true)
    assert.equal(await tell('b', 5300, { facts: { credential: 'second' } }), true)
    assert.equal(await tell('a', 5400), true, 'the same node has seen it again')
    assert.equal(await tell('b', 5500, { name: 'provider_up' }), true)
    assert.equal(await tell('a', 5600, { name: 'provider_up' }), false)
    assert.equal(await tell('a', 5700), true, 'its end was told since')
    assert.equal(await tell('b', 6700), true, 'that was long ago')
    assert.equal((await store.dueDeliveries(10_000, 10)).length, 7)
    const atOnce = ['a', 'b', 'c'].map((node) => tell(node, 9000))
    assert.deepEqual((await Promise.all(atOnce)).filter(Boolean), [true])
  })

  test(`${name}: a delivery comes again at its time, and not after it has ended`, async (context) => {
    const store = await open(context, handClock(0))
    await store.keepEvent(event('evt_1'), ['ops'])
    const [due] = await store.dueDeliveries(1000, 10)
    assert.ok(due)
    await store.noteDelivery({ ...due.delivery, tries: 1, nextMs: 5000, error: 'status 500' })
    assert.deepEqual(await store.dueDeliveries(4999, 10), [])
    const [again] = await store.dueDeliveries(5000, 10)
    assert.equal(again?.delivery.tries, 1)
    assert.equal(again.delivery.error, 'status 500')
    const ended = {
      ...again.delivery,
      state: 'delivered',
      tries: 2,
      nextMs: null,
      deliveredMs: 5001,
      error: null,
    } as const
    await store.noteDelivery(ended)
    assert.deepEqual(await store.dueDeliveries(1e12, 10), [])
    assert.deepEqual(await store.deliveries(all), [{ ...ended, name: 'provider_down' }])
    assert.deepEqual(await store.deliveries({ ...all, state: 'pending' }), [])
  })

  test(`${name}: events and deliveries are read in pages, the newest first`, async (context) => {
    const store = await open(context, handClock(0))
    for (const id of ['evt_1', 'evt_2', 'evt_3'])
      await store.keepEvent(event(id, id === 'evt_2' ? { name: 'rollback', account: 'acc_1' } : {}), ['a', 'b'])
    const ids = async (filter: Partial<EventFilter>) =>
      (await store.events({ ...everything, ...filter })).map(({ id }) => id)
    assert.deepEqual(await ids({ limit: 2 }), ['evt_3', 'evt_2'])
    assert.deepEqual(await ids({ before: 'evt_2' }), ['evt_1'])
    assert.deepEqual(await ids({ name: 'rollback' }), ['evt_2'])
    assert.deepEqual(await ids({ account: 'acc_2' }), [])
    const page = await store.deliveries({ ...all, limit: 3 })
    const last = page.at(-1)
    assert.ok(last)
    const rest = await store.deliveries({ ...all, before: last })
    assert.deepEqual(
      [...page, ...rest].map((one) => `${one.event} ${one.recipient}`),
      ['evt_3 b', 'evt_3 a', 'evt_2 b', 'evt_2 a', 'evt_1 b', 'evt_1 a'],
    )
  })

  test(`${name}: old events are forgotten, but for those that somebody is still to be told of`, async (context) => {
    const store = await open(context, handClock(0))
    await store.keepEvent(event('evt_1'), [])
    await store.keepEvent(event('evt_2'), ['ops'])
    await store.keepEvent(event('evt_3', { timeMs: 2000 }), [])
    assert.equal(await store.forgetEvents(2000, 10), 1)
    assert.deepEqual(
      (await store.events(everything)).map(({ id }) => id),
      ['evt_3', 'evt_2'],
    )
    const [due] = await store.dueDeliveries(1000, 10)
    assert.ok(due)
    await store.noteDelivery({ ...due.delivery, state: 'dead', tries: 12, nextMs: null, error: 'refused' })
    assert.equal(await store.forgetEvents(2000, 10), 1)
    assert.deepEqual(await store.deliveries(all), [])
  })
}
