import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { makeSetUpToken } from '#admin/set-up.ts'
import { sampleFirst } from '#store/sample-rows.ts'
import type { Browser } from './test-browser.ts'
import { linkIn, openBrowser } from './test-browser.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const password = 'correct horse battery'

const signedUp = async (desk: Desk, email: string, organisation: string): Promise<Browser> => {
  const browser = openBrowser(desk)
  await browser.ask('POST', '/sign-up', { email, password, organisation })
  const told = await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  assert.equal(told.status, 200)
  return browser
}

const open = async (context: TestContext) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3 })
  return { desk, owner: await signedUp(desk, 'ana@example.com', 'Ana Ltd') }
}

const proven = async (browser: Browser, action: string, ...asked: Parameters<Browser['ask']>) => {
  const told = await browser.ask('POST', '/session/step-up', { action, password })
  assert.equal(told.status, 200, JSON.stringify(told.json))
  return browser.ask(...asked)
}

const joined = async (desk: Desk, by: Browser, [email, role]: readonly [string, string]): Promise<Browser> => {
  const invited = await proven(by, 'members invite', 'POST', '/members/invitations', { email, role })
  assert.deepEqual([invited.status, invited.json['link']], [200, null])
  const browser = openBrowser(desk)
  const told = await browser.ask('POST', '/invitation', { token: linkIn(desk), password, name: role })
  assert.deepEqual([told.status, told.json['role']], [200, role])
  return browser
}

test('an invitation is for one address, taken once, and can be withdrawn', async (context) => {
  const { desk, owner } = await open(context)
  const bo = await joined(desk, owner, ['bo@example.com', 'developer'])
  const used = linkIn(desk)
  assert.equal((await openBrowser(desk).ask('POST', '/invitation', { token: used, password })).code, 'not_found')
  assert.equal((await bo.ask('GET', '/members')).status, 200)
  await proven(owner, 'members invite', 'POST', '/members/invitations', { email: 'cy@example.com' })
  const token = linkIn(desk)
  assert.deepEqual((await openBrowser(desk).ask('POST', '/invitation/show', { token })).json, {
    organisation: 'Ana Ltd',
    email: 'cy@example.com',
    role: 'developer',
    known: false,
  })
  assert.equal((await bo.ask('POST', '/invitation', { token })).code, 'conflict', 'somebody else is signed in')
  const [invitation] = (await owner.ask('GET', '/members/invitations')).json['data'] as { id: string }[]
  assert.equal((await owner.ask('DELETE', `/members/invitations/${invitation?.id}`)).status, 200)
  assert.equal((await openBrowser(desk).ask('POST', '/invitation', { token, password })).code, 'not_found')
})

test('who has an account joins with it, acts for either organisation, and finds only the one', async (context) => {
  const { desk, owner } = await open(context)
  const bo = await signedUp(desk, 'bo@example.com', 'Bo Ltd')
  await proven(owner, 'members invite', 'POST', '/members/invitations', { email: 'bo@example.com', role: 'viewer' })
  const token = linkIn(desk)
  const stranger = await openBrowser(desk).ask('POST', '/invitation', { token, password: 'taking it over' })
  assert.equal(stranger.code, 'conflict')
  const told = await bo.ask('POST', '/invitation', { token })
  const organisations = told.json['organisations'] as { id: string; name: string; role: string }[]
  assert.deepEqual(organisations.map(({ name, role }) => `${name} ${role}`).sort(), ['Ana Ltd viewer', 'Bo Ltd owner'])
  assert.equal(told.json['role'], 'owner')
  const there = organisations.find(({ name }) => name === 'Ana Ltd')?.id
  const moved = await bo.ask('PATCH', '/session', { organisation: there })
  assert.deepEqual([moved.json['role'], moved.json['organisation']], ['viewer', there])
  assert.equal((await bo.ask('POST', '/keys', { name: 'x' })).code, 'permission_denied')
  assert.equal((await bo.ask('PATCH', '/session', { organisation: 'org_elsewhere' })).code, 'not_found')
  const gone = await proven(owner, 'members remove', 'DELETE', '/members/bo@example.com')
  assert.equal(gone.status, 200)
  const back = await bo.ask('GET', '/session')
  const left = back.json['organisations'] as { id: string }[]
  assert.deepEqual([back.json['role'], back.json['organisation'], left.length], [null, null, 1])
  assert.equal((await bo.ask('POST', '/keys', { name: 'x' })).code, 'permission_denied', 'not for another of hers')
  assert.deepEqual((await bo.ask('GET', '/keys')).code, 'permission_denied')
  const home = await bo.ask('PATCH', '/session', { organisation: left[0]?.id })
  assert.deepEqual([home.json['role'], home.json['organisation']], ['owner', left[0]?.id])
})

