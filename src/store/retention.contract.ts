/** What every backend does when the time of a record is over. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { Store } from './face.ts'
import { fullCall, sampleCall, sampleFilter } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const kept = async (store: Store): Promise<readonly string[]> =>
  (await store.calls(sampleFilter())).calls.map(({ id }) => id).sort()

const logged = async (store: Store): Promise<void> => {
  for (const [index, timeMs] of [1_000, 2_000, 3_000, 4_000].entries())
    await store.append({ ...fullCall(`call_${index + 1}`), timeMs })
}

/** Registers the tests that every backend passes when it forgets. */
export const retentionContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: calls go the oldest first, a batch at a time, and only when the figures hold them`, async (context) => {
    const store = await open(context, handClock(0))
    await logged(store)
    assert.equal(await store.forgetCalls(3_000, 10), 0, 'nothing is rolled up yet')
    while ((await store.rollForward()) > 0);
    assert.equal(await store.forgetCalls(4_000, 2), 2)
    assert.deepEqual(await kept(store), ['call_3', 'call_4'])
    assert.equal(await store.forgetCalls(4_000, 2), 1)
    assert.equal(await store.forgetCalls(4_000, 2), 0)
    assert.equal(await store.call('call_1'), null)
    assert.equal((await store.call('call_4'))?.timeMs, 4_000)
    await store.append({ ...sampleCall('call_5'), timeMs: 5_000 })
    await store.rollForward()
    assert.deepEqual(await kept(store), ['call_4', 'call_5'])
  })

  test(`${name}: bodies go before their calls do`, async (context) => {
    const store = await open(context, handClock(0))
    await logged(store)
    assert.equal(await store.forgetBodies(3_000, 10), 2)
    assert.equal(await store.forgetBodies(3_000, 10), 0)
    const bodies = await Promise.all(['call_2', 'call_3'].map(async (id) => (await store.call(id))?.requestBody))
    assert.deepEqual(bodies, [null, fullCall('call_3').requestBody])
    assert.deepEqual(await kept(store), ['call_1', 'call_2', 'call_3', 'call_4'])
  })
}
