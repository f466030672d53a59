/** What every backend does for applied providers and models, and for changes that are kept all or not at all. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppliedRow, AppliedSetting } from '#admin/port.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Store } from './face.ts'
import { sampleAccount, sampleFirst, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const row = (changes: Partial<AppliedRow> = {}): AppliedRow => ({
  kind: 'provider',
  name: 'rented',
  document: '{"vendor":"openai"}',
  sealed: Uint8Array.of(0, 255, 7),
  digest: 'abc',
  sealedMs: 3,
  changedMs: 4,
  ...changes,
})
const model = (name: string): AppliedRow =>
  row({ kind: 'model', name, document: '{"targets":[]}', sealed: null, digest: null, sealedMs: null })

const set = (one: AppliedRow, trail: string): AppliedSetting => ({ row: one, trail: sampleTrail(trail) })

const rowsOf = async (store: Store): Promise<readonly AppliedRow[]> =>
  (await store.applied()).map((one) => ({
    ...one,
    sealed: one.sealed === null ? null : Uint8Array.from(one.sealed),
  }))

const trailOf = async (store: Store): Promise<readonly string[]> =>
  (await store.trail({ limit: 100, after: null })).map(({ id }) => id)

/** Registers the tests that every backend passes as keeper of what is applied. */
export const appliedContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: what is applied is kept by kind and name, and the next one takes its place`, async (context) => {
    const store = await open(context, handClock(0))
    await store.setApplied([set(row(), 'trl_1')])
    await store.setApplied([set(model('rented'), 'trl_2')])
    await store.setApplied([set(model('Big'), 'trl_3')])
    assert.deepEqual(await rowsOf(store), [model('Big'), model('rented'), row()])
    const other = row({ document: '{}', sealed: Uint8Array.of(9), digest: 'def', sealedMs: 8, changedMs: 9 })
    await store.setApplied([set(other, 'trl_4')])
    assert.deepEqual(await rowsOf(store), [model('Big'), model('rented'), other])
    assert.deepEqual(await trailOf(store), ['trl_1', 'trl_2', 'trl_3', 'trl_4'])
  })

  test(`${name}: what is removed is gone, with a row in the trail; what is not there leaves none`, async (context) => {
    const store = await open(context, handClock(0))
    await store.setApplied([set(row(), 'trl_1')])
    assert.equal(await store.removeApplied({ kind: 'model', name: 'rented' }, sampleTrail('trl_2')), false)
    assert.equal(await store.removeApplied({ kind: 'provider', name: 'rented' }, sampleTrail('trl_3')), true)
    assert.deepEqual([await store.applied(), await trailOf(store)], [[], ['trl_1', 'trl_3']])
  })

  test(`${name}: changes together are all kept, in their order, or none of them is`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const before = await trailOf(store)
    await assert.rejects(
      store.together([
        (one) => one.setApplied([set(row(), 'trl_a')]),
        (one) => one.createAccount(sampleAccount('one'), sampleTrail('trl_b')),
        (one) => one.createAccount(sampleAccount('one'), sampleTrail('trl_c')),
      ]),
    )
    assert.deepEqual([await store.applied(), await store.account('acc_one'), await trailOf(store)], [[], null, before])
    await store.together([
      (one) => one.createAccount(sampleAccount('one'), sampleTrail('trl_d')),
      (one) => one.setAccountState('acc_one', 'suspended', sampleTrail('trl_e')),
      (one) => one.setApplied([set(row(), 'trl_f')]),
    ])
    assert.equal((await store.balance('acc_one', 1))?.state, 'suspended')
    assert.deepEqual(await rowsOf(store), [row()])
    assert.deepEqual((await trailOf(store)).slice(before.length), ['trl_d', 'trl_e', 'trl_f'])
    const { ok } = await store.verifyTrail()
    assert.ok(ok)
  })

  test(`${name}: changes together disturb no other write, whichever way they go`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const [good, bad, other] = await Promise.allSettled([
      store.setApplied([set(row({ name: 'before' }), 'trl_1')]),
      store.together([
        (one) => one.setApplied([set(row({ name: 'lost' }), 'trl_2')]),
        (one) => one.setAccountState('acc_nobody', 'open', sampleTrail('trl_2')),
        (one) => one.createAccount(sampleAccount('one'), sampleTrail('trl_2')),
      ]),
      store.setApplied([set(row({ name: 'after' }), 'trl_3')]),
    ])
    assert.deepEqual([good.status, bad.status, other.status], ['fulfilled', 'rejected', 'fulfilled'])
    assert.deepEqual(
      (await store.applied()).map(({ name: found }) => found),
      ['after', 'before'],
    )
  })
}
