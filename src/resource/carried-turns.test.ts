import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { carriedBytesMax, carriedEntriesMax, makeCarriedTurns } from './carried-turns.ts'
import { testCarriedStore } from './test-carried-store.ts'
import { testSeal } from './test-response-store.ts'

const startMs = 1_790_000_000_000

const made = () => {
  const store = testCarriedStore()
  const clock = handClock(startMs)
  return { store, clock, turns: makeCarriedTurns({ store, seal: testSeal, clock, log: silentLog }) }
}

test('what is kept is found by its holder under its name for an hour', async () => {
  const { store, clock, turns } = made()
  const keeping = turns.keep('acc_1', [{ name: 'call_a', value: { secret: 1 } }])
  // Asked for before it has reached the store.
  assert.deepEqual((await turns.find('acc_1', ['call_a', 'call_b'])).get('call_a'), { secret: 1 })
  assert.deepEqual(await keeping, [])
  assert.equal((await turns.find('acc_2', ['call_a'])).size, 0)
  // Lengths stand in the digest: no other pair of holder and name gives the same one.
  assert.equal((await turns.find('acc_1c', ['all_a'])).size, 0)
  assert.doesNotMatch([...store.rows.keys()].join(), /call_a|acc_1/)
  clock.advance(3_600_000)
  assert.equal((await turns.find('acc_1', ['call_a'])).size, 0)
  clock.advance(300_000)
  await turns.close()
  assert.equal(store.rows.size, 0)
})

test('what is too large is named and not kept; an account keeps its newest', async () => {
  const { store, clock, turns } = made()
  const large = { name: 'large', value: { text: 'x'.repeat(carriedBytesMax) } }
  assert.deepEqual(await turns.keep('acc_1', [large, { name: 'small', value: {} }]), ['large'])
  assert.equal(store.rows.size, 1)
  for (let round = 0; round < 41; round += 1) {
    clock.advance(1)
    const entries = Array.from({ length: 256 }, (_none, index) => ({ name: `${round}-${index}`, value: {} }))
    await turns.keep('acc_1', entries)
  }
  assert.equal(store.rows.size, carriedEntriesMax)
  assert.equal((await turns.find('acc_1', ['small'])).size, 0)
  assert.equal((await turns.find('acc_1', ['40-255'])).size, 1)
  await turns.close()
})

test('a store that is away costs the thought, not the call', async () => {
  const { store, clock } = made()
  const away = async (): Promise<never> => Promise.reject(new Error('away'))
  const broken = { ...store, keepCarried: away, carried: away }
  const turns = makeCarriedTurns({ store: broken, seal: testSeal, clock, log: silentLog })
  assert.deepEqual(await turns.keep('acc_1', [{ name: 'a', value: {} }]), [])
  assert.equal((await turns.find('acc_1', ['a'])).size, 0)
  await turns.close()
})
