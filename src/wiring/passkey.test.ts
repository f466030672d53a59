import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { makeAuthenticator } from '#identity/test-authenticator.ts'
import type { Browser } from './test-browser.ts'
import { linkIn, openBrowser, origin } from './test-browser.ts'
import { openDesk } from './test-desk.ts'

const password = 'correct horse battery'
const site = 'relay.example'

type Options = { readonly challenge: string; readonly user: { readonly id: string } }

const begun = async (browser: Browser, path: string) => {
  const told = await browser.ask('POST', path, {})
  assert.equal(told.status, 200, JSON.stringify(told.json))
  return { ticket: told.json['ticket'], options: told.json['options'] as Options }
}

const open = async (context: TestContext) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3 })
  const browser = openBrowser(desk)
  await browser.ask('POST', '/sign-up', { email: 'ana@example.com', password, organisation: 'Ana Ltd' })
  await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  const device = makeAuthenticator()
  const add = async () => {
    await browser.ask('POST', '/session/step-up', { action: 'passkeys begin', password })
    const { ticket, options } = await begun(browser, '/passkeys/begin')
    const response = device.make({ origin, site, challenge: options.challenge }, options.user.id)
    return browser.ask('POST', '/passkeys', { ticket, name: 'laptop', response })
  }
  return { desk, browser, device, add }
}

test('a passkey is added by whoever steps up, and signs in without anything else', async (context) => {
  const { desk, browser, device, add } = await open(context)
  assert.equal((await browser.ask('POST', '/passkeys/begin', {})).code, 'step_up_required')
  assert.equal((await add()).status, 200)
  assert.equal((await add()).code, 'conflict', 'the same once more')
  const fresh = openBrowser(desk)
  const { ticket, options } = await begun(fresh, '/session/passkey/begin')
  const response = device.use({ origin, site, challenge: options.challenge })
  const told = await fresh.ask('POST', '/session/passkey', { ticket, response })
  assert.deepEqual([told.status, told.json['method'], told.json['role']], [200, 'passkey', 'owner'])
  assert.equal((await openBrowser(desk).ask('POST', '/session/passkey', { ticket, response })).code, 'not_found')
  const proof = await begun(fresh, '/session/passkey/begin')
  const passkey = {
    ticket: proof.ticket,
    response: device.use({ origin, site, challenge: proof.options.challenge }),
  }
  assert.equal((await fresh.ask('POST', '/session/step-up', { action: 'members invite', passkey })).status, 200)
  assert.equal((await fresh.ask('POST', '/members/invitations', { email: 'bo@example.com' })).status, 200)
})

test('an answer to another challenge, from another site, without a finger, or of a copied device lets nobody in', async (context) => {
  const { desk, device, add } = await open(context)
  await add()
  const attempt = async (changes: object) => {
    const fresh = openBrowser(desk, `198.51.${Math.floor(desk.clock.nowMs() / 1000) % 200}.1`)
    const { ticket, options } = await begun(fresh, '/session/passkey/begin')
    const response = device.use({ origin, site, challenge: options.challenge, ...changes })
    return (await fresh.ask('POST', '/session/passkey', { ticket, response })).code
  }
  assert.equal(await attempt({ challenge: 'c3RvbGVu' }), 'invalid_credentials')
  assert.equal(await attempt({ origin: 'https://evil.example' }), 'invalid_credentials')
  assert.equal(await attempt({ site: 'evil.example' }), 'invalid_credentials')
  assert.equal(await attempt({ verified: false }), 'invalid_credentials')
  assert.equal(await attempt({}), undefined)
  device.goBack()
  assert.equal(await attempt({}), 'invalid_credentials')
})

test('a passkey of somebody else is no proof, and nobody removes it but its person (New API CVE-2026-64866)', async (context) => {
  const { desk, browser, device, add } = await open(context)
  const made = await add()
  const bo = openBrowser(desk)
  await bo.ask('POST', '/sign-up', { email: 'bo@example.com', password, organisation: 'Bo Ltd' })
  await bo.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  const proof = await begun(bo, '/session/passkey/begin')
  const passkey = { ticket: proof.ticket, response: device.use({ origin, site, challenge: proof.options.challenge }) }
  assert.equal((await bo.ask('POST', '/session/step-up', { action: 'me close', passkey })).code, 'invalid_credentials')
  await bo.ask('POST', '/session/step-up', { action: 'passkeys remove', password })
  assert.equal((await bo.ask('DELETE', `/passkeys/${made.json['id']}`)).code, 'not_found')
  assert.equal(((await browser.ask('GET', '/passkeys')).json['data'] as unknown[]).length, 1)
})
