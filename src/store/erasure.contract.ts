/** What every backend does where somebody wants what is kept of them, and wants it gone. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { Store } from './face.ts'
import { fullCall, sampleAccount, sampleFirst, sampleKeyRow, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const mail = 'anna@customer.example'

const begin = async (store: Store): Promise<void> => {
  await store.begin(sampleFirst())
  await store.createAccount(sampleAccount('one'), sampleTrail('trl_a'))
  const { organisation } = sampleAccount('one')
  const secrets = { password: null, totp: null, totpMs: null, totpStep: null, vouchedMs: null }
  const person = { id: 'per_1', mail, name: 'Anna', verifiedMs: 1, ...secrets, createdMs: 1, closedMs: null }
  const member = { id: 'mem_1', organisation: organisation.id, role: 'developer' } as const
  await store.addPerson({ person, member, session: null, token: null }, 1, sampleTrail('trl_b'))
}

const textOf = (value: unknown): string => JSON.stringify(value)

/** Registers the tests that every backend passes as one who forgets. */
export const erasureContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: a person gets what is kept of them, and after the erasure their address is in no row but the trail`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store)
    const file = await store.personFile('per_1')
    assert.equal(file?.['person']?.[0]?.['mail'], mail)
    assert.equal(file?.['memberships']?.length, 1)
    assert.equal(await store.personFile('per_none'), null)
    const { organisation } = sampleAccount('one')
    const former = { id: 'mem_2', organisation: sampleFirst().organisation.id, mail, role: 'viewer' } as const
    await store.addMember({ ...former, createdMs: 2, removedMs: null }, sampleTrail('trl_m'))
    await store.removeMember({ id: 'mem_2', atMs: 3, keepKeys: false }, sampleTrail('trl_n'))
    const erased = { person: 'per_1', mails: [mail], digests: [] }
    await store.erasePerson(erased, 5, sampleTrail('trl_c'))
    assert.equal((await store.member(organisation.id, 'mem_1'))?.mail, null)
    assert.equal((await store.member(former.organisation, 'mem_2'))?.mail, null)
    const after = await store.personFile('per_1')
    const { trail: _trail, ...rows } = after ?? {}
    assert.ok(!textOf(rows).includes('anna'), textOf(rows))
    assert.equal(await store.person(mail), null)
    // Once more does no harm: what closing had done before is not asked for.
    await store.erasePerson(erased, 6, sampleTrail('trl_d'))
    assert.equal((await store.verifyTrail()).ok, true)
  })

  test(`${name}: a customer is erased: keys end, words go out of the log, and books and trail are as they were`, async (context) => {
    const store = await open(context, handClock(0))
    await begin(store)
    const { organisation, account } = sampleAccount('one')
    await store.createKey(
      sampleKeyRow('key_of_one', { organisation: organisation.id, account: account.id, name: 'shop of Anna' }),
      sampleTrail('trl_k'),
    )
    const record = {
      ...fullCall('call_of_one'),
      organisation: organisation.id,
      account: account.id,
      tags: { user: 'anna' },
      session: 'anna-1',
      requestBody: 'I am Anna',
      responseBody: 'Hello Anna',
    }
    await store.append(record)
    await store.append({ ...record, id: 'call_of_another', account: 'acc_other', tags: { user: 'bert' } })
    assert.equal((await store.organisationFile(organisation.id))?.['keys']?.length, 1)
    const keys = await store.eraseOrganisation(organisation.id, 9, sampleTrail('trl_e'))
    assert.deepEqual(
      keys.map(({ id, revokedMs, name: called }) => [id, revokedMs, called]),
      [['key_of_one', 9, 'erased']],
    )
    assert.deepEqual(await store.eraseCalls(account.id, null), { calls: 1, after: null })
    const erased = await store.call('call_of_one')
    assert.deepEqual([erased?.tags, erased?.session, erased?.requestBody, erased?.responseBody], [{}, null, null, null])
    assert.deepEqual([erased?.costNanoUsd, erased?.usage], [record.costNanoUsd, record.usage])
    assert.deepEqual((await store.call('call_of_another'))?.tags, { user: 'bert' })
    const left = await store.organisationFile(organisation.id)
    assert.ok(!/anna|shop|one@/i.test(textOf({ ...left, account: [] })), textOf(left))
    assert.equal((await store.verifyBooks(10)).ok, true)
    assert.equal((await store.verifyTrail()).ok, true)
  })
}
