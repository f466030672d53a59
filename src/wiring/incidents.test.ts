import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { cookieName, tokenOf } from '#identity/cookie.ts'
import { tokenDigest } from '#identity/session.ts'
import { sampleFirst } from '#store/sample-rows.ts'
import { linkIn, openBrowser } from './test-browser.ts'
import { openDesk } from './test-desk.ts'

const password = 'correct horse battery'
const ana = 'ana@example.com'

const open = async (context: TestContext) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3 })
  const browser = openBrowser(desk)
  await browser.ask('POST', '/sign-up', { email: ana, password, organisation: 'Ana Ltd' })
  await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  return { desk, browser }
}

test('LiteLLM CVE-2026-42208: what stands in a credential is looked up by its digest, and is no SQL', async (context) => {
  const { desk, browser } = await open(context)
  for (const value of ["' or '1'='1", 'x'.repeat(43), `${'x'.repeat(42)}'`, '%', '__Host-drover', ''])
    assert.equal(
      (await openBrowser(desk).saying({ cookie: `__Host-drover=${value}` })('GET', '/session')).code,
      'signed_out',
    )
  for (const email of ["ana@example.com'or'1'='1.x", 'a%@example.com', '_na@example.com'])
    assert.equal((await openBrowser(desk).ask('POST', '/session', { email, password })).status, 401, email)
  assert.equal((await browser.ask('GET', '/session')).status, 200)
})

test('LiteLLM CVE-2026-35030: a token that begins as another does is another', async (context) => {
  const { desk, browser } = await open(context)
  const token = browser.cookie()?.split('=')[1] ?? ''
  const near = token.slice(0, 42) + (token.endsWith('A') ? 'E' : 'A')
  assert.notEqual(tokenDigest(near), tokenDigest(token))
  assert.equal(
    (await openBrowser(desk).saying({ cookie: `__Host-drover=${near}` })('GET', '/session')).code,
    'signed_out',
  )
})

test('LiteLLM CVE-2026-49468: links in mails lead where the configuration says, whatever the request calls this server', async (context) => {
  const { desk } = await open(context)
  const lured = openBrowser(desk).saying({
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    forwarded: 'host=evil.example',
  })
  await lured('POST', '/password/forgotten', { email: ana })
  assert.match(desk.letters.at(-1)?.mail.text ?? '', /https:\/\/relay\.example\/reset#/)
  for (const { mail } of desk.letters) assert.ok(!mail.text.includes('evil'))
})

test('New API CVE-2026-64865: nobody writes what is not theirs by naming it', async (context) => {
  const { browser } = await open(context)
  for (const extra of [
    { role: 'owner' },
    { operator: true },
    { verified: true },
    { mail: 'x@example.com' },
    { balance: '1' },
  ])
    assert.equal((await browser.ask('PATCH', '/me', { name: 'Ana', ...extra })).code, 'invalid_request_error')
  const email = 'bo@example.com'
  const more = await browser.ask('POST', '/sign-up', { email, password, organisation: 'Bo', verified: true })
  assert.equal(more.code, 'invalid_request_error')
})

test('New API CVE-2026-64866: an admin of the server opens no door into its owner', async (context) => {
  const { desk } = await open(context)
  const { organisation, project, account, trail } = sampleFirst()
  await desk.store.createAccount({ organisation: { ...organisation, operator: true }, project, account }, trail)
  const person = await desk.store.person(ana)
  assert.ok(person !== null)
  const owner = { ...person, id: 'per_boss', mail: 'boss@example.com' }
  const member = { id: 'mem_boss', organisation: organisation.id, role: 'owner' } as const
  await desk.store.addPerson({ person: owner, session: null, token: null, member }, 1, { ...trail, id: 'trl_boss' })
  const admin = { name: 'key:key_admin', scopes: ['read', 'write', 'secrets'], role: 'admin' } as const
  for (const [command, input] of [
    ['people reset', { email: 'boss@example.com' }],
    ['people set-up', {}],
    ['people remove-totp', { email: 'boss@example.com' }],
    ['members role', { account: account.name, member: 'boss@example.com', role: 'viewer' }],
    ['members remove', { account: account.name, member: 'boss@example.com' }],
    ['members invite', { account: account.name, email: 'me@example.com', role: 'owner' }],
  ] as const)
    await assert.rejects(desk.with(admin, command, input), { code: 'permission_denied' }, command)
  assert.match(String((await desk.with(admin, 'people reset', { email: ana }))['link']), /reset#/)
})

test('OmniRoute #10103, Langflow CVE-2026-33017: without a credential nothing is read, checked or run', async (context) => {
  const { desk } = await open(context)
  const nobody = openBrowser(desk)
  for (const [method, path, body] of [
    ['GET', '/keys', undefined],
    ['POST', '/keys', { nonsense: true }],
    ['POST', '/apply', { file: '{{7*7}}' }],
    ['PATCH', '/session', { organisation: 'org_x' }],
  ] as const)
    assert.equal((await nobody.ask(method, path, body)).status, 401, path)
})

test('a session stays out of plain http between machines, and two cookies of one name are none', () => {
  const at = (origin: string, fromLoopback: boolean) => ({ origin, fromLoopback })
  assert.equal(cookieName(at('http://relay.example', false)), null)
  assert.equal(cookieName(at('http://127.0.0.1:4000', true)), 'drover')
  assert.equal(cookieName(at('https://relay.example', false)), '__Host-drover')
  const token = 'x'.repeat(43)
  const cookie = (text: string) => tokenOf({ ...at('https://relay.example', false), headers: { cookie: text } })
  assert.equal(cookie(`a=1; __Host-drover=${token}`), token)
  assert.equal(cookie(`drover=${token}`), null, 'planted by a subdomain')
  assert.equal(cookie(`__Host-drover=${token}; __Host-drover=${token}`), null)
})
