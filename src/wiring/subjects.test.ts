/** What is kept of a customer, handed out and taken away: by the operations, over a real store. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleFirst } from '#store/sample-rows.ts'
import { linkIn, openBrowser } from './test-browser.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const password = 'correct horse battery'

type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

test('a customer is erased when its account is closed and the id is said twice; keys end, and the books are as they were', async (context) => {
  const { run, told, store, ports, clock } = await openDesk(context)
  const { data } = (await run('organisations list')) as { data: readonly { id: string; name: string }[] }
  const id = data.find(({ name }) => name === 'acme')?.id ?? assert.fail('acme is not there')
  await run('credits grant', { account: 'acme', usd: '5.00' })
  const { id: key } = await run('keys create', { name: 'shop of Anna', account: 'acme' })
  const file = (await run('organisations export', { organisation: id }))['file'] as Rows
  assert.deepEqual(
    file['keys']?.map(({ name }) => name),
    ['shop of Anna'],
  )
  const erase = (confirm: string) => run('organisations erase', { organisation: id, confirm })
  await assert.rejects(erase('acme'), /cannot be undone/)
  await assert.rejects(erase(id), /not closed/)
  await run('accounts close', { account: 'acme' })
  const account = String(file['account']?.[0]?.['id'])
  const balance: typeof store.balance = async (of, nowMs) => {
    const row = await store.balance(of, nowMs)
    return row === null ? null : { ...row, heldNanoUsd: 1n }
  }
  Object.assign(ports, { store: { ...store, balance } })
  await assert.rejects(erase(id), { code: 'conflict', message: /holds money/ })
  Object.assign(ports, { store })
  const none = {
    project: null,
    member: null,
    credential: null,
    purpose: null,
    work: null,
    expiresMs: null,
    nextMs: null,
  }
  const named = { id: 'batch_1', upstreamId: 'batch_1', holder: account, organisation: id, account, key: String(key) }
  const batch = { kind: 'batch', form: 'openai', provider: 'openai', document: '{}', state: 'open' } as const
  await store.keepBinding({ ...none, ...named, ...batch, test: false, createdMs: clock.nowMs() })
  await assert.rejects(erase(id), { code: 'conflict', message: /'batch_1'/ })
  await store.changeBinding({ id: 'batch_1', holder: account }, { state: 'ended' })
  const books = await store.verifyBooks(clock.nowMs())
  const erased = await erase(id)
  assert.deepEqual([erased['keys'], erased['calls']], [1, 0])
  assert.equal(told.at(-1)?.id, key)
  assert.equal(told.at(-1)?.revokedMs, clock.nowMs())
  assert.deepEqual(await store.verifyBooks(clock.nowMs()), books)
  const after = (await run('organisations export', { organisation: id }))['file'] as Rows
  assert.ok(!/acme|Anna/.test(JSON.stringify(after)), JSON.stringify(after))
})

const signedUp = async (desk: Desk, email: string) => {
  const browser = openBrowser(desk)
  await browser.ask('POST', '/sign-up', { email, password, organisation: `Shop of ${email}` })
  await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  const person = (await desk.store.person(email)) ?? assert.fail('nobody signed up')
  const [mine] = await desk.store.memberships(person.id)
  return { browser, person, mine: mine ?? assert.fail('a member of nothing') }
}

test('of a person who is erased no address is left: whether they had closed before or not, in memberships and in sign-ups', async (context) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3 })
  const open = await signedUp(desk, 'ana@ana.example')
  const closed = await signedUp(desk, 'bo@bo.example')
  for (const { mine } of [open, closed]) await desk.run('accounts close', { account: mine.account })
  await closed.browser.ask('POST', '/session/step-up', { action: 'me close', password })
  assert.equal((await closed.browser.ask('POST', '/me/close', { email: 'bo@bo.example' })).status, 200)
  const before = await desk.store.signups({ limit: 10, after: null })
  assert.ok(before.every(({ address, domain }) => address !== null && domain !== ''))
  for (const { person, mine } of [open, closed]) {
    await desk.run('people erase', { person: person.id, confirm: person.id })
    assert.equal((await desk.store.member(mine.organisation, mine.member))?.mail, null)
  }
  const after = await desk.store.signups({ limit: 10, after: null })
  const gone = { domain: '', address: null, fingerprint: null }
  const left = before.map((row) => ({ ...row, ...gone }))
  assert.deepEqual(after, left, 'but for the digest of the mailbox, which has had its credit')
})

test('an admin erases no owner of those who run this server, and an owner does', async (context) => {
  const desk = await openDesk(context)
  const { organisation, project, account: books, trail } = sampleFirst()
  const rows = { organisation: { ...organisation, operator: true }, project, account: books }
  await desk.store.createAccount(rows, trail)
  const account = books.id
  for (const email of ['ana@example.com', 'bo@example.com']) {
    await desk.run('members invite', { account, email, role: 'owner' })
    await openBrowser(desk).ask('POST', '/invitation', { token: linkIn(desk), password })
  }
  const { id } = (await desk.store.person('ana@example.com')) ?? assert.fail('ana did not come')
  const actor = (role: 'admin' | 'owner') =>
    ({ name: 'key:key_x', scopes: ['read', 'write', 'secrets'], role }) as const
  const erase = (role: 'admin' | 'owner') => desk.with(actor(role), 'people erase', { person: id, confirm: id })
  await assert.rejects(erase('admin'), { code: 'permission_denied' })
  assert.notEqual(await desk.store.person(id), null)
  assert.deepEqual(await erase('owner'), { erased: id })
})

test('what is kept of somebody is read by those who answer for it, and erased by owners and admins', async (context) => {
  const { with: as, run } = await openDesk(context)
  const { data } = (await run('organisations list')) as { data: readonly { id: string }[] }
  const organisation = data[0]?.id
  const actor = (role: 'viewer' | 'developer' | 'billing' | 'auditor') => ({
    name: 'key:key_x',
    scopes: ['read', 'write', 'secrets'] as const,
    role,
  })
  for (const role of ['viewer', 'developer', 'billing'] as const)
    await assert.rejects(as(actor(role), 'organisations export', { organisation }), { code: 'permission_denied' })
  await as(actor('auditor'), 'organisations export', { organisation })
  for (const role of ['viewer', 'developer', 'billing', 'auditor'] as const)
    await assert.rejects(as(actor(role), 'organisations erase', { organisation, confirm: 'x' }), {
      code: 'permission_denied',
    })
  await assert.rejects(run('people export', { person: 'nobody@example.com' }), { code: 'not_found' })
})

test('receipts are signed by the newest key, and a rotation is in the trail', async (context) => {
  const { run, store } = await openDesk(context)
  const next = await run('receipt rotate')
  const { keys } = (await run('receipt keys')) as { keys: readonly { kid: string; retired: string | null }[] }
  assert.deepEqual(keys[0], { ...keys[0], kid: next['kid'], retired: null })
  const trail = await store.trail({ limit: 100, after: null })
  assert.deepEqual([trail.at(-1)?.operation, trail.at(-1)?.object], ['receipt.rotate', next['kid']])
  await assert.rejects(run('receipt show', { id: 'call_none' }), { code: 'not_found' })
})
