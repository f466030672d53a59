/** What every backend does for people who sign in. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemberRow } from '#admin/port.ts'
import { handClock } from '#base/hand-clock.ts'
import type { AsProven, OneTimeKind, OneTimeRow, PersonRow, SessionRow } from '#identity/port.ts'
import { passkeysMax } from '#identity/port.ts'
import type { Store } from './face.ts'
import { sampleAccount, sampleFirst, sampleKeyRow, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const organisation = 'org_default'
const hourMs = 3_600_000

const person = (id: string, changes: Partial<PersonRow> = {}): PersonRow => ({
  id,
  mail: `${id}@example.com`,
  name: null,
  verifiedMs: 1,
  vouchedMs: null,
  password: '$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA',
  totp: null,
  totpMs: null,
  totpStep: null,
  createdMs: 1,
  closedMs: null,
  ...changes,
})

const session = (id: string, changes: Partial<SessionRow> = {}): SessionRow => ({
  id,
  digest: `digest of ${id}`,
  person: 'per_ana',
  key: null,
  organisation: null,
  createdMs: 1,
  seenMs: 1,
  expiresMs: hourMs,
  method: 'password',
  address: '192.0.2.1',
  agent: 'a browser',
  ...changes,
})

const token = (id: string, kind: OneTimeKind, changes: Partial<OneTimeRow> = {}): OneTimeRow => ({
  id,
  digest: `digest of ${id}`,
  kind,
  person: null,
  organisation: null,
  data: '{}',
  createdMs: 1,
  expiresMs: 100,
  ...changes,
})

const owner = { id: 'mem_ana', organisation, role: 'owner' } as const

const open = async ({ open: openStore }: OpenBackend, context: Parameters<OpenBackend['open']>[0]): Promise<Store> => {
  const store = await openStore(context, handClock(0))
  await store.begin(sampleFirst())
  await store.keepToken(token('one_set-up', 'set-up'), sampleTrail('trl_1'))
  const added = {
    person: person('per_ana'),
    session: session('ses_1'),
    token: { digest: 'digest of one_set-up', kind: 'set-up' },
    member: owner,
  } as const
  await store.addPerson(added, 5, sampleTrail('trl_2'))
  return store
}

const peopleTests = (backend: OpenBackend): void => {
  const { name } = backend
  test(`${name}: a person comes with what let them in, all or nothing, and is found by id and by mail`, async (context) => {
    const store = await open(backend, context)
    assert.deepEqual(await store.person('per_ana'), person('per_ana'))
    assert.equal((await store.person('per_ana@example.com'))?.id, 'per_ana')
    const [mine, ...others] = await store.memberships('per_ana')
    assert.deepEqual(
      [mine?.organisation, mine?.role, mine?.member, others.length],
      [organisation, 'owner', 'mem_ana', 0],
    )
    const again = { person: person('per_bo'), session: null, member: null } as const
    const spent = { ...again, token: { digest: 'digest of one_set-up', kind: 'set-up' } } as const
    await assert.rejects(store.addPerson(spent, 6, sampleTrail('trl_3')), { code: 'not_found' })
    assert.equal(await store.person('per_bo'), null)
    const taken = { ...again, person: person('per_bo', { mail: 'per_ana@example.com' }), token: null }
    await assert.rejects(store.addPerson(taken, 6, sampleTrail('trl_3')), { code: 'conflict' })
    assert.deepEqual(await store.verifyTrail(), { ok: true, rows: 3 })
  })

  test(`${name}: a changed password ends the other sessions; a mail address is one person's`, async (context) => {
    const store = await open(backend, context)
    await store.openSession(session('ses_2'), person('per_ana'), sampleTrail('trl_3'))
    const change = { person: 'per_ana', password: '$argon2id$new', keepSession: 'ses_2', recoveryCodes: ['a', 'b'] }
    assert.equal((await store.changePerson(change, 9, sampleTrail('trl_4'))).row.password, '$argon2id$new')
    assert.deepEqual(
      (await store.sessions('per_ana')).map(({ id }) => id),
      ['ses_2'],
    )
    assert.equal(await store.recoveryCodesLeft('per_ana'), 2)
    const codes = ['b', 'b', 'c'].map((digest, place) =>
      store.useRecoveryCode('per_ana', digest, sampleTrail(`trl_c${place}`)),
    )
    assert.deepEqual(await Promise.all(codes), [true, false, false])
    await store.addPerson(
      { person: person('per_bo'), session: null, token: null, member: null },
      9,
      sampleTrail('trl_5'),
    )
    const gone: MemberRow = {
      id: 'mem_old',
      organisation,
      mail: 'new@example.com',
      role: 'viewer',
      createdMs: 2,
      removedMs: null,
    }
    await store.addMember(gone, sampleTrail('trl_7'))
    await store.changePerson({ person: 'per_ana', mail: 'new@example.com' }, 9, sampleTrail('trl_8'))
    assert.deepEqual([(await store.member(organisation, 'new@example.com'))?.id], ['mem_ana'])
    const steal = { person: 'per_bo', mail: 'new@example.com' }
    await assert.rejects(store.changePerson(steal, 9, sampleTrail('trl_6')), { code: 'conflict' })
  })

  test(`${name}: who is the only owner cannot go; who goes leaves nothing to sign in with`, async (context) => {
    const store = await open(backend, context)
    await assert.rejects(store.closePerson('per_ana', 9, sampleTrail('trl_3')), { code: 'conflict' })
    const second: MemberRow = { ...owner, id: 'mem_bo', mail: 'bo@example.com', createdMs: 2, removedMs: null }
    await store.addMember(second, sampleTrail('trl_4'))
    const leave = { id: 'mem_ana', atMs: 9, keepKeys: true }
    for (const going of [
      () => store.closePerson('per_ana', 9, sampleTrail('trl_5')),
      () => store.removeMember(leave, sampleTrail('trl_5')),
      () => store.setMemberRole({ id: 'mem_ana', role: 'viewer', atMs: 9 }, sampleTrail('trl_5')),
    ])
      await assert.rejects(going(), { code: 'conflict' }, 'an owner nobody signs in as is none')
    const bo = { person: person('per_bo', { mail: 'bo@example.com' }), session: null, token: null } as const
    await store.addPerson({ ...bo, member: { ...owner, id: 'mem_x' } }, 8, sampleTrail('trl_5'))
    assert.equal((await store.memberships('per_bo'))[0]?.member, 'mem_bo')
    assert.deepEqual(await store.closePerson('per_ana', 9, sampleTrail('trl_7')), [])
    assert.equal((await store.member(organisation, 'mem_ana'))?.mail, null, 'nothing would lead there any more')
    assert.equal(await store.person('per_ana'), null)
    assert.equal(await store.person('per_ana@example.com'), null)
    assert.equal(await store.session('digest of ses_1'), null)
    assert.deepEqual(await store.memberships('per_ana'), [])
    await store.addPerson(
      { person: person('per_new', { mail: 'per_ana@example.com' }), session: null, token: null, member: null },
      9,
      sampleTrail('trl_6'),
    )
  })

  test(`${name}: whoever goes takes their keys along: those for them, those they made here, those that manage elsewhere`, async (context) => {
    const store = await open(backend, context)
    await store.createAccount(sampleAccount('else'), sampleTrail('trl_else'))
    const elsewhere = { organisation: 'org_else', account: 'acc_else', project: null }
    const keys = [
      sampleKeyRow('key_for', { member: 'mem_ana' }),
      sampleKeyRow('key_made', { maker: 'mem_ana' }),
      sampleKeyRow('key_ended', { maker: 'mem_ana', revokedMs: 3 }),
      sampleKeyRow('key_sold', { ...elsewhere, maker: 'mem_ana' }),
      sampleKeyRow('key_manages', { ...elsewhere, maker: 'mem_ana', purpose: 'admin' }),
      sampleKeyRow('key_other', { maker: 'mem_bo' }),
    ]
    for (const key of keys) await store.createKey(key, sampleTrail(`trl_${key.id}`))
    const bo = { person: person('per_bo'), session: null, token: null } as const
    await store.addPerson({ ...bo, member: { ...owner, id: 'mem_bo' } }, 8, sampleTrail('trl_3'))
    const ended = await store.closePerson('per_ana', 9, sampleTrail('trl_4', { object: 'per_ana' }))
    const gone = ['key_for', 'key_made', 'key_manages']
    assert.deepEqual(ended.map(({ id }) => id).sort(), gone)
    const now = new Map((await store.keys({ limit: 100, after: null })).map(({ id, revokedMs }) => [id, revokedMs]))
    for (const { id, revokedMs } of keys) assert.equal(now.get(id), gone.includes(id) ? 9 : revokedMs, id)
    const [row] = (await store.trail({ limit: 100, after: null })).filter(({ id }) => id === 'trl_4')
    assert.deepEqual(JSON.parse(row?.after ?? '')['revoked_keys'], gone)
  })

  test(`${name}: an invitation makes a member of one person, once`, async (context) => {
    const store = await open(backend, context)
    await store.addPerson(
      { person: person('per_bo'), session: null, token: null, member: null },
      5,
      sampleTrail('trl_3'),
    )
    const invitation = token('one_inv', 'invitation', { organisation, data: '{"role":"developer"}' })
    await store.keepToken(invitation, sampleTrail('trl_4'))
    assert.deepEqual(
      (await store.tokensOf(organisation, 'invitation', 5)).map(({ id }) => id),
      ['one_inv'],
    )
    assert.deepEqual(await store.tokensOf('org_other', 'invitation', 5), [])
    assert.equal(await store.dropToken({ id: 'one_inv', organisation: 'org_other' }, sampleTrail('trl_x')), false)
    const join = (memberId: string) =>
      store.join({ person: 'per_bo', digest: 'digest of one_inv', memberId }, 6, sampleTrail(`trl_${memberId}`))
    const joined = await Promise.allSettled([join('mem_1'), join('mem_2'), join('mem_3')])
    assert.equal(joined.filter(({ status }) => status === 'fulfilled').length, 1)
    const [mine] = await store.memberships('per_bo')
    assert.deepEqual([mine?.organisation, mine?.role, mine?.operator], [organisation, 'developer', false])
  })
}

const sessionTests = (backend: OpenBackend): void => {
  const { name } = backend
  test(`${name}: a session is found with its person, moved, touched and ended by its own person only`, async (context) => {
    const store = await open(backend, context)
    await store.touchSession('ses_1', 77)
    await store.moveSession('ses_1', organisation)
    const found = await store.session('digest of ses_1')
    assert.deepEqual(found?.session, session('ses_1', { seenMs: 77, organisation }))
    assert.deepEqual([found?.person?.id, found?.memberships.length], ['per_ana', 1])
    assert.equal(await store.session('ses_1'), null)
    const others = [
      { id: 'ses_1', person: 'per_bo', key: null },
      { id: 'ses_1', person: null, key: 'key_1' },
    ]
    for (const which of others) assert.equal(await store.endSession(which, sampleTrail('trl_no')), false)
    assert.equal(await store.endSession({ id: 'ses_1', person: 'per_ana', key: null }, sampleTrail('trl_3')), true)
    assert.equal(await store.session('digest of ses_1'), null)
  })

  test(`${name}: of many who come with a token one is given it, in its time and for its use`, async (context) => {
    const store = await open(backend, context)
    await store.keepToken(token('one_a', 'reset'), null)
    assert.equal(await store.takeToken('digest of one_a', 'verify', 50), null)
    assert.equal(await store.takeToken('digest of one_a', 'reset', 100), null)
    assert.equal((await store.token('digest of one_a', 'reset', 99))?.id, 'one_a')
    const taken = await Promise.all([1, 2, 3, 4].map(() => store.takeToken('digest of one_a', 'reset', 99)))
    assert.equal(taken.filter((one) => one !== null).length, 1)
    await store.keepToken(token('one_a', 'step-up'), null)
    const again = token('one_b', 'step-up', { digest: 'digest of one_a', expiresMs: 300 })
    await store.keepToken(again, null)
    assert.deepEqual(await store.takeToken('digest of one_a', 'step-up', 200), again, 'one that is over')
  })

  test(`${name}: tries are counted before they are made, each subject or none`, async (context) => {
    const store = await open(backend, context)
    const account = { subject: 'account', max: 3, windowMs: 900_000 }
    const address = { subject: 'address', max: 100, windowMs: 900_000 }
    const waits = await Promise.all(Array.from({ length: 8 }, () => store.takeTry([account, address], 1000)))
    assert.equal(waits.filter((waitMs) => waitMs === 0).length, 3)
    assert.deepEqual(waits.slice(3), [30_000, 30_000, 30_000, 30_000, 30_000])
    assert.equal(await store.takeTry([account, address], 31_000), 0)
    assert.equal(await store.takeTry([account, address], 32_000), 59_000)
    await store.forgetTries(['account'])
    assert.equal(await store.takeTry([account, address], 32_000), 0)
    const one = { subject: 'crowd', max: 1, windowMs: 900_000, waitMsMax: 5_000 }
    assert.equal(await store.takeTry([one], 40_000), 0)
    assert.equal(await store.takeTry([one], 40_000), 5_000)
    const fresh = { subject: 'account here', max: 5, windowMs: 900_000 }
    const spared = [fresh, { ...one, sparesFirstOf: 'account here' }]
    assert.deepEqual([await store.takeTry(spared, 40_000), await store.takeTry(spared, 40_000)], [0, 5_000])
    await store.returnTries([one])
    assert.equal(await store.takeTry([one], 40_000), 0)
  })

  test(`${name}: a session that was proven by what has changed since is not opened`, async (context) => {
    const store = await open(backend, context)
    const before = person('per_ana')
    const opened = (id: string, asProven: AsProven | null) =>
      store.openSession(session(id), asProven, sampleTrail(`trl_${id}`))
    await store.changePerson(
      { person: 'per_ana', password: '$argon2id$new', keepSession: null },
      9,
      sampleTrail('trl_3'),
    )
    await assert.rejects(opened('ses_2', before), { code: 'invalid_credentials' })
    await assert.rejects(opened('ses_2', null), { code: 'invalid_credentials' })
    await assert.rejects(opened('ses_2', { password: '$argon2id$new', totpMs: 5 }), { code: 'invalid_credentials' })
    assert.deepEqual(await store.sessions('per_ana'), [])
    await opened('ses_3', { ...before, password: '$argon2id$new' })
    const key = session('ses_4', { person: null, key: 'key_1', method: 'key' })
    await store.openSession(key, null, sampleTrail('trl_4'))
    await assert.rejects(store.openSession(session('ses_5', { person: 'per_gone' }), before, sampleTrail('trl_5')), {
      code: 'not_found',
    })
  })

  test(`${name}: what is over is swept; what is not stays`, async (context) => {
    const store = await open(backend, context)
    await store.keepToken(token('one_a', 'reset'), null)
    await store.openSession(session('ses_2', { expiresMs: 50 }), person('per_ana'), sampleTrail('trl_3'))
    assert.equal(await store.sweepIdentity(100, 10), 2)
    assert.equal(await store.sweepIdentity(100, 10), 0)
    assert.notEqual(await store.session('digest of ses_1'), null)
  })
}

const meansTests = (backend: OpenBackend): void => {
  const { name } = backend
  test(`${name}: a passkey is one person's, and its counter is kept`, async (context) => {
    const store = await open(backend, context)
    const row = {
      id: 'psk_1',
      person: 'per_ana',
      credential: 'abc',
      publicKey: new Uint8Array([1, 2, 3]),
      counter: 0,
      transports: ['internal'],
      name: 'laptop',
      createdMs: 1,
      usedMs: null,
    }
    await store.addPasskey(row, sampleTrail('trl_3'))
    await assert.rejects(store.addPasskey({ ...row, id: 'psk_2' }, sampleTrail('trl_4')), { code: 'conflict' })
    assert.deepEqual([await store.usePasskey('psk_1', 7, 9), await store.usePasskey('psk_none', 7, 9)], [true, false])
    const kept = await store.passkey('abc')
    assert.deepEqual([kept?.counter, kept?.usedMs, [...(kept?.publicKey ?? [])]], [7, 9, [1, 2, 3]])
    assert.equal((await store.passkeys('per_ana')).length, 1)
    assert.equal(await store.removePasskey({ id: 'psk_1', person: 'per_bo' }, sampleTrail('trl_5')), false)
    assert.equal(await store.removePasskey({ id: 'psk_1', person: 'per_ana' }, sampleTrail('trl_5')), true)
    const more = Array.from({ length: passkeysMax + 3 }, (_none, number) => ({
      ...row,
      id: `psk_m${number}`,
      credential: `credential ${number}`,
    }))
    const added = await Promise.allSettled(more.map((one) => store.addPasskey(one, sampleTrail(`trl_${one.id}`))))
    assert.equal(added.filter(({ status }) => status === 'fulfilled').length, passkeysMax)
    assert.equal((await store.passkeys('per_ana')).length, passkeysMax)
  })

  test(`${name}: an address that is proven takes away what was added before it was`, async (context) => {
    const store = await open(backend, context)
    const passkey = { id: 'psk_1', credential: 'abc', publicKey: new Uint8Array([1]), counter: 0, transports: [] }
    await store.addPasskey(
      { ...passkey, person: 'per_ana', name: 'laptop', createdMs: 1, usedMs: null },
      sampleTrail('trl_3'),
    )
    const link = { issuer: 'https://issuer.example', subject: '42', person: 'per_ana', createdMs: 1 }
    await store.addIssuerLink(link, sampleTrail('trl_4'))
    const codes = { totp: new Uint8Array([1]), totpMs: 3, totpStep: 4, recoveryCodes: ['a'] }
    await store.changePerson({ person: 'per_ana', ...codes }, 9, sampleTrail('trl_5'))
    const wanted = { person: 'per_ana', password: '$argon2id$new', keepSession: null, onlyPassword: true } as const
    const { row } = await store.changePerson(wanted, 9, sampleTrail('trl_6'))
    assert.deepEqual([row.totp, row.totpMs, row.totpStep], [null, null, null])
    assert.deepEqual(await store.passkeys('per_ana'), [])
    assert.deepEqual(await store.issuerLinks('per_ana'), [])
    assert.equal(await store.recoveryCodesLeft('per_ana'), 0)
  })

  test(`${name}: a sign-in of an issuer leads to one person; a code's time step is taken once`, async (context) => {
    const store = await open(backend, context)
    const link = { issuer: 'https://issuer.example', subject: '42', person: 'per_ana', createdMs: 1 }
    await store.addIssuerLink(link, sampleTrail('trl_3'))
    await store.addPerson(
      { person: person('per_bo'), session: null, token: null, member: null },
      5,
      sampleTrail('trl_4'),
    )
    await assert.rejects(store.addIssuerLink({ ...link, person: 'per_bo' }, sampleTrail('trl_5')), { code: 'conflict' })
    assert.deepEqual(await store.issuerLink(link.issuer, '42'), link)
    assert.equal(await store.issuerLink(link.issuer, '43'), null)
    assert.deepEqual(await store.issuerLinks('per_ana'), [link])
    assert.equal(await store.removeIssuerLink({ issuer: link.issuer, person: 'per_bo' }, sampleTrail('trl_6')), false)
    const steps = await Promise.all([5, 5, 6, 4].map((step) => store.takeTotpStep('per_ana', step)))
    assert.deepEqual(steps, [true, false, true, false])
  })
}

/** Registers the tests that every backend passes as keeper of people who sign in. */
export const identityContract = (backend: OpenBackend): void => {
  peopleTests(backend)
  sessionTests(backend)
  meansTests(backend)
}
