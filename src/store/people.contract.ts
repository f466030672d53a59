/** What every backend does for projects and members. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemberRow, ProjectRow } from '#admin/port.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Role } from '#identity/role.ts'
import type { Store } from './face.ts'
import { sampleFirst, sampleKeyRow, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const organisation = 'org_default'
const page = { limit: 1000, after: null, organisation }

const project = (id: string, name = id): ProjectRow => ({ id, organisation, name, createdMs: 2, archivedMs: null })
const member = (id: string, mail: string, role: Role = 'developer'): MemberRow => ({
  id,
  organisation,
  mail,
  role,
  createdMs: 2,
  removedMs: null,
})

const keysOf = async (store: Store): Promise<Readonly<Record<string, number | null>>> =>
  Object.fromEntries((await store.keys({ limit: 1000, after: null })).map(({ id, revokedMs }) => [id, revokedMs]))

const projectContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: projects have a name of their own within their organisation, and keep their id under another`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    await store.createProject(project('prj_a', 'search'), sampleTrail('trl_1'))
    await assert.rejects(store.createProject(project('prj_b', 'search'), sampleTrail('trl_2')), { code: 'conflict' })
    await store.createProject(project('prj_b', 'chat'), sampleTrail('trl_2'))
    await assert.rejects(store.renameProject({ id: 'prj_b', name: 'search' }, sampleTrail('trl_3')), {
      code: 'conflict',
    })
    await store.renameProject({ id: 'prj_b', name: 'talk' }, sampleTrail('trl_3'))
    assert.equal((await store.project(organisation, 'talk'))?.id, 'prj_b')
    assert.equal((await store.project(organisation, 'prj_b'))?.name, 'talk')
    assert.equal(await store.project('org_other', 'prj_b'), null)
    assert.deepEqual(
      (await store.projects(page)).map(({ id }) => id),
      ['prj_a', 'prj_b', 'prj_default'],
    )
    assert.equal((await store.trail(page)).length, 4)
  })

  test(`${name}: an archived project ends its keys, once, and no others`, async (context) => {
    const store = await open(context, handClock(0))
    const keys = [
      sampleKeyRow('key_1', { project: 'prj_a' }),
      sampleKeyRow('key_2', { project: 'prj_a', revokedMs: 5 }),
      sampleKeyRow('key_3'),
    ]
    await store.begin(sampleFirst())
    await store.createProject(project('prj_a'), sampleTrail('trl_1'))
    for (const key of keys) await store.createKey(key, sampleTrail(`trl_${key.id}`))
    const ended = await store.archiveProject({ id: 'prj_a', atMs: 9 }, sampleTrail('trl_2'))
    assert.deepEqual([ended.row.archivedMs, ended.keys.map(({ id }) => id)], [9, ['key_1']])
    assert.deepEqual(await keysOf(store), { key_1: 9, key_2: 5, key_3: null })
    const again = await store.archiveProject({ id: 'prj_a', atMs: 10 }, sampleTrail('trl_3'))
    assert.deepEqual([again.row.archivedMs, again.keys], [9, []])
    await assert.rejects(store.archiveProject({ id: 'prj_none', atMs: 9 }, sampleTrail('trl_4')), { code: 'not_found' })
  })
}

const memberContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: a member is there once by mail address, leaves with their keys, and comes back as themselves`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst([sampleKeyRow('key_1', { member: 'mem_a' }), sampleKeyRow('key_2')]))
    await store.addMember(member('mem_a', 'ana@example.com'), sampleTrail('trl_1'))
    await assert.rejects(store.addMember(member('mem_b', 'ana@example.com'), sampleTrail('trl_2')), {
      code: 'conflict',
    })
    const left = await store.removeMember({ id: 'mem_a', atMs: 7, keepKeys: false }, sampleTrail('trl_3'))
    assert.deepEqual(
      left.keys.map(({ id }) => id),
      ['key_1'],
    )
    assert.deepEqual(await keysOf(store), { key_1: 7, key_2: null })
    assert.deepEqual(await store.members(page), [])
    assert.equal((await store.member(organisation, 'ana@example.com'))?.removedMs, 7)
    await assert.rejects(store.setMemberRole({ id: 'mem_a', role: 'owner', atMs: 9 }, sampleTrail('trl_4')), {
      code: 'not_found',
    })
    const back = await store.addMember(member('mem_c', 'ana@example.com', 'viewer'), sampleTrail('trl_5'))
    assert.deepEqual([back.id, back.role, back.removedMs], ['mem_a', 'viewer', null])
  })

  test(`${name}: keys that are to be kept outlive their member`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst([sampleKeyRow('key_1', { member: 'mem_a' })]))
    await store.addMember(member('mem_a', 'ana@example.com'), sampleTrail('trl_1'))
    await store.removeMember({ id: 'mem_a', atMs: 7, keepKeys: true }, sampleTrail('trl_2'))
    assert.deepEqual(await keysOf(store), { key_1: null })
  })

  test(`${name}: who may do less keeps no admin key that may more, and who leaves lets nobody in`, async (context) => {
    const store = await open(context, handClock(0))
    const admin = { purpose: 'admin', maker: 'mem_a' } as const
    const keys = [
      sampleKeyRow('key_all', admin),
      sampleKeyRow('key_for', { purpose: 'admin', member: 'mem_a', role: 'admin' }),
      sampleKeyRow('key_less', { ...admin, role: 'viewer' }),
      sampleKeyRow('key_calls', { maker: 'mem_a' }),
    ]
    await store.begin(sampleFirst(keys))
    await store.addMember(member('mem_a', 'ana@example.com', 'admin'), sampleTrail('trl_1'))
    const become = (role: Role, atMs: number) => store.setMemberRole({ id: 'mem_a', role, atMs }, sampleTrail('trl_2'))
    assert.deepEqual(await become('admin', 4), [], 'the same is no less')
    const ended = await store.setMemberRole({ id: 'mem_a', role: 'developer', atMs: 5 }, sampleTrail('trl_3'))
    assert.deepEqual(ended.map(({ id }) => id).sort(), ['key_all', 'key_for'])
    assert.deepEqual(await keysOf(store), { key_all: 5, key_for: 5, key_less: null, key_calls: null })
    for (const [id, by] of [
      ['one_a', 'mem_a'],
      ['one_b', 'mem_b'],
    ] as const) {
      const data = JSON.stringify({ email: `${id}@example.com`, role: 'viewer', by: [by] })
      const row = { id, digest: id, kind: 'invitation', person: null, organisation, data } as const
      await store.keepToken({ ...row, createdMs: 1, expiresMs: 100 }, null)
    }
    await store.removeMember({ id: 'mem_a', atMs: 7, keepKeys: true }, sampleTrail('trl_4'))
    const left = await store.tokensOf(organisation, 'invitation', 8)
    assert.deepEqual(
      left.map(({ id }) => id),
      ['one_b'],
    )
  })

  test(`${name}: the only owner can neither leave nor become less; of two, one can`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    await store.addMember(member('mem_a', 'ana@example.com', 'owner'), sampleTrail('trl_1'))
    const leave = (id: string) => store.removeMember({ id, atMs: 7, keepKeys: false }, sampleTrail(`trl_${id}`))
    await assert.rejects(leave('mem_a'), { code: 'conflict', message: /only owner/ })
    await assert.rejects(store.setMemberRole({ id: 'mem_a', role: 'viewer', atMs: 9 }, sampleTrail('trl_2')), {
      code: 'conflict',
    })
    await store.addMember(member('mem_b', 'bo@example.com', 'owner'), sampleTrail('trl_3'))
    const both = await Promise.allSettled([leave('mem_a'), leave('mem_b')])
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal((await store.members(page)).length, 1)
  })
}

const organisationContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: an organisation takes another name that nobody has`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const renamed = await store.renameOrganisation({ id: organisation, name: 'New' }, sampleTrail('trl_1'))
    assert.deepEqual([renamed?.id, renamed?.name], [organisation, 'New'])
    assert.equal(await store.renameOrganisation({ id: 'org_none', name: 'Other' }, sampleTrail('trl_2')), null)
    assert.equal((await store.trail(page)).length, 2)
  })
}

/** Registers the tests that every backend passes as keeper of organisations, projects and members. */
export const peopleContract = (backend: OpenBackend): void => {
  organisationContract(backend)
  projectContract(backend)
  memberContract(backend)
}
