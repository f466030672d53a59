/** What every backend does for what models need back in the next turn. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { CarriedRow } from '#resource/port.ts'
import { startMs } from './ledger-sample.ts'
import type { OpenBackend } from './test-backend.ts'

const rowOf = (id: string, changes: Partial<CarriedRow> = {}): CarriedRow => ({
  id,
  holder: 'account-1',
  body: Buffer.from(`sealed ${id}`),
  createdMs: startMs,
  expiresMs: startMs + 1_000,
  ...changes,
})

export const carriedContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: what is carried is its holder's alone, until its time is over; the newest of an id counts`, async (context) => {
    const store = await open(context, handClock(startMs))
    await store.keepCarried([rowOf('a'), rowOf('b'), rowOf('c', { holder: 'account-2' })])
    await store.keepCarried([rowOf('b', { body: Buffer.from('again'), expiresMs: startMs + 2_000 })])
    const find = async (nowMs: number, holder = 'account-1') => {
      const rows = await store.carried({ ids: ['a', 'b', 'c', 'nothing'], holder, nowMs })
      return rows.map(({ id, body }) => `${id}: ${Buffer.from(body)}`).toSorted()
    }
    assert.deepEqual(await find(startMs), ['a: sealed a', 'b: again'])
    assert.deepEqual(await find(startMs, 'account-2'), ['c: sealed c'])
    assert.deepEqual(await find(startMs + 1_000), ['b: again'])
    assert.deepEqual(await store.carried({ ids: [], holder: 'account-1', nowMs: startMs }), [])
    assert.equal(await store.sweepCarried(startMs + 1_000, 1), 1)
    assert.equal(await store.sweepCarried(startMs + 1_000, 10), 1)
    assert.equal(await store.sweepCarried(startMs + 1_000, 10), 0)
  })

  test(`${name}: of a holder only the newest stay, in number and in bytes`, async (context) => {
    const store = await open(context, handClock(startMs))
    const rows = ['a', 'b', 'c', 'd'].map((id, index) =>
      rowOf(id, { createdMs: startMs + index, body: Buffer.alloc(10) }),
    )
    await store.keepCarried([...rows, rowOf('other', { holder: 'account-2' })])
    const left = async () =>
      (await store.carried({ ids: ['a', 'b', 'c', 'd'], holder: 'account-1', nowMs: startMs })).map(({ id }) => id)
    assert.equal(await store.boundCarried({ holder: 'account-1', entriesMax: 3, bytesMax: 1_000 }), 1)
    assert.deepEqual((await left()).toSorted(), ['b', 'c', 'd'])
    assert.equal(await store.boundCarried({ holder: 'account-1', entriesMax: 10, bytesMax: 20 }), 1)
    assert.deepEqual((await left()).toSorted(), ['c', 'd'])
    assert.equal((await store.carried({ ids: ['other'], holder: 'account-2', nowMs: startMs })).length, 1)
  })
}