test('nobody changes an equal or a higher rank, and the last owner stays (New API CVE-2026-64866)', async (context) => {
  const { desk, owner } = await open(context)
  const admin = await joined(desk, owner, ['ad@example.com', 'admin'])
  await joined(desk, owner, ['ad2@example.com', 'admin'])
  const developer = await joined(desk, owner, ['de@example.com', 'developer'])
  const role = (by: Browser, member: string, to: string) =>
    proven(by, 'members role', 'PATCH', `/members/${member}`, { role: to })
  const refused = async (told: Promise<{ readonly code: string | undefined }>) =>
    assert.equal((await told).code, 'permission_denied')
  await refused(role(admin, 'ana@example.com', 'viewer'))
  await refused(role(admin, 'ad2@example.com', 'viewer'))
  await refused(role(admin, 'de@example.com', 'admin'))
  await refused(role(admin, 'ad@example.com', 'owner'))
  await refused(role(developer, 'de@example.com', 'admin'))
  await refused(proven(admin, 'members remove', 'DELETE', '/members/ana@example.com'))
  await refused(
    proven(admin, 'members invite', 'POST', '/members/invitations', { email: 'x@example.com', role: 'owner' }),
  )
  assert.equal((await role(admin, 'de@example.com', 'billing')).status, 200)
  assert.equal((await developer.ask('GET', '/session')).json['role'], 'billing', 'in force at once')
  assert.equal((await role(admin, 'ad@example.com', 'viewer')).status, 200, 'oneself may step down')
  assert.equal((await role(owner, 'ana@example.com', 'viewer')).code, 'conflict', 'the last owner')
  const last = await proven(owner, 'members remove', 'DELETE', '/members/ana@example.com')
  assert.equal(last.code, 'conflict')
  assert.equal((await role(owner, 'ad2@example.com', 'owner')).status, 200)
  assert.equal((await role(owner, 'ana@example.com', 'viewer')).status, 200)
})

test('an address changes by a link to the new one, told to the old one; two people never have one', async (context) => {
  const { desk, owner } = await open(context)
  const other = await signedUp(desk, 'bo@example.com', 'Bo Ltd')
  const told = await proven(owner, 'me change-email', 'POST', '/me/email', { email: 'new@example.com' })
  assert.deepEqual(told.json, { state: 'mail_sent' })
  const [old, fresh] = desk.letters.slice(-2)
  assert.deepEqual([old?.addresses, fresh?.addresses], [['ana@example.com'], ['new@example.com']])
  assert.ok(!old?.mail.text.includes('#'))
  assert.match(fresh?.mail.text ?? '', /the new mail address of ana@example\.com/)
  const token = linkIn(desk)
  const elsewhere = openBrowser(desk)
  await elsewhere.ask('POST', '/session', { email: 'ana@example.com', password })
  const confirm = (from: Browser) => from.ask('POST', '/me/email/confirm', { token })
  assert.equal((await confirm(openBrowser(desk))).code, 'signed_out', 'nobody is given an account by a link')
  assert.equal((await confirm(other)).code, 'signed_out', 'nor is somebody else')
  assert.deepEqual((await confirm(owner)).json, { email: 'new@example.com' })
  assert.equal((await confirm(owner)).code, 'not_found', 'used')
  const note = desk.letters.at(-1)
  assert.deepEqual(note?.addresses, ['ana@example.com'])
  assert.match(note?.mail.text ?? '', /new@example\.com/)
  assert.equal((await owner.ask('GET', '/session')).status, 200)
  assert.equal((await elsewhere.ask('GET', '/session')).code, 'signed_out')
  const [member] = (await owner.ask('GET', '/members')).json['data'] as { mail: string }[]
  assert.equal(member?.mail, 'new@example.com')
  await proven(owner, 'me change-email', 'POST', '/me/email', { email: 'bo@example.com' })
  assert.equal((await owner.ask('POST', '/me/email/confirm', { token: linkIn(desk) })).code, 'conflict')
  await proven(owner, 'me change-email', 'POST', '/me/email', { email: 'late@example.com' })
  desk.clock.advance(3_600_001)
  assert.equal((await owner.ask('POST', '/me/email/confirm', { token: linkIn(desk) })).code, 'not_found', 'over')
})

