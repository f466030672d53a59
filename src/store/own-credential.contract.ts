/** What every backend does for the provider credentials of accounts. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OwnCredentialRow } from '#admin/port.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Store } from './face.ts'
import { sampleAccount, sampleFirst, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const row = (changes: Partial<OwnCredentialRow> = {}): OwnCredentialRow => ({
  account: 'acc_one',
  provider: 'kimi',
  sealed: Uint8Array.of(0, 255, 7),
  ending: 'wxyz',
  feeBasisPoints: 500,
  createdMs: 1,
  ...changes,
})

const begin = async (store: Store): Promise<void> => {
  await store.begin(sampleFirst())
  await store.createAccount(sampleAccount('one'), sampleTrail('trl_a'))
  await store.createAccount(sampleAccount('two'), sampleTrail('trl_b'))
}

const all = { limit: 1000, after: null, account: null }
const plain = (rows: readonly OwnCredentialRow[]): readonly OwnCredentialRow[] =>
  rows.map((one) => ({ ...one, sealed: Uint8Array.from(one.sealed) }))

const trailOf = async (store: Store): Promise<readonly string[]> =>
  (await store.trail({ limit: 100, after: null })).map(({ id }) => id)

/** Registers the tests that every backend passes as keeper of credentials. */
export const ownCredentialContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: a credential is kept for its account and provider; the next one takes its place`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store)
    await store.setOwnCredential(row(), sampleTrail('trl_1'))
    await store.setOwnCredential(row({ account: 'acc_two' }), sampleTrail('trl_2'))
    const other = row({ sealed: Uint8Array.of(9), ending: 'abcd', feeBasisPoints: 0, createdMs: 5 })
    await store.setOwnCredential(other, sampleTrail('trl_3'))
    assert.deepEqual(plain(await store.ownCredentials(all)), [other, row({ account: 'acc_two' })])
    assert.deepEqual(plain(await store.ownCredentials({ ...all, account: 'acc_one' })), [other])
    for (const id of ['trl_1', 'trl_2', 'trl_3']) assert.ok((await trailOf(store)).includes(id))
  })

  test(`${name}: credentials come in pages, none of them twice`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store)
    for (const account of ['acc_one', 'acc_two'])
      for (const provider of ['a', 'b', 'c'])
        await store.setOwnCredential(row({ account, provider }), sampleTrail(`trl_${account}${provider}`))
    const found: string[] = []
    let after: { readonly account: string; readonly provider: string } | null = null
    for (let page = 0; page < 4; page += 1) {
      const rows: readonly OwnCredentialRow[] = await store.ownCredentials({ limit: 2, after, account: null })
      found.push(...rows.map(({ account, provider }) => `${account} ${provider}`))
      after = rows.at(-1) ?? after
    }
    assert.deepEqual(found, ['acc_one a', 'acc_one b', 'acc_one c', 'acc_two a', 'acc_two b', 'acc_two c'])
  })

  test(`${name}: one that is removed is gone, with a row in the trail; one that is not there leaves none`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store)
    await store.setOwnCredential(row(), sampleTrail('trl_1'))
    assert.equal(await store.removeOwnCredential({ account: 'acc_two', provider: 'kimi' }, sampleTrail('trl_2')), false)
    assert.equal(await store.removeOwnCredential({ account: 'acc_one', provider: 'kimi' }, sampleTrail('trl_3')), true)
    assert.deepEqual(await store.ownCredentials(all), [])
    const trail = await trailOf(store)
    assert.deepEqual([trail.includes('trl_2'), trail.includes('trl_3')], [false, true])
  })

  test(`${name}: an account that nobody knows has none, and a fee lies between nothing and all`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store)
    await assert.rejects(store.setOwnCredential(row({ account: 'acc_none' }), sampleTrail('trl_1')))
    await assert.rejects(store.setOwnCredential(row({ feeBasisPoints: 10_001 }), sampleTrail('trl_2')))
    assert.deepEqual(await store.ownCredentials(all), [])
    assert.deepEqual(
      (await trailOf(store)).filter((id) => ['trl_1', 'trl_2'].includes(id)),
      [],
    )
  })

  test(`${name}: an account that is closed leaves no credential behind`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store)
    await store.setOwnCredential(row(), sampleTrail('trl_1'))
    await store.setOwnCredential(row({ account: 'acc_two' }), sampleTrail('trl_2'))
    await store.closeAccount('acc_one', 10, sampleTrail('trl_3'))
    assert.deepEqual(
      (await store.ownCredentials(all)).map(({ account }) => account),
      ['acc_two'],
    )
  })
}
