/** Signing in as a browser does it: the cookie that Chromium keeps, a passkey of its virtual authenticator. */

import { strict as assert } from 'node:assert'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { Relay } from '../../test/e2e/harness.ts'
import { startRelay } from '../../test/e2e/harness.ts'
import { openVisit, startBrowser } from './browser.ts'

type Told = { readonly status: number; readonly json: Readonly<Record<string, unknown>> }

/** From a page of the relay itself, with what the browser adds. */
const ask = (
  page: Page,
  asked: { readonly method: string; readonly path: string; readonly body?: object },
): Promise<Told> =>
  page.evaluate(async ({ method, path, body }) => {
    const init =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(`/api/v1${path}`, { method, ...init })
    return { status: response.status, json: await response.json() }
  }, asked)

const post = (page: Page, path: string, body: object): Promise<Told> => ask(page, { method: 'POST', path, body })
const show = (page: Page): Promise<Told> => ask(page, { method: 'GET', path: '/session' })

/** A page without a policy of its own, on the relay's origin. */
const quiet = '/api/v1/openapi.json'

const password = 'correct horse battery'
const boss = { email: 'boss@example.com', password }

describe('signing in with Chromium', () => {
  let relay: Relay
  let browser: Browser
  before(async () => {
    ;[relay, browser] = await Promise.all([startRelay({ ownKeys: true }), startBrowser()])
  })
  after(async () => {
    await browser.close()
    await relay.stop()
  })

  const visit = async (host: string): Promise<Page> => {
    const { page } = await openVisit(browser, `http://${host}:${relay.port}`)
    await page.goto(quiet)
    return page
  }

  test('the set-up link of the first start makes an owner; the cookie is kept on loopback and hidden from scripts', async () => {
    const token = /\/set-up#([\w-]{43})/.exec(relay.stderr())?.[1]
    const page = await visit('127.0.0.1')
    const made = await post(page, '/set-up', { token, ...boss })
    assert.deepEqual([made.status, made.json['operator'], made.json['role']], [200, true, 'owner'])
    assert.equal((await show(page)).status, 200)
    assert.equal(await page.evaluate(() => document.cookie), '')
    assert.equal((await post(page, '/set-up', { token, email: 'x@example.com', password })).status, 404)
    assert.equal((await ask(page, { method: 'DELETE', path: '/session' })).status, 200)
    assert.equal((await show(page)).status, 401)
  })

  test('a page on another port of this machine cannot act with the cookie', async (context) => {
    const page = await visit('127.0.0.1')
    assert.equal((await post(page, '/session', boss)).status, 200)
    const evil = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end('<p>evil</p>')
    })
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
    context.after(() => evil.close())
    const other = await page.context().newPage()
    await other.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`)
    const sent = await other.evaluate(
      async (url) =>
        (await fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"name":"stolen"}' })).type,
      `http://127.0.0.1:${relay.port}/api/v1/keys`,
    )
    assert.equal(sent, 'opaque')
    const { json } = await ask(page, { method: 'GET', path: '/keys' })
    assert.ok(!JSON.stringify(json).includes('stolen'))
  })

  test('an admin key is exchanged for a session of its role, which ends with it', async () => {
    const owner = await visit('127.0.0.1')
    await post(owner, '/session', boss)
    await post(owner, '/session/step-up', { action: 'keys create', password })
    const made = await post(owner, '/keys', { name: 'desk', admin: true, role: 'viewer' })
    const page = await visit('127.0.0.1')
    const told = await post(page, '/session', { admin_key: made.json['key'] })
    assert.deepEqual([told.status, told.json['person'], told.json['role']], [200, null, 'viewer'])
    assert.equal((await ask(page, { method: 'GET', path: '/keys' })).status, 200)
    assert.equal((await post(page, '/keys', { name: 'x' })).status, 403)
    const bound = await post(owner, '/session/step-up', { action: 'keys create', password })
    assert.equal(bound.status, 200)
    const elsewhere = { name: 'bound', admin: true, addresses: ['192.0.2.7'] }
    const { json: far } = await post(owner, '/keys', elsewhere)
    assert.equal((await post(page, '/session', { admin_key: far['key'] })).status, 403)
    await ask(owner, { method: 'DELETE', path: `/keys/${made.json['id']}` })
    assert.equal((await show(page)).status, 401)
  })

  test('a passkey of the browser is added, and signs in by itself', async () => {
    const page = await visit('localhost')
    const session = await page.context().newCDPSession(page)
    await session.send('WebAuthn.enable')
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    assert.equal((await post(page, '/session', boss)).status, 200)
    assert.equal((await post(page, '/session/step-up', { action: 'passkeys begin', password })).status, 200)
    const begun = await post(page, '/passkeys/begin', {})
    const response = await page.evaluate(async (options) => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as never)
      return ((await navigator.credentials.create({ publicKey })) as PublicKeyCredential).toJSON()
    }, begun.json['options'])
    const added = await post(page, '/passkeys', { ticket: begun.json['ticket'], name: 'laptop', response })
    assert.equal(added.status, 200, JSON.stringify(added.json))
    await ask(page, { method: 'DELETE', path: '/session' })
    const asked = await post(page, '/session/passkey/begin', {})
    const answer = await page.evaluate(async (options) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as never)
      return ((await navigator.credentials.get({ publicKey })) as PublicKeyCredential).toJSON()
    }, asked.json['options'])
    const told = await post(page, '/session/passkey', { ticket: asked.json['ticket'], response: answer })
    assert.deepEqual([told.status, told.json['method'], told.json['operator']], [200, 'passkey', true])
    assert.equal((await show(page)).status, 200)
  })
})