test('who goes signs in no more; the only owner of an open account stays', async (context) => {
  const { desk, owner } = await open(context)
  const bo = await joined(desk, owner, ['bo@example.com', 'owner'])
  assert.equal(
    (await proven(owner, 'me close', 'POST', '/me/close', { email: 'wrong@example.com' })).code,
    'invalid_request_error',
  )
  const made = await owner.ask('POST', '/keys', { name: 'app' })
  const admin = await proven(owner, 'keys create', 'POST', '/keys', { name: 'tool', admin: true })
  const actor = { name: `key:${admin.json['id']}`, scopes: ['read', 'write', 'secrets'] } as const
  const third = await desk.with(actor, 'keys create', { name: 'by the tool', account: 'Ana Ltd' })
  const given = { name: 'for bo', admin: true, role: 'admin', member: 'bo@example.com' }
  const shared = await proven(owner, 'keys create', 'POST', '/keys', given)
  const both = { name: `key:${shared.json['id']}`, scopes: ['read', 'write', 'secrets'] } as const
  const unclear = desk.with(both, 'keys create', { name: 'of either', account: 'Ana Ltd' })
  await assert.rejects(unclear, { code: 'permission_denied', message: /both know it/ })
  const overlap = '0s'
  const his = await proven(bo, 'keys rotate', 'POST', `/keys/${shared.json['id']}/rotate`, { overlap })
  const alone = { ...both, name: `key:${his.json['id']}` }
  const fourth = await desk.with(alone, 'keys create', { name: 'of bo', account: 'Ana Ltd' })
  assert.equal(
    (await desk.store.key(String(fourth['id'])))?.maker,
    (await desk.store.key(String(his.json['id'])))?.member,
  )
  const other = await bo.ask('POST', '/keys', { name: 'his' })
  const rotated = await bo.ask('POST', `/keys/${made.json['id']}/rotate`, { overlap: '24h' })
  const closed = await proven(owner, 'me close', 'POST', '/me/close', { email: 'ana@example.com' })
  assert.equal(closed.status, 200)
  const gone = [made, admin].map(({ json }) => String(json['id'])).concat(String(third['id']))
  assert.deepEqual([...(closed.json['revoked_keys'] as string[])].sort(), gone.sort())
  assert.deepEqual(
    desk.told
      .slice(-3)
      .map(({ id, revokedMs }) => [id, revokedMs])
      .sort(),
    gone.map((id) => [id, desk.clock.nowMs()]),
  )
  for (const { json } of [other, rotated]) assert.equal((await desk.store.key(String(json['id'])))?.revokedMs, null)
  assert.equal(owner.cookie(), null)
  const again = await openBrowser(desk).ask('POST', '/session', { email: 'ana@example.com', password })
  assert.equal(again.code, 'invalid_credentials')
  assert.equal((await proven(bo, 'me close', 'POST', '/me/close', { email: 'bo@example.com' })).code, 'conflict')
})

test('an owner renames the organisation and closes its account; an admin does not close it', async (context) => {
  const { desk, owner } = await open(context)
  const admin = await joined(desk, owner, ['ad@example.com', 'admin'])
  const { organisation } = (await owner.ask('GET', '/session')).json
  const told = await admin.ask('PATCH', `/organisations/${organisation}`, { name: 'Ana Inc' })
  assert.deepEqual(told.json, { id: organisation, name: 'Ana Inc' })
  assert.equal((await admin.ask('PATCH', `/organisations/${organisation}`, { name: 'acme' })).code, 'conflict')
  assert.equal((await proven(admin, 'accounts close', 'POST', '/accounts/default/close', {})).code, 'permission_denied')
  assert.equal((await owner.ask('POST', '/accounts/default/close', {})).code, 'step_up_required')
  const closed = await proven(owner, 'accounts close', 'POST', '/accounts/default/close', {})
  assert.deepEqual([closed.status, closed.json['state']], [200, 'closed'])
  assert.equal((await desk.run('credits balance', { account: 'acme' }))['state'], 'open')
  assert.equal((await proven(owner, 'me close', 'POST', '/me/close', { email: 'ana@example.com' })).status, 200)
})

test('the set-up link makes one owner of the server, once; there is no default password', async (context) => {
  const desk = await openDesk(context)
  const { ports, clock, store } = desk
  const ids = {
    next: sequence(),
    bytes: (size: number) => crypto.getRandomValues(new Uint8Array(size)),
    chance: () => 0,
  }
  const making = { ports, clock, ids, actor: { name: 'system', scopes: [] }, requestId: null }
  assert.equal(await makeSetUpToken(making), null)
  await store.createAccount(operatorRows(), sampleFirst().trail)
  const token = await makeSetUpToken(making)
  const make = (email: string) => {
    const browser = openBrowser(desk)
    return { browser, told: browser.ask('POST', '/set-up', { token, email, password }) }
  }
  const first = make('boss@example.com')
  const told = await first.told
  assert.deepEqual([told.status, told.json['operator'], told.json['role']], [200, true, 'owner'])
  assert.equal((await make('other@example.com').told).code, 'not_found')
  const accounts = (await first.browser.ask('GET', '/accounts')).json['data'] as unknown[]
  assert.equal(accounts.length, 2, 'whoever runs the server sees every account')
  clock.advance(30 * 60_000 + 1)
  assert.equal(
    (await first.browser.ask('GET', '/session')).code,
    'signed_out',
    'operators are asked again after 30 min',
  )
})

const sequence = () => {
  let count = 0
  return (prefix: string) => {
    count += 1
    return `${prefix}_${String(count).padStart(26, '0')}`
  }
}

const operatorRows = () => {
  const { organisation, project, account } = sampleFirst()
  return { organisation: { ...organisation, operator: true }, project, account }
}
